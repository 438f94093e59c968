import { parentPort, workerData } from 'node:worker_threads'
import { PGlite, type messages, protocol } from '@electric-sql/pglite'
import { realFsync, START_PARAMETERS } from './pglite-settings.ts'
import type { DriverError, RawResult, Value } from './session.ts'

/** What the client asks for: `before` (a script without parameters), then `statement`, as one message in both directions. */
export type Request =
  | {
      readonly id: number
      readonly kind: 'run'
      readonly before?: string
      readonly statement?: { readonly text: string; readonly values: readonly Value[] }
    }
  | { readonly id: number; readonly kind: 'close' }

/** `status` is the transaction's, after the last statement: idle, in a transaction, or in a failed one. */
export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'fatal'; readonly reason: string } // for the log
  | { readonly kind: 'result'; readonly id: number; readonly result: RawResult; readonly status: string }
  | { readonly kind: 'error'; readonly id: number; readonly error: DriverError; readonly status: string }
  | { readonly kind: 'closed'; readonly id: number }

const port = parentPort!
const reply = (...messages: readonly Reply[]): void => port.postMessage(messages)

const POSTGRES_MAIN_LONGJMP = 100 // pglitec.c
const KEPT_STATEMENTS = 100
const LONGEST_KEPT_STATEMENT = 4_000 // characters; longer ones hold lists of values and do not come back
/** Not (any more) a prepared statement, or one whose table has changed since. */
const STALE = new Set(['26000', '0A000'])
const prepared = new Map<string, string>()
let lastName = 0
let role = ''
const { pgdata } = workerData as { pgdata: string }
const database = await PGlite.create({
  dataDir: pgdata,
  startParams: START_PARAMETERS,
  extensions: { realFsync: realFsync((error) => stop(`a write could not be made durable: ${reasonOf(error)}`)) },
}).catch((error: unknown) => {
  reply({ kind: 'fatal', reason: reasonOf(error) })
  return undefined
})

if (database) {
  stopOnTraps(database)
  let queue = Promise.resolve()
  port.on('message', (requests: readonly Request[]) => {
    queue = queue.then(() => serveAll(database, requests))
  })
  reply({ kind: 'ready' })
} else port.close()

/** What was asked together is answered together. */
async function serveAll(engine: PGlite, requests: readonly Request[]): Promise<void> {
  const replies: Reply[] = []
  for (const request of requests) replies.push(await serve(engine, request))
  reply(...replies)
  if (replies.at(-1)?.kind === 'closed') port.close()
}

async function serve(engine: PGlite, request: Request): Promise<Reply> {
  if (request.kind === 'close') {
    await engine.close()
    return { kind: 'closed', id: request.id }
  }
  try {
    const { bytes, settle } = encode(request)
    const answer = readAnswer(await engine.execProtocolStream(bytes, { syncToFs: false, throwOnError: false }))
    settle(answer)
    if (answer.status === undefined) return stop('the engine gave no answer')
    if (answer.error) return { kind: 'error', id: request.id, error: answer.error, status: answer.status }
    return { kind: 'result', id: request.id, result: answer.result, status: answer.status }
  } catch (error) {
    return stop(reasonOf(error))
  }
}

/**
 * PGlite swallows whatever its engine throws and calls it again; after a trap, a PANIC or an exit that goes on for ever.
 * Only PostgreSQL's own jump to its error handler is to be swallowed.
 */
function stopOnTraps(engine: PGlite): void {
  const { _PostgresMainLoopOnce: runLoop } = engine.Module
  const guarded = (): void => {
    try {
      runLoop()
    } catch (error) {
      if ((error as { status?: unknown }).status !== POSTGRES_MAIN_LONGJMP) stop(`the engine failed: ${reasonOf(error)}`)
      throw error
    }
  }
  Object.assign(engine.Module, { _PostgresMainLoopOnce: guarded })
}

/** After a failure inside the engine nothing it says can be trusted: it ends here, and recovers from its log at the next start. */
function stop(reason: string): never {
  reply({ kind: 'fatal', reason })
  process.exit(1)
}

/**
 * The messages of a request, and what becomes of its prepared statement. A statement without a name is parsed and planned
 * anew each time, which costs more than running it; so the last ones are kept, apart for each role, because
 * row-level security is part of a plan. The kept ones outlive a rollback.
 */
function encode({ before, statement }: Request & { kind: 'run' }): { bytes: Uint8Array; settle: (answer: Answer) => void } {
  const { serialize } = protocol
  if (before !== undefined) role = /ROLE (\w+)/.exec(before)?.[1] ?? ''
  const parts: Uint8Array[] = before === undefined ? [] : [serialize.query(before)]
  if (!statement) return { bytes: Buffer.concat(parts), settle: () => undefined }
  const key = `${role} ${statement.text}`
  const kept = prepared.get(key)
  const keep = statement.text.length <= LONGEST_KEPT_STATEMENT
  const name = kept ?? (keep ? `latchkey_${++lastName}` : '')
  if (kept === undefined) {
    if (keep && prepared.size >= KEPT_STATEMENTS) parts.push(serialize.close({ type: 'S', name: forgetOldest() }))
    parts.push(serialize.parse({ name, text: statement.text }))
  }
  parts.push(
    serialize.bind({ statement: name, values: [...statement.values] }),
    serialize.describe({ type: 'P' }),
    serialize.execute({}),
    serialize.sync(),
  )
  const settle = ({ parsed, error }: Answer): void => {
    prepared.delete(key)
    const usable = kept !== undefined ? !STALE.has(error?.code ?? '') : parsed
    if (keep && usable) prepared.set(key, name) // the newest is last
  }
  return { bytes: Buffer.concat(parts), settle }
}

function forgetOldest(): string {
  const [key, name] = prepared.entries().next().value!
  prepared.delete(key)
  return name
}

interface Answer {
  readonly result: RawResult
  readonly parsed: boolean
  readonly error?: DriverError
  readonly status?: string
}

function readAnswer(answer: readonly messages.BackendMessage[]): Answer {
  let fields: RawResult['fields'] = []
  const rows: RawResult['rows'] = []
  let tag = ''
  let parsed = false
  let error: DriverError | undefined
  let status: string | undefined
  for (const message of answer) {
    if (message.name === 'dataRow') rows.push((message as messages.DataRowMessage).fields)
    else if (message.name === 'rowDescription') {
      fields = (message as messages.RowDescriptionMessage).fields.map(({ name, dataTypeID }) => ({ name, dataTypeID }))
    } else if (message.name === 'commandComplete') tag = (message as messages.CommandCompleteMessage).text
    else if (message.name === 'parseComplete') parsed = true
    else if (message.name === 'readyForQuery') ({ status } = message as messages.ReadyForQueryMessage)
    else if (message.name === 'error' && !error) {
      const { message: text, code, constraint, table, column, schema } = message as messages.DatabaseError
      error = { message: text, code, constraint, table, column, schema }
    }
  }
  return { result: { fields, rows, ...readTag(tag) }, parsed, ...(error && { error }), ...(status !== undefined && { status }) }
}

/** A command tag: "INSERT 0 5", "SELECT 2", "CREATE TABLE". */
function readTag(tag: string): { command: string; rowCount: number | null } {
  const words = tag.split(' ')
  const last = words.at(-1)!
  return { command: words[0]!, rowCount: /^\d+$/.test(last) ? Number(last) : null }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
