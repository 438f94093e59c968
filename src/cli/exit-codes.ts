import { errorCode, type ErrorCode } from '../base/errors.ts'

/** How a command ends, for scripts. In the README and in `latchkey --help`. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  badUsage: 2,
  capReached: 3,
  itemsFailed: 4,
  keyRefused: 5,
  interrupted: 130, // 128 + SIGINT, as shells do
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const EXIT_OF_ERROR: Partial<Record<ErrorCode, ExitCode>> = {
  'command.invalid': EXIT.badUsage,
  'config.invalid': EXIT.badUsage,
  'recipe.invalid': EXIT.badUsage,
  'provider.unknown': EXIT.badUsage,
  'destination.refused': EXIT.badUsage,
  'header.refused': EXIT.badUsage,
  'price.unknown': EXIT.badUsage,
  'provider.model_missing': EXIT.badUsage,
  'file.unreadable': EXIT.badUsage,
  'file.malformed': EXIT.badUsage,
  'file.unwritable': EXIT.badUsage,
  'budget.exceeded': EXIT.capReached,
  'key.invalid': EXIT.keyRefused,
  'key.missing': EXIT.keyRefused,
  'key.unreadable': EXIT.keyRefused,
  'connection.revoked': EXIT.keyRefused,
  'provider.bad_key': EXIT.keyRefused,
  'provider.no_permission': EXIT.keyRefused,
  'provider.no_credit': EXIT.keyRefused,
}

/** The exit code of a command that ended with this error. */
export function exitCodeOf(error: unknown): ExitCode {
  const code = errorCode(error)
  return (code && EXIT_OF_ERROR[code]) ?? EXIT.unexpected
}
