import { and, eq, gt, inArray, lt, ne, sql } from 'drizzle-orm'
import type { PaceView } from '../contract/pace.ts'
import type { Tx } from '../db/database.ts'
import { connectionPace, connections, type StoredLimit } from '../db/schema/index.ts'

/** What one instance has learned of one connection. */
export type LearnedRow = typeof connectionPace.$inferSelect

/** An instance that has not written for so long has no calls under way any more. */
export const LIVE_MS = 15_000
/** What was learned so long ago is of no use. */
const KEPT_MS = 24 * 3_600_000

export async function writeLearned(tx: Tx, row: typeof connectionPace.$inferInsert): Promise<void> {
  const { workspaceId: _, connectionId: __, instance: ___, ...changed } = row
  await tx
    .insert(connectionPace)
    .values(row)
    .onConflictDoUpdate({ target: [connectionPace.connectionId, connectionPace.instance], set: changed })
}

/** Of all connections and instances, at a start; what is too old goes. */
export async function loadLearned(tx: Tx, now: Date): Promise<LearnedRow[]> {
  const oldest = new Date(now.getTime() - KEPT_MS)
  await tx.delete(connectionPace).where(lt(connectionPace.seenAt, oldest))
  return tx.select().from(connectionPace)
}

/** What other instances wrote lately of these connections. */
export const learnedElsewhere = (
  tx: Tx,
  { connectionIds, instance, since }: { connectionIds: readonly string[]; instance: string; since: Date },
): Promise<LearnedRow[]> =>
  tx
    .select()
    .from(connectionPace)
    .where(
      and(
        inArray(connectionPace.connectionId, [...connectionIds]),
        ne(connectionPace.instance, instance),
        gt(connectionPace.seenAt, since),
      ),
    )

/** Whose connection it is, and what it is called. Undefined: there is none. */
export async function ownerOf(tx: Tx, connectionId: string): Promise<{ workspaceId: string; label: string } | undefined> {
  const [found] = await tx
    .select({ workspaceId: connections.workspaceId, label: connections.label })
    .from(connections)
    .where(eq(connections.id, connectionId))
  return found
}

/** What is learned of these connections, as people see it; those of which nothing is known are absent. */
export async function learnedViews(
  tx: Tx,
  { connectionIds, now }: { connectionIds: readonly string[]; now: Date },
): Promise<ReadonlyMap<string, PaceView>> {
  if (connectionIds.length === 0) return new Map()
  const rows = await tx
    .select()
    .from(connectionPace)
    .where(sql`${connectionPace.connectionId} = any(${sql.param(connectionIds)}::uuid[])`)
  const byConnection = Map.groupBy(rows, ({ connectionId }) => connectionId)
  return new Map([...byConnection].map(([id, itsRows]) => [id, learnedView(itsRows, now)]))
}

/** What several instances know of one connection, together. */
export function learnedView(rows: readonly LearnedRow[], now: Date): PaceView {
  const nowMs = now.getTime()
  const live = rows.filter(({ seenAt }) => nowMs - seenAt.getTime() < LIVE_MS)
  const held = latest(rows, ({ heldUntil }) => heldUntil)
  const width = latest(rows, ({ widthCutAt }) => widthCutAt)
  const circuit = latest(rows, ({ circuitOpenSince }) => circuitOpenSince)
  const closed = latest(rows, ({ circuitClosedAt }) => circuitClosedAt)
  const isOpen = circuit?.circuitOpenSince && (closed?.circuitClosedAt ?? 0) < circuit.circuitOpenSince
  return {
    inFlight: sum(live.map(({ inFlight }) => inFlight)),
    waiting: sum(live.map(({ waiting }) => waiting)),
    mostInFlight: width?.width ?? null,
    held: held?.heldUntil && held.heldUntil > now ? { until: held.heldUntil.toISOString(), code: held.heldFor ?? '' } : null,
    circuit: isOpen
      ? {
          openSince: circuit.circuitOpenSince!.toISOString(),
          nextProbeAt: (circuit.circuitNextProbeAt ?? circuit.circuitOpenSince!).toISOString(),
        }
      : null,
    limits: latestLimits(rows).map((limit) => limitView(limit, nowMs)),
    at: latest(rows, ({ seenAt }) => seenAt)!.seenAt.toISOString(),
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, one) => total + one, 0)

function latest(rows: readonly LearnedRow[], dateOf: (row: LearnedRow) => Date | null): LearnedRow | undefined {
  let found: LearnedRow | undefined
  for (const row of rows) if (dateOf(row) && (!found || dateOf(row)! > dateOf(found)!)) found = row
  return found
}

/** Of each limit what was told last, by model and kind. */
function latestLimits(rows: readonly LearnedRow[]): StoredLimit[] {
  const found = new Map<string, StoredLimit>()
  for (const limit of rows.flatMap(({ limits }) => limits)) {
    const key = JSON.stringify([limit.model, limit.kind, limit.windowMs])
    if ((found.get(key)?.atMs ?? 0) < limit.atMs) found.set(key, limit)
  }
  const sorted = [...found].toSorted(([one], [other]) => (one < other ? -1 : 1))
  return sorted.map(([, limit]) => limit)
}

function limitView(limit: StoredLimit, nowMs: number): PaceView['limits'][number] {
  const { model, kind, atMs, resetsAtMs, refillPerMs = 0 } = limit
  const isRenewed = resetsAtMs !== undefined && resetsAtMs <= nowMs
  const filled = (limit.remaining ?? 0) + refillPerMs * (nowMs - atMs)
  const remaining = limit.remaining === undefined || isRenewed ? null : Math.min(filled, limit.limit ?? Infinity)
  return {
    model,
    kind,
    windowSeconds: secondsOf(limit),
    limit: limit.limit ?? null,
    remaining: remaining === null ? null : Math.max(0, Math.floor(remaining)),
    resetsAt: isRenewed || resetsAtMs === undefined ? null : new Date(resetsAtMs).toISOString(),
    at: new Date(atMs).toISOString(),
  }
}

/** Of a bucket, how long it takes to fill. */
function secondsOf({ windowMs, limit, refillPerMs = 0 }: StoredLimit): number | null {
  if (windowMs !== undefined) return windowMs / 1000
  return limit === undefined || refillPerMs <= 0 ? null : Math.round(limit / refillPerMs / 1000)
}
