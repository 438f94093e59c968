import common from './common.fr.json' with { type: 'json' }
import errors from './errors.fr.json' with { type: 'json' }
import people from './people.fr.json' with { type: 'json' }
import shell from './shell.fr.json' with { type: 'json' }
import start from './start.fr.json' with { type: 'json' }

/** The texts of the first page, whichever it is; the other areas come with the first page that is not one of these. */
export const messages = { common, errors, people, shell, start }
