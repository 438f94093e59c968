import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve as absolutePath } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { AppError } from '../base/errors.ts'
import { PGLITE_MAJOR, syncPath } from './pglite-settings.ts'
import type { Reply, Request } from './pglite-worker.ts'
import type { Engine, QueryConfig, QueryResult, RawResult, Session, Status, Value } from './session.ts'

/**
 * Opens the PGlite data folder `pgdata`, making it at the first start, in a worker thread of its own: a long query does
 * not stall this thread. PGlite is one session: transactions take turns, in the order in which they asked.
 * The caller holds the data folder (hold.ts); two processes on one folder would destroy it.
 */
export async function openPglite(pgdata: string): Promise<Engine> {
  const folder = absolutePath(pgdata)
  if (opened.has(folder)) throw new AppError('data.locked', `This process has the database in ${folder} open already.`)
  opened.add(folder)
  try {
    await makeDataFolder(folder)
    for (const flag of FLAGS) setFlagsFromString(flag)
    const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), {
      workerData: { pgdata: folder },
      name: 'pglite',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    worker.once('exit', () => opened.delete(folder))
    return createEngine(await connect(worker), worker)
  } catch (error) {
    opened.delete(folder)
    throw error
  }
}

const opened = new Set<string>()

/**
 * WebAssembly is compiled by V8's first compiler only: for one function of PostgreSQL, 100 KB long, the second takes
 * 600 MB of memory at every start, and its code saves no more than a twentieth of a run's time (docs/decisions/0004).
 */
const FLAGS = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']
/** Most of what the thread makes is dead at once; V8 would let 192 MB of it pile up, where ./latchkey does not say otherwise. */
const YOUNG_GENERATION_MB = 48

/** Messages to and from the worker. The worker keeps this process alive only while an answer is awaited. */
interface Line {
  ask(request: RequestBody): Promise<Answered>
  readonly failed: () => AppError | undefined
}
type RequestBody = { kind: 'close' } | { kind: 'run'; before?: string; statement?: { text: string; values: readonly Value[] } }
type Answered = Extract<Reply, { id: number }>

async function connect(worker: Worker): Promise<Line> {
  const pending = new Map<number, { resolve: (reply: Answered) => void; reject: (error: unknown) => void }>()
  const ready = Promise.withResolvers<void>()
  let lastId = 0
  let failure: AppError | undefined
  const fail = (reason: string): void => {
    const detail = 'The embedded database stopped. If the disk is full, free some space; then run the command again: it recovers by itself.'
    failure ??= new AppError('database.unavailable', detail, { cause: new Error(reason) })
    ready.reject(failure)
    for (const { reject } of pending.values()) reject(failure)
    pending.clear()
  }
  const take = (reply: Reply): void => {
    if (reply.kind === 'ready') return ready.resolve()
    if (reply.kind === 'fatal') return fail(reply.reason)
    pending.get(reply.id)?.resolve(reply)
    pending.delete(reply.id)
    if (pending.size === 0 && reply.kind !== 'closed') worker.unref()
  }
  worker.on('message', (replies: readonly Reply[]) => replies.forEach(take))
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
  worker.on('exit', (code) => fail(`its thread ended with code ${code}`))
  await ready.promise
  worker.unref()
  // A message to another thread costs more than most statements: what is asked in one turn goes in one.
  let outbox: Request[] = []
  const post = (): void => {
    const requests = outbox
    outbox = []
    worker.postMessage(requests)
  }
  return {
    failed: () => failure,
    ask(body) {
      if (failure) return Promise.reject(failure)
      if (pending.size === 0) worker.ref()
      const request: Request = { ...body, id: ++lastId }
      return new Promise((resolve, reject) => {
        pending.set(request.id, { resolve, reject })
        outbox.push(request)
        if (outbox.length === 1) process.nextTick(post) // after what this turn's promises still ask
      })
    },
  }
}

function createEngine(line: Line, worker: Worker): Engine {
  const waiting: (() => void)[] = []
  let busy = false
  let closing: Promise<void> | undefined
  const next = (): void => {
    const first = waiting.shift()
    if (first) first()
    else busy = false
  }
  const turn = async (): Promise<void> => {
    if (busy) await new Promise<void>((resolve) => waiting.push(resolve))
    busy = true
  }
  return {
    name: 'pglite',
    async acquire() {
      if (closing) throw new AppError('database.unavailable', 'The database is being closed.')
      await turn()
      const failure = line.failed()
      if (failure) {
        next()
        throw failure
      }
      return createSession(line, next)
    },
    close() {
      closing ??= turn().then(async () => {
        if (line.failed()) return
        const ended = new Promise((resolve) => worker.once('exit', resolve))
        await line.ask({ kind: 'close' })
        await ended
      })
      return closing
    },
  }
}

