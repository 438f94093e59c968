import { and, asc, eq, ne } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { connections, providerBatches, providerBatchRequests } from '../../db/schema/index.ts'
import type { OpenIntent } from '../../ledger/open-intents.ts'
import { openIntentsOf } from '../../ledger/open-intents.ts'
import { canonicalDestination } from '../../vault/destination.ts'

/** A batch as its row says. */
export type Batch = typeof providerBatches.$inferSelect

/** Changes a batch's own columns. */
export async function changeBatch(tx: Tx, id: string, change: Partial<typeof providerBatches.$inferInsert>): Promise<void> {
  await tx.update(providerBatches).set(change).where(eq(providerBatches.id, id))
}

/** The batches of a run that have not ended, oldest first. */
export const liveBatches = (tx: Tx, runId: string): Promise<Batch[]> =>
  tx
    .select()
    .from(providerBatches)
    .where(and(eq(providerBatches.runId, runId), ne(providerBatches.state, 'ended')))
    .orderBy(asc(providerBatches.createdAt), asc(providerBatches.id))

/** All batches of a run, oldest first. */
export const batchesOf = (tx: Tx, runId: string): Promise<Batch[]> =>
  tx.select().from(providerBatches).where(eq(providerBatches.runId, runId)).orderBy(asc(providerBatches.createdAt), asc(providerBatches.id))

/** A request of a batch that is not settled yet, with what its answer needs to be read. */
export type OpenRequest = OpenIntent & {
  readonly items: readonly (readonly [position: number, attempt: number])[]
  readonly inputParts: Readonly<Record<string, number>> | null
  readonly outputLimit: number
}

/** The requests of a batch that are not settled, by their call ids. */
export async function openRequests(tx: Tx, batchId: string): Promise<Map<string, OpenRequest>> {
  const open = await openIntentsOf(tx, batchId)
  const rows = await tx.select().from(providerBatchRequests).where(eq(providerBatchRequests.batchId, batchId))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return new Map(
    open.map((one): [string, OpenRequest] => {
      const { items = [], inputParts = null, outputLimit = 0 } = byId.get(one.intent.id) ?? {}
      return [one.intent.id, { ...one, items, inputParts, outputLimit }]
    }),
  )
}

/** Where a connection's requests go now, as batches keep it; undefined: it is gone, or was revoked. */
export async function destinationNow(
  tx: Tx,
  connectionId: string,
): Promise<{ destination: string; slug: string; isActive: boolean } | undefined> {
  const [row] = await tx
    .select({ destination: connections.destination, slug: connections.slug, status: connections.status })
    .from(connections)
    .where(eq(connections.id, connectionId))
  return row && { destination: canonicalDestination(row.destination), slug: row.slug, isActive: row.status === 'active' }
}
