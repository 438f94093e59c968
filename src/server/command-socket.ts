import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { AppError } from '../base/errors.ts'
import { sha256 } from '../runtime/hash.ts'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import { clientFrame, parseFrame, readLines, type RunFrame, writeFrame } from './command-frames.ts'
import type { RunCommand } from './command-request.ts'
import { createInterrupts, createRemoteTerminal, secretsOf } from './remote-terminal.ts'
import { commandServices, type Services } from './services.ts'

/** The data folder's socket, as a server answers on it: command lines come in, and are done here. */
export interface CommandSocket {
  /** Takes a connection over, behind the holder's line. */
  readonly accept: (socket: Socket) => void
  /** From now on commands run; those that came before waited. */
  open(services: Services): void
  /** Asks the commands under way to end, cuts what does not, and lets every client know how its command ended. */
  close(): Promise<void>
}

const HELLO_MS = 10_000 // for a client to say what it wants
const PATIENCE_MS = 5_000 // at the end, for calls under way, and once more for what was cut

/**
 * Runs the commands of clients with the server's own services: the same function that runs them without a server. Nobody but
 * this machine's same user gets here (`db/hold.ts`).
 */
export function createCommandSocket({ run, config, log }: { run: RunCommand; config: Config; log: Log }): CommandSocket {
  const sessions = new Set<Session>()
  const opened = Promise.withResolvers<Services>()
  opened.promise.catch(() => undefined) // told to the commands that wait for it
  let closing = false

  return {
    accept(socket) {
      if (closing) {
        socket.destroy()
        return
      }
      const session = startSession(socket, { run, config, log, services: opened.promise })
      sessions.add(session)
      void session.ended.then(() => sessions.delete(session))
    },
    open: (services) => opened.resolve(services),
    async close() {
      closing = true
      opened.reject(new AppError('server.gone', 'The server could not start. Start the same command again.')) // unless it has
      const all = [...sessions]
      const ended = Promise.all(all.map((session) => session.ended))
      for (const session of all) session.stop(1)
      if (await within(PATIENCE_MS, ended)) return
      for (const session of all) session.stop(2)
      await within(PATIENCE_MS, ended)
      for (const session of all) session.cut()
    },
  }
}

async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false)
  const inTime = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return inTime
}

interface Session {
  /** The command is over and its client knows; or there never was one. */
  readonly ended: Promise<void>
  /** The server stops: 1 asks the command to end, 2 cuts what it waits for. */
  stop(times: 1 | 2): void
  cut(): void
}

interface SessionSetting {
  readonly run: RunCommand
  readonly config: Config
  readonly log: Log
  readonly services: Promise<Services>
}

const INTERRUPTED = 130 // 128 + SIGINT, as shells do

/** One connection: at most one command, from its first frame to its exit code. */
function startSession(socket: Socket, { run, config, log, services }: SessionSetting): Session {
  const interrupts = createInterrupts()
  const terminal = createRemoteTerminal(socket, interrupts)
  const ended = Promise.withResolvers<void>()
  let begun = false
  const hello = setTimeout(() => socket.destroy(), HELLO_MS)

  const begin = async ({ argv, cwd, environment, database, terminal: size }: RunFrame): Promise<void> => {
    const secrets = secretsOf(environment)
    const startedMs = performance.now()
    let exitCode = 1
    try {
      exitCode = await run({
        argv,
        cwd,
        io: terminal.io(size),
        takeSecret: secrets.take,
        openServices: async ({ privateHosts = [] }) => {
          if (database !== undefined) checkDatabase(database, config)
          return commandServices(await services, privateHosts)
        },
      })
    } catch (error) {
      log.error({ error }, 'a command that came through the socket broke')
    } finally {
      secrets.wipe()
      log.info({ durationMs: Math.round(performance.now() - startedMs) }, 'a command that came through the socket ended')
      terminal.end(exitCode)
      ended.resolve()
    }
  }

  const interrupt = (times: 1 | 2): void => {
    // As Ctrl-C ends a process that does not listen for it; what it is doing ends by itself, and nobody is told.
    if (!interrupts.raise(times)) terminal.end(INTERRUPTED)
  }

  writeFrame(socket, { version: manifest.version })
  readLines(socket, (line) => {
    const frame = parseFrame(clientFrame, line)
    if (!frame || 'run' in frame === begun) socket.destroy() // whoever speaks otherwise is no command line of ours
    else if ('run' in frame) {
      begun = true
      clearTimeout(hello)
      void begin(frame.run)
    } else if ('answer' in frame) terminal.answered(frame.answer)
    else interrupt(frame.interrupt)
  })
  socket.on('close', () => {
    clearTimeout(hello)
    interrupts.raise(1) // the client is gone, however it went; after its exit code nobody listens any more
    if (!begun) ended.resolve()
  })

  return {
    ended: ended.promise,
    stop(times) {
      if (!begun) {
        socket.destroy()
        return
      }
      if (times === 1) terminal.tell('\nThe server is stopping.\n')
      interrupt(times)
    },
    cut: () => socket.destroy(),
  }
}

/** A command line that was given another database would read and write in the wrong one here. @throws AppError config.invalid */
function checkDatabase(database: string, { databaseUrl }: Config): void {
  if (database === sha256(databaseUrl ?? '')) return
  throw new AppError(
    'config.invalid',
    'The server that holds this data folder works on another database than the DATABASE_URL of this command. Unset it here, or name another folder in LATCHKEY_DATA.',
  )
}
