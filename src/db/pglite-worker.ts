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
  | { readonly kind: 'fatal'; readonly reason: string }
  | { readonly kind: 'result'; readonly id: number; readonly result: RawResult; readonly status: string }
  | { readonly kind: 'error'; readonly id: number; readonly error: DriverError; readonly status: string }
  | { readonly kind: 'closed'; readonly id: number }

const port = parentPort!
const reply = (message: Reply): void => port.postMessage(message)

let failure: unknown
const { pgdata } = workerData as { pgdata: string }
const database = await PGlite.create({
  dataDir: pgdata,
  startParams: START_PARAMETERS,
  extensions: { realFsync: realFsync((error) => (failure ??= error)) },
}).catch((error: unknown) => {
  reply({ kind: 'fatal', reason: reasonOf(error) })
  return undefined
})

if (database) {
  let queue = Promise.resolve()
  port.on('message', (request: Request) => {
    queue = queue.then(() => serve(database, request))
  })
  reply({ kind: 'ready' })
} else port.close()

async function serve(engine: PGlite, request: Request): Promise<void> {
  if (request.kind === 'close') {
    await engine.close()
    reply({ kind: 'closed', id: request.id })
    port.close()
    return
  }
  try {
    const answer = readAnswer(await engine.execProtocolStream(encode(request), { syncToFs: false, throwOnError: false }))
    if (failure !== undefined) stop(`a write could not be made durable: ${reasonOf(failure)}`)
    else if (answer.status === undefined) stop('the engine gave no answer; is the disk full?')
    else if (answer.error) reply({ kind: 'error', id: request.id, error: answer.error, status: answer.status })
    else reply({ kind: 'result', id: request.id, result: answer.result, status: answer.status })
  } catch (error) {
    stop(reasonOf(error))
  }
}

/** After a failure inside the engine nothing it says can be trusted: it ends here, and recovers from its log at the next start. */
function stop(reason: string): void {
  reply({ kind: 'fatal', reason })
  setImmediate(() => process.exit(1))
}

function encode({ before, statement }: Request & { kind: 'run' }): Uint8Array {
  const { serialize } = protocol
  const parts: Uint8Array[] = []
  if (before !== undefined) parts.push(serialize.query(before))
  if (statement) {
    parts.push(serialize.parse({ text: statement.text }), serialize.bind({ values: [...statement.values] }))
    parts.push(serialize.describe({ type: 'P' }), serialize.execute({}), serialize.sync())
  }
  return Buffer.concat(parts)
}

function readAnswer(answer: readonly messages.BackendMessage[]): { result: RawResult; error?: DriverError; status?: string } {
  let result: RawResult = { fields: [], rows: [], command: '', rowCount: null }
  let error: DriverError | undefined
  let status: string | undefined
  for (const message of answer) {
    switch (message.name) {
      case 'rowDescription': {
        const { fields } = message as messages.RowDescriptionMessage
        result = { ...result, rows: [], fields: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })) }
        break
      }
      case 'dataRow':
        result.rows.push((message as messages.DataRowMessage).fields)
        break
      case 'commandComplete':
        result = { ...result, ...readTag((message as messages.CommandCompleteMessage).text) }
        break
      case 'error': {
        const { code, constraint, table, column, schema } = message as messages.DatabaseError
        error ??= { message: (message as messages.DatabaseError).message, code, constraint, table, column, schema }
        break
      }
      case 'readyForQuery':
        status = (message as messages.ReadyForQueryMessage).status
        break
      default:
        break
    }
  }
  return { result, ...(error && { error }), ...(status !== undefined && { status }) }
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
