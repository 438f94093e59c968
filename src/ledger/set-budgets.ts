import { and, asc, desc, eq, inArray, isNotNull, isNull, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import { formatNano, parseNano } from '../base/money.ts'
import type * as contract from '../contract/budgets.ts'
import type { RouteInput } from '../contract/route.ts'
import type { Database, Tx } from '../db/database.ts'
import { budgets, budgetWindows, type OwnerPrice, workspaces } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'
import { newId } from '../runtime/ids.ts'
import { highestUsed } from './budget-holds.ts'
import { checkedCovers, coversViews } from './covers.ts'
import { type BudgetPeriod, type Span, spanOf, windowIdOf } from './windows.ts'

type BudgetRow = typeof budgets.$inferSelect
type WindowRow = typeof budgetWindows.$inferSelect

/** The budgets that people set in a workspace, the oldest first, each with the period that runs now. */
export async function listBudgets(database: Database, { workspaceId, now }: { workspaceId: string; now: Date }) {
  const found = await database.inWorkspace(workspaceId, async (tx) => {
    const rows = await tx.select().from(budgets).where(isSet()).orderBy(asc(budgets.createdAt), asc(budgets.id))
    return { ...(await workspaceOf(tx)), rows, windows: await currentWindows(tx, { rows, now }) }
  })
  const { rows, windows, timeZone, currency } = found
  const covers = await coversViews(
    database,
    workspaceId,
    rows.map((row) => row.covers!),
  )
  return { items: rows.map((row, index) => budgetView(row, { covers: covers[index]!, window: windows[index]! })), timeZone, currency }
}

/** One of them. @throws AppError budget.missing */
export async function readSetBudget(
  database: Database,
  { workspaceId, budgetId, now }: { workspaceId: string; budgetId: string; now: Date },
): Promise<contract.BudgetView> {
  const { row, window } = await database.inWorkspace(workspaceId, async (tx) => {
    const found = await findBudget(tx, budgetId)
    return { row: found, window: (await currentWindows(tx, { rows: [found], now }))[0]! }
  })
  const [covers] = await coversViews(database, workspaceId, [row.covers!])
  return budgetView(row, { covers: covers!, window })
}

const MOST_WINDOWS = 60

/** The periods in which it covered a call, and the one that runs now, newest first. */
export async function windowsOf(
  database: Database,
  { workspaceId, budgetId, now }: { workspaceId: string; budgetId: string; now: Date },
): Promise<contract.BudgetWindowView[]> {
  return database.inWorkspace(workspaceId, async (tx) => {
    const row = await findBudget(tx, budgetId)
    const [current] = await currentWindows(tx, { rows: [row], now })
    const past = await tx
      .select()
      .from(budgetWindows)
      .where(eq(budgetWindows.budgetId, budgetId))
      .orderBy(desc(budgetWindows.startsAt))
      .limit(MOST_WINDOWS)
    const windows = past.some(({ id }) => id === current!.id) ? past : [current!, ...past]
    return windows.slice(0, MOST_WINDOWS).map((window) => windowView(window, row.currency))
  })
}

/** @throws InvalidRequest for things that it should cover and that are not there */
export async function addSetBudget(
  tx: Tx,
  { who, input, now }: { who: Member; input: RouteInput<typeof contract.addBudget>['body']; now: Date },
): Promise<string> {
  const { workspaceId, actor } = who
  const id = newId(now.getTime())
  const covers = await checkedCovers(tx, { input: input.covers, workspaceId })
  const { currency } = await workspaceOf(tx)
  await tx.insert(budgets).values({
    id,
    workspaceId,
    name: input.name,
    covers,
    currency: input.currency ?? currency,
    limitNano: parseNano(input.limit),
    period: input.period,
    ownerPrice: input.ownerPrice && toOwnerPrice(input.ownerPrice),
    noticePercents: input.noticePercents,
    createdBy: actor,
    createdAt: now,
  })
  if (input.period === 'total') await tx.insert(budgetWindows).values({ id, workspaceId, budgetId: id, startsAt: now })
  const detail = { name: input.name, limit: input.limit, currency: input.currency ?? currency, period: input.period, covers }
  await recordAudit(tx, { workspaceId, actor, action: 'budget.added', subject: `budget:${id}`, detail })
  await limitsChanged(tx, workspaceId)
  return id
}

/** What it has used stays as it is. @throws AppError budget.missing; InvalidRequest as `addSetBudget` */
export async function changeSetBudget(
  tx: Tx,
  { who, budgetId, change, now }: { who: Member; budgetId: string; change: RouteInput<typeof contract.changeBudget>['body']; now: Date },
): Promise<void> {
  const { workspaceId, actor } = who
  const row = await findBudget(tx, budgetId)
  const { covers, limit, ownerPrice, name, noticePercents } = change
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(covers === undefined ? {} : { covers: await checkedCovers(tx, { input: covers, before: row.covers!, workspaceId }) }),
    ...(limit === undefined ? {} : { limitNano: parseNano(limit) }),
    ...(ownerPrice === undefined ? {} : { ownerPrice: ownerPrice && toOwnerPrice(ownerPrice) }),
    ...(noticePercents === undefined ? {} : { noticePercents }),
  }
  if (Object.keys(set).length === 0) return
  if (limit !== undefined || noticePercents !== undefined) await measureNotices(tx, { row: { ...row, ...set }, now })
  await tx.update(budgets).set(set).where(eq(budgets.id, budgetId))
  await recordAudit(tx, { workspaceId, actor, action: 'budget.changed', subject: `budget:${budgetId}`, detail: { ...change } })
  await limitsChanged(tx, workspaceId)
}

