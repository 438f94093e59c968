import type { Secret } from '../base/secret.ts'
import type { Services } from './services.ts'

/** What a command has of the terminal it was typed at, be that this process's own or a client's at the socket. */
export interface CommandIo {
  readonly out: (text: string) => void
  readonly error: (text: string) => void
  /** Whether a person can answer a question: standard input is a terminal. */
  readonly inputIsTerminal: boolean
  /** Whether standard error is a terminal, which shows a bar that moves. */
  readonly errorIsTerminal: boolean
  /** Of the terminal that standard error is; lines are cut there. */
  readonly columns: number
  /** Asks for one line. The end of the input is an empty answer. @throws the signal's reason when it aborts */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string>
  /** Calls `listener` at each Ctrl-C or SIGTERM. Without a listener they end the command at once. @returns what takes it off again. */
  readonly onInterrupt: (listener: () => void) => () => void
}

/** Opens what a command works with; `close` gives back what was opened for it alone. */
export type OpenServices = (asked: { purpose: string; privateHosts?: readonly string[] }) => Promise<Services>

/** A command line that came through the socket, and what it may use. */
export interface CommandRequest {
  readonly argv: readonly string[]
  /** Of the person who typed it: paths are relative to it. */
  readonly cwd: string
  readonly io: CommandIo
  /** The key in the environment variable that the command line names; given once. */
  readonly takeSecret: (variable: string) => Secret | undefined
  readonly openServices: OpenServices
}

/** Does what a command line says, tells its errors on its terminal, and gives its exit code. */
export type RunCommand = (request: CommandRequest) => Promise<number>
