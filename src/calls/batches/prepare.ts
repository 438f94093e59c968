import { createHash, type Hash } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { insertMany } from '../../db/bulk.ts'
import type { Tx } from '../../db/database.ts'
import { providerBatches, providerBatchRequests } from '../../db/schema/index.ts'
import type { BudgetRefusal, CallIntent } from '../../ledger/intent.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import { newId } from '../../runtime/ids.ts'
import { refusalOf } from '../call.ts'
import type { ChatCall } from '../chat-call.ts'
import { worstCaseInBatch } from '../price.ts'
import type { CallServices } from '../services.ts'
import { batchOfferOf, formOf } from './ask.ts'
import { writeBody } from './bodies.ts'
import type { Batch } from './rows.ts'

/** A request that is to go into a batch, with what its answer needs to be read. */
export interface BatchedCall {
  readonly call: ChatCall
  readonly items: readonly (readonly [position: number, attempt: number])[]
  readonly outputLimit: number
}

/** What is handed to the provider: lines that are JSON, in memory until it has them. */
export interface BatchInput {
  readonly batch: Batch
  readonly lines: readonly string[]
  readonly path: string // of the interface that its requests are for
  readonly beta: string | undefined
}

/** Why no more went in. `full`: it holds as much as it may; the others as for a usual call. */
export type Stop =
  | { readonly kind: 'full' }
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  | { readonly kind: 'refused'; readonly failure: ProviderFailure }

/** A batch that is being put together: nothing of it leaves before `close`. */
export interface OpenBatch {
  readonly batch: Batch
  /** How many more requests it may hold. */
  room(): number
  /**
   * Intends each, in their order, until one finds no room: its worst case at the batch's price is held from then on. @returns which were
   * not admitted, with the reason of the first.
   */
  add(calls: readonly BatchedCall[]): Promise<{ readonly left: readonly BatchedCall[]; readonly stop?: Stop }>
  /** Writes what its answers need to be read. Undefined: nothing went in, and there is no batch. */
  close(): Promise<BatchInput | undefined>
}

/** So many intents are asked for at once: they share their commits, and others' go between them. */
const AT_A_TIME = 128

/** Begins a batch: its row stands before anything that belongs to it. */
export async function openBatch(
  services: CallServices,
  about: Pick<typeof providerBatches.$inferInsert, 'workspaceId' | 'runId' | 'connectionId' | 'candidate' | 'model' | 'destination'> & {
    readonly provider: string
  },
): Promise<OpenBatch> {
  const { database, ledger, clock } = services
  const { provider, ...row } = about
  const { workspaceId } = row
  const { requestsAtMost, bytesAtMost } = batchOfferOf(provider)
  const form = formOf(provider)
  const [batch] = await database.inWorkspace(workspaceId, (tx) =>
    tx
      .insert(providerBatches)
      .values({ ...row, id: newId(), state: 'preparing', createdAt: clock.now() })
      .returning(),
  )
  const { id: batchId } = batch!
  const lines: string[] = []
  const requests: (typeof providerBatchRequests.$inferInsert)[] = []
  const hash: Hash = createHash('sha256')
  let bytes = 0
  let way: { readonly path: string; readonly beta: string | undefined } | undefined
  let items = 0

  const write = async ({ call }: BatchedCall): Promise<{ id: string; line: string }> => {
    const id = newId(clock.now().getTime())
    const { path, body, beta } = await writeBody(call)
    way ??= { path, beta }
    return { id, line: JSON.stringify(form.line({ customId: id, model: call.candidate.model, path, body })) }
  }

  const intentOf = ({ call }: BatchedCall, id: string): CallIntent => {
    const { actor, member, origin, context, candidate, currency, budgetIds, inputTokensAtMost, outputTokensAtMost } = call
    const worstCaseNano = worstCaseInBatch({ candidate, currency, at: clock.now(), inputTokensAtMost, outputTokensAtMost })
    return {
      id,
      workspaceId,
      connectionId: candidate.connectionId,
      actor,
      member,
      origin,
      context,
      attempt: 1,
      requestedModel: candidate.model,
      worstCaseNano,
      currency,
      tokensAtMost: inputTokensAtMost + outputTokensAtMost,
      budgetIds,
      batchId,
    }
  }

  /** Those of a few that were admitted go in, wherever among them the refused ones are. */
  const addFew = async (calls: readonly BatchedCall[]): Promise<{ left: BatchedCall[]; stop?: Stop }> => {
    const written: { readonly one: BatchedCall; readonly id: string; readonly line: string }[] = []
    let stop: Stop | undefined
    let size = bytes
    for (const one of calls) {
      const { id, line } = await write(one)
      size += Buffer.byteLength(line) + 1
      if (size > bytesAtMost) {
        stop = { kind: 'full' }
        break
      }
      written.push({ one, id, line })
    }
    const admissions = await Promise.all(written.map(({ one, id }) => ledger.intend(intentOf(one, id))))
    const left: BatchedCall[] = []
    for (const [index, { one, id, line }] of written.entries()) {
      const admission = admissions[index]!
      if (admission.kind === 'admitted') {
        lines.push(line)
        hash.update(`${line}\n`)
        bytes += Buffer.byteLength(line) + 1
        items += one.items.length
        const { inputParts = null } = one.call
        requests.push({
          id,
          batchId,
          workspaceId,
          items: one.items.map(([at, attempt]) => [at, attempt]),
          inputParts,
          outputLimit: one.outputLimit,
        })
        continue
      }
      left.push(one)
      stop ??= admission.kind === 'no_room' ? admission : { kind: 'refused', failure: refusalOf(admission) }
    }
    return { left: [...left, ...calls.slice(written.length)], ...(stop ? { stop } : {}) }
  }

  return {
    batch: batch!,
    room: () => requestsAtMost - requests.length,
    async add(calls) {
      const fitting = calls.slice(0, requestsAtMost - requests.length)
      for (let from = 0; from < fitting.length; from += AT_A_TIME) {
        const { left, stop } = await addFew(fitting.slice(from, from + AT_A_TIME))
        if (stop) return { left: [...left, ...calls.slice(from + AT_A_TIME)], stop }
      }
      const left = calls.slice(fitting.length)
      return { left, ...(left.length > 0 ? { stop: { kind: 'full' } as const } : {}) }
    },
    async close() {
      if (requests.length === 0) {
        await database.inWorkspace(workspaceId, (tx) => tx.delete(providerBatches).where(eq(providerBatches.id, batchId)))
        return undefined
      }
      const change = { state: 'uploading' as const, inputHash: hash.digest('hex'), requests: requests.length, items }
      const stored = await database.inWorkspace(workspaceId, async (tx) => {
        for (let from = 0; from < requests.length; from += ROWS_AT_A_TIME)
          await insertMany(tx, providerBatchRequests, requests.slice(from, from + ROWS_AT_A_TIME))
        return changeAndRead(tx, batchId, change)
      })
      return { batch: stored, lines, path: way!.path, beta: way!.beta }
    },
  }
}

const ROWS_AT_A_TIME = 2_000

async function changeAndRead(tx: Tx, id: string, change: Partial<typeof providerBatches.$inferInsert>): Promise<Batch> {
  const [row] = await tx.update(providerBatches).set(change).where(eq(providerBatches.id, id)).returning()
  return row!
}
