import { type ChildProcess, fork } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { dirname, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { AppError, type ErrorCode, ERROR_STATUS } from '../../base/errors.ts'
import { unreadable } from '../formats/file-errors.ts'
import { type FromParser, LIMITS, type ToParser } from './protocol.ts'

/** A file being taken apart in a process of its own. */
export interface Parser {
  /** Sends a message and waits for the answer. @throws AppError file.refused at a limit, and what the parser answers with */
  ask(message: ToParser): Promise<FromParser>
  /** What it writes. */
  readonly output: Readable
  /** Ends it at once; whoever waits for an answer hears `reason`. */
  stop(reason: unknown): void
}

/**
 * Runs `work` with a process that parses one file, and ends the process with it, whatever happens (OUT-6):
 *
 * - It gets the file as an open descriptor and no path, no environment, and no right to read anything but Latchkey's own code, to
 *   write, or to start processes (Node's permission model, which keeps honest code from straying and is no wall against machine code).
 * - Memory: V8's heap is limited everywhere; the whole process is watched by itself, and on Linux from outside as well, which a
 *   parser that is busy in one long step does not escape.
 * - Time: counted while an answer is awaited, so not while an import stores what it got.
 * - The server goes first where both want the processor.
 * - It dies with this process: when the connection between the two ends, it ends itself.
 *
 * So many run at the same time as `MOST_AT_ONCE`; others wait for their turn.
 */
export async function withParser<T>(
  path: string,
  { signal, workMs = LIMITS.workMs }: { signal?: AbortSignal | undefined; workMs?: number },
  work: (parser: Parser) => Promise<T>,
): Promise<T> {
  const release = await takeTurn(signal)
  try {
    const running = await start(path, workMs)
    const stop = (): void => running.parser.stop(signal!.reason)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      signal?.throwIfAborted()
      return await work(running.parser)
    } finally {
      signal?.removeEventListener('abort', stop)
      await running.close()
    }
  } finally {
    release()
  }
}

const MOST_AT_ONCE = 4
let busy = 0
const queue: (() => void)[] = []

