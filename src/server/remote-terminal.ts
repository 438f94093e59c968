import type { Socket } from 'node:net'
import { Secret } from '../base/secret.ts'
import { piecesOf, type RunFrame, writeFrame } from './command-frames.ts'
import type { CommandIo } from './command-request.ts'

/** Ctrl-C from afar: counted, so that whoever begins to listen later hears of it too. */
export interface Interrupts {
  /** Lets listeners know until they have heard so many. @returns whether anyone listens. */
  raise(times: 1 | 2): boolean
  readonly listen: (listener: () => void) => () => void
}

export function createInterrupts(): Interrupts {
  const listeners = new Set<() => void>()
  let raised = 0
  return {
    raise(times) {
      for (; raised < times; raised += 1) for (const listener of listeners) listener()
      return listeners.size > 0
    },
    listen(listener) {
      listeners.add(listener)
      for (let heard = 0; heard < raised; heard += 1) listener()
      return () => void listeners.delete(listener)
    },
  }
}

/** The terminal of a client at the socket. */
export interface RemoteTerminal {
  io(terminal: RunFrame['terminal']): CommandIo
  /** Tells something on standard error that is not the command's own word. */
  tell(text: string): void
  /** The client's answer to the question that was asked. */
  answered(text: string): void
  /** Gives the exit code; nothing is said after it. */
  end(exitCode: number): void
}

/** A client that reads so much less than its command says is given up: its command is interrupted, not this server. */
const MOST_UNREAD_BYTES = 64 << 20

export function createRemoteTerminal(socket: Socket, interrupts: Interrupts): RemoteTerminal {
  let over = false
  let answer: ((text: string) => void) | undefined
  const say = (frame: (text: string) => Parameters<typeof writeFrame>[1], text: string): void => {
    if (over) return
    for (const piece of piecesOf(text)) writeFrame(socket, frame(piece))
    if (socket.writableLength > MOST_UNREAD_BYTES) socket.destroy()
  }
  const out = (text: string): void => say((piece) => ({ out: piece }), text)
  const error = (text: string): void => say((piece) => ({ error: piece }), text)
  return {
    io: ({ input, error: errorIsTerminal, columns }) => ({
      out,
      error,
      inputIsTerminal: input,
      errorIsTerminal,
      columns,
      ask: (question, signal) =>
        new Promise((resolve, reject) => {
          signal.throwIfAborted()
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
          answer = resolve
          if (!over) writeFrame(socket, { ask: question })
        }),
      onInterrupt: interrupts.listen,
    }),
    tell: error,
    answered: (text) => answer?.(text),
    end(exitCode) {
      if (over) return
      over = true
      writeFrame(socket, { exit: exitCode })
      socket.end()
    },
  }
}

/** Keys that came with a command line, each given once; what is left is wiped. */
export function secretsOf(environment: Record<string, string>): {
  readonly take: (variable: string) => Secret | undefined
  readonly wipe: () => void
} {
  const secrets = new Map<string, Secret>()
  for (const [variable, value] of Object.entries(environment)) {
    const secret = secretFrom(value)
    if (secret) secrets.set(variable, secret)
    delete environment[variable] // a string cannot be wiped, but it need not be kept
  }
  return {
    take(variable) {
      const secret = secrets.get(variable)
      secrets.delete(variable)
      return secret
    },
    wipe() {
      for (const secret of secrets.values()) secret.wipe()
      secrets.clear()
    },
  }
}

/** The value of a variable as a key; undefined: it is not set, or blank. */
export function secretFrom(value: string | undefined): Secret | undefined {
  if (value === undefined || value.trim() === '') return undefined
  const bytes = Buffer.alloc(Buffer.byteLength(value))
  bytes.write(value)
  return new Secret(bytes)
}