/** Removed, or put back with what it had used. @throws AppError budget.missing */
export async function setBudgetRemoved(
  tx: Tx,
  { who, budgetId, removedAt }: { who: Member; budgetId: string; removedAt: Date | null },
): Promise<void> {
  const { workspaceId, actor } = who
  const row = await findBudget(tx, budgetId, { removedToo: removedAt === null })
  await tx.update(budgets).set({ removedAt }).where(eq(budgets.id, budgetId))
  const action = removedAt ? 'budget.removed' : 'budget.restored'
  await recordAudit(tx, { workspaceId, actor, action, subject: `budget:${budgetId}`, detail: { name: row.name } })
  await limitsChanged(tx, workspaceId)
}

/**
 * Every process reads the workspace's budgets and rate limits anew. The last statement of a change: commits of calls hold windows
 * and buckets before they hold the workspace's row.
 */
export async function limitsChanged(tx: Tx, workspaceId: string): Promise<void> {
  await tx
    .update(workspaces)
    .set({ limitsVersion: sql`${workspaces.limitsVersion} + 1` })
    .where(eq(workspaces.id, workspaceId))
}

/** Under another limit other shares of it are used: people are told of the next one, and not of those that lie behind. */
async function measureNotices(tx: Tx, { row, now }: { row: BudgetRow; now: Date }): Promise<void> {
  const [current] = await currentWindows(tx, { rows: [row], now })
  const [window] = await tx.select().from(budgetWindows).where(eq(budgetWindows.id, current!.id)).for('update')
  if (!window) return
  const noticedPercent = highestUsed(row.noticePercents ?? [], { limitNano: row.limitNano!, usedNano: window.spentNano })
  await tx.update(budgetWindows).set({ noticedPercent }).where(eq(budgetWindows.id, window.id))
}

const isSet = () => and(isNotNull(budgets.covers), isNull(budgets.removedAt))

async function findBudget(tx: Tx, budgetId: string, { removedToo = false } = {}): Promise<BudgetRow> {
  const among = removedToo ? isNotNull(budgets.covers) : isSet()
  const [row] = await tx
    .select()
    .from(budgets)
    .where(and(eq(budgets.id, budgetId), among))
  if (!row) throw new AppError('budget.missing', 'There is no such budget in this workspace.')
  return row
}

/** Inside the workspace, which is all that this sees. */
async function workspaceOf(tx: Tx): Promise<{ timeZone: string; currency: string }> {
  const [own] = await tx.select({ timeZone: workspaces.timeZone, currency: workspaces.currency }).from(workspaces)
  return own!
}

/** The windows in which `now` lies, in the budgets' order. One in which nothing was called yet has no row, and has used nothing. */
async function currentWindows(tx: Tx, { rows, now }: { rows: readonly BudgetRow[]; now: Date }): Promise<WindowRow[]> {
  if (rows.length === 0) return []
  const { timeZone } = await workspaceOf(tx)
  const spans = new Map<BudgetPeriod, Span>()
  for (const { period } of rows) {
    if (period !== 'total' && !spans.has(period)) spans.set(period, await spanOf(tx, { period, timeZone, now }))
  }
  const idOf = ({ id, period }: BudgetRow): string => windowIdOf(id, spans.get(period)?.firstDay)
  const found = await tx
    .select()
    .from(budgetWindows)
    .where(inArray(budgetWindows.id, rows.map(idOf)))
  const byId = new Map(found.map((window) => [window.id, window]))
  return rows.map((row) => {
    const { id: budgetId, workspaceId, createdAt } = row
    const { startsAt = createdAt, endsAt = null } = spans.get(row.period) ?? {}
    const unused = { id: idOf(row), workspaceId, budgetId, spentNano: 0n, heldNano: 0n, noticedPercent: 0 }
    return { ...(byId.get(unused.id) ?? unused), startsAt, endsAt } // after a change of the time zone a row's own times are the old ones
  })
}

const toOwnerPrice = ({ per, amount }: contract.OwnerPriceView): OwnerPrice => ({ per, nano: parseNano(amount).toString() })

function budgetView(row: BudgetRow, { covers, window }: { covers: contract.CoversView; window: WindowRow }): contract.BudgetView {
  const { id, name, currency, limitNano, period, ownerPrice, noticePercents, createdAt } = row
  return {
    id,
    name: name!,
    covers,
    limit: { currency, amount: formatNano(limitNano!) },
    period,
    ownerPrice: ownerPrice && { per: ownerPrice.per, amount: formatNano(BigInt(ownerPrice.nano)) },
    noticePercents: [...(noticePercents ?? [])],
    window: windowView(window, currency),
    addedAt: createdAt.toISOString(),
  }
}

const windowView = (
  { startsAt, endsAt, spentNano, heldNano }: Pick<WindowRow, 'startsAt' | 'endsAt' | 'spentNano' | 'heldNano'>,
  currency: string,
): contract.BudgetWindowView => ({
  startsAt: startsAt.toISOString(),
  endsAt: endsAt?.toISOString() ?? null,
  spent: { currency, amount: formatNano(spentNano) },
  held: { currency, amount: formatNano(heldNano) },
})