function createSession(line: Line, release: () => void): Session {
  return {
    release,
    async send(config, values, before) {
      const statement = { text: config.text, values: values.map(encodeValue) }
      const reply = await line.ask({ kind: 'run', statement, ...(before !== undefined && { before }) })
      const { result, status } = settled(reply)
      return { result: decodeResult(result, config), status }
    },
    async end(verb) {
      const answer = line.ask({ kind: 'run', before: verb })
      release() // the next transaction's first message may already follow; the worker keeps the order
      return settled(await answer).result.command
    },
  }
}

function settled(reply: Answered): { result: RawResult; status: Status } {
  if (reply.kind === 'result') return { result: reply.result, status: reply.status as Status }
  if (reply.kind === 'error') throw Object.assign(new Error(reply.error.message), reply.error)
  throw new Error('the worker closed')
}

function encodeValue(value: unknown): Value {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return encodeArray(value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return JSON.stringify(value)
}

/** PostgreSQL's array literal: {"a",NULL,{"b"}}. */
function encodeArray(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return 'NULL'
    if (Array.isArray(value)) return encodeArray(value)
    const encoded = encodeValue(value)!
    const text = typeof encoded === 'string' ? encoded : `\\x${Buffer.from(encoded).toString('hex')}`
    return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  })
  return `{${elements.join(',')}}`
}

/** Values as node-postgres gives them, so that both engines answer alike (int8 and numeric as text, json parsed ...). */
function decodeResult({ fields, rows, command, rowCount }: RawResult, { rowMode, types }: QueryConfig): QueryResult {
  const parsers = fields.map(({ dataTypeID }) => types?.getTypeParser(dataTypeID, 'text') ?? textParser(dataTypeID))
  const decode = (row: (string | null)[]): unknown[] => row.map((value, column) => (value === null ? null : parsers[column]!(value)))
  const decoded = rowMode === 'array' ? rows.map(decode) : rows.map((row) => toObject(fields, decode(row)))
  return { fields, rows: decoded, command, rowCount }
}

const textParser = (dataTypeID: number): ((value: string) => unknown) =>
  pg.types.getTypeParser(dataTypeID, 'text') as (value: string) => unknown

function toObject(fields: RawResult['fields'], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name }, column) => [name, values[column]]))
}

/** Makes the folder under another name first, so that a crash half-way leaves no folder that looks whole. */
async function makeDataFolder(pgdata: string): Promise<void> {
  removeUnfinished(pgdata)
  const versionFile = join(pgdata, 'PG_VERSION')
  if (existsSync(versionFile)) {
    const major = readFileSync(versionFile, 'utf8').trim()
    if (major === PGLITE_MAJOR) return
    const detail = `The data folder ${pgdata} was written by PostgreSQL ${major}; this version of Latchkey reads ${PGLITE_MAJOR}. Open it with the version that wrote it, or restore a backup into an empty folder.`
    throw new AppError('database.mismatch', detail)
  }
  if (existsSync(pgdata)) {
    throw new AppError(
      'database.mismatch',
      `The folder ${pgdata} is there, but is not a database. Move it away, or name another data folder.`,
    )
  }
  mkdirSync(dirname(pgdata), { recursive: true, mode: 0o700 })
  const unfinished = mkdtempSync(`${pgdata}.new-`) // a name of its own: the initdb of a process that was killed may still write to its own
  const script = fileURLToPath(new URL('./pglite-initdb.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [script, unfinished], { env: { TZ: 'UTC' } }).catch((error: unknown) => {
    throw new AppError(
      'database.unavailable',
      `The database could not be made in ${pgdata}. Is there room on the disk (100 MB), and may this user write there?`,
      {
        cause: error,
      },
    )
  })
  renameSync(unfinished, pgdata)
  syncPath(dirname(pgdata))
}

/** What starts that were killed left half made. A folder that an initdb is still writing to stays until the next start. */
function removeUnfinished(pgdata: string): void {
  if (!existsSync(dirname(pgdata))) return
  for (const name of readdirSync(dirname(pgdata))) {
    if (!name.startsWith(`${basename(pgdata)}.new`)) continue
    try {
      rmSync(join(dirname(pgdata), name), { recursive: true, force: true })
    } catch {
      // it was written to at this moment
    }
  }
}