async function takeTurn(signal: AbortSignal | undefined): Promise<() => void> {
  signal?.throwIfAborted()
  if (busy < MOST_AT_ONCE) busy += 1
  else {
    await new Promise<void>((resolve, reject) => {
      const taken = (): void => {
        signal?.removeEventListener('abort', left)
        resolve()
      }
      const left = (): void => {
        queue.splice(queue.indexOf(taken), 1)
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', left, { once: true })
      queue.push(taken)
    })
  }
  return () => {
    const next = queue.shift()
    if (next) next()
    else busy -= 1
  }
}

const WORKER = fileURLToPath(new URL('parser-worker.ts', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../../package.json', import.meta.url))
/** Where Node looks for them: a link to that folder in some installations. */
const PACKAGES_LINK = fileURLToPath(new URL('../../../node_modules/', import.meta.url))
const HEAP_MEBIBYTES = 320

/** Where this installation's packages really are. */
function packagesFolder(): string {
  const one = createRequire(import.meta.url).resolve('saxes')
  return one.slice(0, one.lastIndexOf(`node_modules${sep}`) + `node_modules${sep}`.length)
}

const allowed = (path: string): string => `--allow-fs-read=${path}`

async function start(path: string, workMs: number): Promise<{ parser: Parser; close: () => Promise<void> }> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  let child: ChildProcess
  try {
    child = fork(WORKER, [], {
      cwd: dirname(WORKER),
      env: process.env['SystemRoot'] === undefined ? {} : { SystemRoot: process.env['SystemRoot'] }, // without it Windows starts nothing
      execArgv: [
        '--permission',
        allowed(SOURCE),
        allowed(packagesFolder()),
        allowed(PACKAGES_LINK),
        allowed(PACKAGE),
        `--max-old-space-size=${HEAP_MEBIBYTES}`,
        '--disable-warning=ExperimentalWarning',
      ],
      stdio: [file.fd, 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    })
  } finally {
    await file.close() // the child has its own
  }
  yieldToOthers(child)
  return follow(path, child, workMs)
}

/** A third of what the server gets where both want the processor: its time is limited, and it shall not starve on a busy machine. */
const NICENESS = 5

/** Requests go before files. Threads that it starts from now on are as low as it is. */
function yieldToOthers({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS)
  } catch {
    // it is gone already, or the system does not let us
  }
}

function follow(path: string, child: ChildProcess, workMs: number): { parser: Parser; close: () => Promise<void> } {
  const exited = Promise.withResolvers<void>()
  let waiting: { resolve: (answer: FromParser) => void; reject: (error: unknown) => void } | undefined
  const early: FromParser[] = []
  let failure: unknown
  let left = workMs
  let lastWords = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2_000)
  })

  const end = (reason: unknown): void => {
    failure ??= reason
    waiting?.reject(failure)
    waiting = undefined
    child.kill('SIGKILL')
  }
  child.on('error', (error) => {
    end(failed(path, error))
    exited.resolve()
  })
  child.on('exit', (code, signal) => {
    clearInterval(watch)
    const memory = /heap out of memory|allocation failed/i.test(lastWords) || code === 134 || code === 137 || signal === 'SIGABRT'
    end(memory ? tooMuchMemory(path) : failed(path, new Error(`its process ended with ${signal ?? code}: ${lastWords.slice(-500)}`)))
    exited.resolve()
  })
  child.on('message', (message) => {
    if (waiting) waiting.resolve(message as FromParser)
    else early.push(message as FromParser) // it works ahead, and may fail before it is asked for more
    waiting = undefined
  })
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      if (bytes > LIMITS.memoryBytes) end(tooMuchMemory(path))
    })
  }, WATCH_EVERY_MS)
  watch.unref()

  async function ask(message: ToParser): Promise<FromParser> {
    if (failure !== undefined) throw failure as Error
    const known = early.shift()
    if (known) return checked(path, known)
    const answered = Promise.withResolvers<FromParser>()
    waiting = answered
    const began = performance.now()
    const timer = setTimeout(() => end(tooMuchTime(path)), left)
    child.send(message, (error) => error && end(failure ?? failed(path, error)))
    try {
      return checked(path, await answered.promise)
    } finally {
      clearTimeout(timer)
      left = Math.max(1, left - (performance.now() - began))
    }
  }

  async function close(): Promise<void> {
    end(new AppError('call.interrupted', 'The file is no longer read.'))
    await exited.promise
  }

  return { parser: { ask, output: child.stdout!, stop: end }, close }
}

const WATCH_EVERY_MS = 100

/** Memory of a process that is really there; 0 where the system does not say. */
async function residentBytes(pid: number | undefined): Promise<number> {
  if (process.platform !== 'linux' || pid === undefined) return 0
  const pages = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  return Number(pages.split(' ')[1] ?? 0) * PAGE_BYTES || 0
}

const PAGE_BYTES = 4096 // less than the truth where pages are larger: the process watches itself there

/** @throws AppError with which the parser failed */
function checked(path: string, answer: FromParser): FromParser {
  if (answer.kind !== 'failed') return answer
  const { code, detail } = answer
  if (code !== null && Object.hasOwn(ERROR_STATUS, code)) throw new AppError(code as ErrorCode, detail)
  throw failed(path, new Error(detail))
}

const ADVICE = 'Save it as CSV (UTF-8), which is read as it comes and has no such limit, or divide it.'

const tooMuchMemory = (path: string): AppError =>
  new AppError('file.refused', `${path} needs more than ${LIMITS.memoryBytes >> 20} MiB of memory to be read. ${ADVICE}`)

const tooMuchTime = (path: string): AppError =>
  new AppError('file.refused', `${path} takes longer than ${LIMITS.workMs / 1000} seconds to be read. ${ADVICE}`)

const failed = (path: string, cause: unknown): AppError =>
  new AppError(
    'file.malformed',
    `${path} could not be taken apart. Open it in the program it comes from and save it again, or save it as CSV (UTF-8).`,
    { cause },
  )
