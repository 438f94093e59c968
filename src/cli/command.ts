import type { ArgsDef, ParsedArgs } from 'citty'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import type { ExitCode } from './exit-codes.ts'

/** What every command is given: checked configuration, and the log. */
export interface CommandContext {
  readonly config: Config
  readonly log: Log
}

/**
 * One command of `latchkey`, in a file of its own that is loaded only when the command is asked for.
 * `args` is in citty's form; unknown, repeated and valueless options are refused before `run`.
 */
export interface Command<Args extends ArgsDef = ArgsDef> {
  readonly name: string
  readonly description: string
  readonly args: Args
  /** Does the work; throws AppError for what a person can mend. */
  run(args: ParsedArgs<Args>, context: CommandContext): Promise<ExitCode>
}

/** Keeps the types of `args` for `run`; the table of commands needs only that `args` and `run` belong together. */
export function defineCommand<const Args extends ArgsDef>(command: Command<Args>): Command {
  return { ...command, run: (args, context) => command.run(args as ParsedArgs<Args>, context) }
}
