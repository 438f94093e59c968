import { and, asc, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type * as contract from '../contract/budgets.ts'
import type { RouteInput } from '../contract/route.ts'
import type { Database, Tx } from '../db/database.ts'
import { rateLimitBuckets, rateLimits } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'
import { newId } from '../runtime/ids.ts'
import { checkedCovers, coversViews } from './covers.ts'
import { availableIn } from './rate-limit.ts'
import { limitsChanged } from './set-budgets.ts'

type RateLimitRow = typeof rateLimits.$inferSelect

/** The rate limits of a workspace, the oldest first, each with what is in its bucket now; or the one that is asked for. */
export async function listRateLimits(
  database: Database,
  { workspaceId, now, only }: { workspaceId: string; now: Date; only?: string },
): Promise<contract.RateLimitView[]> {
  const rows = await database.inWorkspace(workspaceId, (tx) =>
    tx
      .select({ limit: rateLimits, fullAtNs: rateLimitBuckets.fullAtNs })
      .from(rateLimits)
      .innerJoin(rateLimitBuckets, eq(rateLimitBuckets.id, rateLimits.id))
      .where(and(isNull(rateLimits.removedAt), only === undefined ? undefined : eq(rateLimits.id, only)))
      .orderBy(asc(rateLimits.createdAt), asc(rateLimits.id)),
  )
  const covers = await coversViews(
    database,
    workspaceId,
    rows.map(({ limit }) => limit.covers),
  )
  return rows.map(({ limit: { id, name, counts, perMinute, burst, createdAt }, fullAtNs }, index) => ({
    id,
    name,
    covers: covers[index]!,
    counts,
    perMinute,
    burst,
    available: Math.max(0, availableIn({ perMinute, burst, fullAtNs }, now)),
    addedAt: createdAt.toISOString(),
  }))
}

/** @throws InvalidRequest for things that it should cover and that are not there */
export async function addRateLimit(
  tx: Tx,
  { who, input, now }: { who: Member; input: RouteInput<typeof contract.addRateLimit>['body']; now: Date },
): Promise<string> {
  const { workspaceId, actor } = who
  const id = newId(now.getTime())
  const { name, counts, perMinute, burst = perMinute } = input
  const covers = await checkedCovers(tx, { input: input.covers, workspaceId })
  await tx.insert(rateLimits).values({ id, workspaceId, name, covers, counts, perMinute, burst, createdBy: actor, createdAt: now })
  await tx.insert(rateLimitBuckets).values({ id, workspaceId })
  const detail = { name, counts, perMinute, burst, covers }
  await recordAudit(tx, { workspaceId, actor, action: 'rate_limit.added', subject: `rate_limit:${id}`, detail })
  await limitsChanged(tx, workspaceId)
  return id
}

/** What was taken from it stays taken. @throws AppError rate_limit.missing; InvalidRequest as `addRateLimit` */
export async function changeRateLimit(
  tx: Tx,
  { who, rateLimitId, change }: { who: Member; rateLimitId: string; change: RouteInput<typeof contract.changeRateLimit>['body'] },
): Promise<void> {
  const { workspaceId, actor } = who
  const row = await findRateLimit(tx, rateLimitId)
  const { covers, name = row.name, perMinute = row.perMinute, burst = row.burst } = change
  const checked = covers === undefined ? row.covers : await checkedCovers(tx, { input: covers, before: row.covers, workspaceId })
  await tx.update(rateLimits).set({ name, perMinute, burst, covers: checked }).where(eq(rateLimits.id, rateLimitId))
  const detail = { ...change }
  await recordAudit(tx, { workspaceId, actor, action: 'rate_limit.changed', subject: `rate_limit:${rateLimitId}`, detail })
  await limitsChanged(tx, workspaceId)
}

/** Removed, or put back. @throws AppError rate_limit.missing */
export async function setRateLimitRemoved(
  tx: Tx,
  { who, rateLimitId, removedAt }: { who: Member; rateLimitId: string; removedAt: Date | null },
): Promise<void> {
  const { workspaceId, actor } = who
  const row = await findRateLimit(tx, rateLimitId, { removedToo: removedAt === null })
  await tx.update(rateLimits).set({ removedAt }).where(eq(rateLimits.id, rateLimitId))
  const action = removedAt ? 'rate_limit.removed' : 'rate_limit.restored'
  await recordAudit(tx, { workspaceId, actor, action, subject: `rate_limit:${rateLimitId}`, detail: { name: row.name } })
  await limitsChanged(tx, workspaceId)
}

async function findRateLimit(tx: Tx, rateLimitId: string, { removedToo = false } = {}): Promise<RateLimitRow> {
  const among = removedToo ? undefined : isNull(rateLimits.removedAt)
  const [row] = await tx
    .select()
    .from(rateLimits)
    .where(and(eq(rateLimits.id, rateLimitId), among))
  if (!row) throw new AppError('rate_limit.missing', 'There is no such rate limit in this workspace.')
  return row
}
