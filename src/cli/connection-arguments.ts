import { AppError } from '../base/errors.ts'
import { defined } from '../base/json.ts'
import { providers } from '../providers/registry.ts'
import type { EnteredDestination } from './connect.ts'

/** The options that say which provider a command speaks to, as citty declares them. */
export const connectionArguments = {
  provider: { type: 'string', required: true, valueHint: 'ID', description: Object.keys(providers).join(', ') },
  'base-url': { type: 'string', valueHint: 'URL', description: 'Another address of the provider; a private host is allowed' },
  project: { type: 'string', valueHint: 'ID', description: 'The project that calls belong to (Vertex AI, OpenAI)' },
  region: { type: 'string', valueHint: 'NAME', description: 'Where requests are worked on (Vertex AI), such as europe-west4' },
  'api-version': { type: 'string', valueHint: 'DATE', description: 'A dated version of the interface (Azure OpenAI), such as 2024-10-21' },
  'key-env': {
    type: 'string',
    valueHint: 'VARIABLE',
    description: 'The environment variable that holds your key; sealed once, not needed again',
  },
} as const

/** What these options say of a destination. @throws AppError command.invalid for one without a value. */
export function enteredDestination(values: Readonly<Record<string, unknown>>): EnteredDestination {
  return defined<EnteredDestination>({
    baseUrl: textArgument(values, 'base-url'),
    project: textArgument(values, 'project'),
    region: textArgument(values, 'region'),
    apiVersion: textArgument(values, 'api-version'),
  })
}

/** An option's text. @throws AppError command.invalid for one without a value. */
export function textArgument(values: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '') throw new AppError('command.invalid', `--${name} needs a value.`)
  return value
}
