import common from './common.en.json' with { type: 'json' }
import errors from './errors.en.json' with { type: 'json' }
import people from './people.en.json' with { type: 'json' }
import shell from './shell.en.json' with { type: 'json' }
import start from './start.en.json' with { type: 'json' }

/** The texts of the first page, whichever it is; the other areas come with the first page that is not one of these. */
export const messages = { common, errors, people, shell, start }
