import common from './common.ar.json' with { type: 'json' }
import errors from './errors.ar.json' with { type: 'json' }
import people from './people.ar.json' with { type: 'json' }
import shell from './shell.ar.json' with { type: 'json' }
import start from './start.ar.json' with { type: 'json' }

/** The texts of the first page, whichever it is; the other areas come with the first page that is not one of these. */
export const messages = { common, errors, people, shell, start }
