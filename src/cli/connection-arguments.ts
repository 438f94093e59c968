import { providers } from '../providers/registry.ts'

/** The options that say which provider a command speaks to, as citty declares them. */
export const connectionArguments = {
  provider: { type: 'string', required: true, valueHint: 'ID', description: Object.keys(providers).join(', ') },
  'base-url': { type: 'string', valueHint: 'URL', description: 'Another address of the provider; a private host is allowed' },
  'key-env': {
    type: 'string',
    valueHint: 'VARIABLE',
    description: 'The environment variable that holds your key; sealed once, not needed again',
  },
} as const
