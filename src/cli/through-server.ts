import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import manifest from '../../package.json' with { type: 'json' }
import { AppError, errorCode } from '../base/errors.ts'
import { holderSocket } from '../db/hold.ts'
import type { Config } from '../runtime/config.ts'
import { sha256 } from '../runtime/hash.ts'
import { type ClientFrame, MAX_FRAME_BYTES, parseFrame, readLines, serverFrame, writeFrame } from '../server/command-frames.ts'
import type { CommandIo } from '../server/command-request.ts'
import { EXIT } from './exit-codes.ts'

/** A command line as a server needs it to do the same as this process would. */
export interface TypedCommand {
  readonly argv: readonly string[]
  readonly cwd: string
  /** The environment variable that the command line names with --key-env; no other one is sent. */
  readonly keyVariable: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly io: CommandIo
}

/**
 * Does a command where it can be done: in the server that holds the data folder, or `here`.
 * @throws AppError server.other_version, server.gone
 */
export async function whereItCan(config: Config, typed: TypedCommand, here: () => Promise<number>): Promise<number> {
  const server = await findServer(config.dataDir)
  if (server) return doThere(server, config, typed)
  try {
    return await here()
  } catch (error) {
    const late = errorCode(error) === 'data.locked' ? await findServer(config.dataDir) : undefined // it started a moment ago
    if (!late) throw error
    return doThere(late, config, typed)
  }
}

interface Server {
  readonly socket: Socket
  readonly version: string | undefined
  /** The next line of what it says; undefined: the connection ended. */
  readonly next: () => Promise<string | undefined>
}

const HELLO_MS = 10_000
const holderSchema = z.object({ takesCommands: z.boolean() })

/** The server that holds the data folder and takes commands, if there is one. @throws AppError data.insecure */
async function findServer(dataDir: string): Promise<Server | undefined> {
  const path = holderSocket(dataDir)
  const socket = path === undefined ? undefined : await connected(path)
  if (!socket) return undefined
  const next = linesOf(socket)
  const late = setTimeout(() => socket.destroy(), HELLO_MS)
  try {
    const holder = parseFrame(holderSchema, (await next()) ?? '')
    if (holder?.takesCommands) {
      const frame = parseFrame(serverFrame, (await next()) ?? '')
      return { socket, next, version: frame && 'version' in frame ? frame.version : undefined }
    }
    socket.destroy()
    return undefined
  } finally {
    clearTimeout(late)
  }
}

/** @returns undefined when nobody listens there: no socket, or one that a killed process left. */
const connected = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => {
      socket.destroy()
      resolve(undefined)
    })
  })

function linesOf(socket: Socket): () => Promise<string | undefined> {
  const lines: string[] = []
  let over = false
  let waiting: ((line: string | undefined) => void) | undefined
  const wake = (): void => {
    if (!waiting || (lines.length === 0 && !over)) return
    const resolve = waiting
    waiting = undefined
    resolve(lines.shift())
  }
  readLines(socket, (line) => {
    lines.push(line)
    wake()
  })
  socket.once('close', () => {
    over = true
    wake()
  })
  return () =>
    new Promise((resolve) => {
      waiting = resolve
      wake()
    })
}

/** Sends the command, shows what it says, answers what it asks, passes Ctrl-C on. @returns its exit code. */
async function doThere({ socket, version, next }: Server, config: Config, typed: TypedCommand): Promise<number> {
  const { io } = typed
  const over = new AbortController()
  let question: AbortController | undefined
  let interrupts = 0
  const deafen = io.onInterrupt(() => {
    interrupts += 1
    if (interrupts > 2) socket.destroy() // it does not answer: whoever waits here need not
    else writeFrame(socket, { interrupt: interrupts === 1 ? 1 : 2 })
    question?.abort(new Error('interrupted'))
  })
  const ask = async (text: string): Promise<void> => {
    question = new AbortController()
    try {
      writeFrame(socket, { answer: await io.ask(text, AbortSignal.any([question.signal, over.signal])) })
    } catch {
      // interrupted: the command there is told so, and wants no answer
    }
  }
  try {
    checkVersion(version)
    writeFrame(socket, runFrame(config, typed))
    for (;;) {
      const line = await next()
      const frame = line === undefined ? undefined : parseFrame(serverFrame, line)
      if (!frame && interrupts > 2) return EXIT.interrupted
      if (!frame) throw new AppError('server.gone', GONE)
      if ('out' in frame) io.out(frame.out)
      else if ('error' in frame) io.error(frame.error)
      else if ('ask' in frame) void ask(frame.ask)
      else if ('exit' in frame) return frame.exit
    }
  } finally {
    over.abort(new Error('over'))
    deafen()
    socket.destroy()
  }
}

const GONE = 'The server that was doing this ended before it was done. What is done is kept: start the same command again.'

function checkVersion(version: string | undefined): void {
  if (version === manifest.version) return
  throw new AppError(
    'server.other_version',
    `The server that holds the data folder is Latchkey ${version ?? 'of an unknown version'}, and this command is ${manifest.version}. Start the server again from here, or stop it.`,
  )
}

function runFrame({ databaseUrl }: Config, { argv, cwd, keyVariable, environment, io }: TypedCommand): ClientFrame {
  const key = keyVariable === undefined ? undefined : environment[keyVariable]
  const frame: ClientFrame = {
    run: {
      argv: [...argv],
      cwd,
      environment: keyVariable === undefined || key === undefined ? {} : { [keyVariable]: key },
      ...(databaseUrl === undefined ? {} : { database: sha256(databaseUrl) }),
      terminal: { input: io.inputIsTerminal, error: io.errorIsTerminal, columns: Math.max(1, io.columns) },
    },
  }
  if (Buffer.byteLength(JSON.stringify(frame)) <= MAX_FRAME_BYTES) return frame
  throw new AppError('command.invalid', 'The command line is too long for the server that holds the data folder. Shorten it.')
}
