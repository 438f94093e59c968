import type { ArgsDef, ParsedArgs } from 'citty'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import type { CommandRequest, RunCommand } from '../server/command-request.ts'
import type { ExitCode } from './exit-codes.ts'

/**
 * All that a command has of the world: the terminal, the folder and the key variable of the person who typed it, and services.
 * Nothing of `process`: the command may run in a server, for a client at its socket.
 */
export interface CommandContext extends Omit<CommandRequest, 'argv'> {
  readonly config: Config
  readonly log: Log
  /** For the command that starts a server: does the commands of its clients. */
  readonly runCommand: RunCommand
}

/**
 * One command of `latchkey`, in a file of its own that is loaded only when the command is asked for.
 * `args` is in citty's form; unknown, repeated and valueless options are refused before `run`.
 */
export interface Command<Args extends ArgsDef = ArgsDef> {
  readonly name: string
  readonly description: string
  readonly args: Args
  /** It is about a process of its own: never done by a server for a client. */
  readonly isLocal?: boolean
  /** Does the work; throws AppError for what a person can mend. */
  run(args: ParsedArgs<Args>, context: CommandContext): Promise<ExitCode>
}

/** Keeps the types of `args` for `run`; the table of commands needs only that `args` and `run` belong together. */
export function defineCommand<const Args extends ArgsDef>(command: Command<Args>): Command {
  return { ...command, run: (args, context) => command.run(args as ParsedArgs<Args>, context) }
}
