import { sql } from 'drizzle-orm'
import { updateMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { budgets, budgetWindows, type OwnerPrice, type OwnerPriced } from '../db/schema/index.ts'
import type { BudgetRefusal, CallIntent } from './intent.ts'
import { tokensIn } from './rate-limit.ts'
import { isGuessed, largest, type Settlement } from './settlement.ts'

/** A budget's window while its transaction holds the lock; changed in memory, written back once. */
export interface LockedWindow {
  readonly id: string
  readonly workspaceId: string
  readonly budgetId: string
  readonly name: string | null
  readonly scope: string | null
  readonly currency: string
  readonly limitNano: bigint | null
  readonly ownerPrice: OwnerPrice | null
  readonly noticePercents: number[] | null
  spentNano: bigint
  heldNano: bigint
  noticedPercent: number
  changed: boolean
}

/** What a window holds for a call: its worst case, or what the budget's owner says that it counts for. */
export interface Hold {
  readonly window: LockedWindow
  readonly nano: bigint
  readonly ownerPriced?: OwnerPriced
}

/** A share of its limit that a budget has used for the first time in its period. */
export interface BudgetNotice {
  readonly workspaceId: string
  readonly budgetId: string
  readonly name: string
  readonly percent: number
}

/** Rows are locked in the order of their ids, so that two instances never wait for each other in a circle. */
export async function lockWindows(tx: Tx, ids: readonly string[]): Promise<Map<string, LockedWindow>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .select({
      id: budgetWindows.id,
      workspaceId: budgetWindows.workspaceId,
      budgetId: budgetWindows.budgetId,
      name: budgets.name,
      scope: budgets.scope,
      currency: budgets.currency,
      limitNano: budgets.limitNano,
      ownerPrice: budgets.ownerPrice,
      noticePercents: budgets.noticePercents,
      spentNano: budgetWindows.spentNano,
      heldNano: budgetWindows.heldNano,
      noticedPercent: budgetWindows.noticedPercent,
    })
    .from(budgetWindows)
    .innerJoin(budgets, sql`${budgets.id} = ${budgetWindows.budgetId}`)
    .where(sql`${budgetWindows.id} = any(${sql.param(ids)}::uuid[])`)
    .orderBy(budgetWindows.id)
    .for('update', { of: budgetWindows })
  return new Map(rows.map((row) => [row.id, { ...row, changed: false }]))
}

/** Writes back what changed. @returns what people should be told of; the windows remember that they were. */
export async function writeWindows(tx: Tx, windows: ReadonlyMap<string, LockedWindow>): Promise<void> {
  const rows = [...windows.values()]
    .filter(({ changed }) => changed)
    .map(({ id, spentNano, heldNano, noticedPercent }) => ({ id, spentNano, heldNano, noticedPercent }))
  await updateMany(tx, budgetWindows, { key: ['id'], rows })
}

/** What a call must hold in a window; undefined: its price is unknown there, and the window has a limit. */
export function holdOf(window: LockedWindow, { worstCaseNano, currency, tokensAtMost }: CallIntent): Hold | undefined {
  const isPriced = worstCaseNano === 0n || (worstCaseNano !== undefined && currency === window.currency)
  if (isPriced || window.limitNano === null) return { window, nano: worstCaseNano ?? 0n }
  const { ownerPrice } = window
  if (!ownerPrice) return undefined
  if (ownerPrice.per === 'call') return { window, nano: BigInt(ownerPrice.nano), ownerPriced: { heldNano: ownerPrice.nano } }
  if (tokensAtMost === undefined) return undefined
  const nano = ofMillion(BigInt(ownerPrice.nano), tokensAtMost)
  return { window, nano, ownerPriced: { heldNano: nano.toString(), perMillionTokensNano: ownerPrice.nano } }
}

/** Undefined: it fits. `resetsAt`: when the window ends. */
export function refusedFor({ window, nano }: Hold, resetsAt: Date | null): BudgetRefusal | undefined {
  const { budgetId, name, scope, currency, limitNano, spentNano, heldNano } = window
  if (limitNano === null || nano === 0n || spentNano + heldNano + nano <= limitNano) return undefined
  return { budgetId, name, scope, currency, limitNano, spentNano, heldNano, askedNano: nano, resetsAt }
}

export function hold({ window, nano }: Hold): void {
  if (nano === 0n) return
  window.heldNano += nano
  window.changed = true
}

/** What an intent's row says of the windows that hold it. */
export interface HeldIntent {
  readonly worstCaseNano: bigint | null
  readonly currency: string
  readonly ownerPriced: Record<string, OwnerPriced> | null
}

/**
 * What a settled call takes from a window: its cost in the window's currency, nothing when it surely was not sent, else what its
 * owner says it counts for, or its whole worst case, so that what is unknown, or guessed, never widens a cap.
 */
export function chargeOn(
  { id, currency }: Pick<LockedWindow, 'id' | 'currency'>,
  { held, settlement }: { held: HeldIntent; settlement: Pick<Settlement, 'outcome' | 'cost' | 'usage' | 'usageSource'> },
): bigint {
  const { outcome, cost, usage } = settlement
  if (outcome === 'not_sent') return 0n
  const own = cost && cost.currency === currency ? cost.nano : undefined
  if (isGuessed(settlement)) return largest(heldIn(id, held), own ?? 0n)
  if (own !== undefined) return own
  const owner = held.ownerPriced?.[id]
  if (owner?.perMillionTokensNano !== undefined && usage) return ofMillion(BigInt(owner.perMillionTokensNano), tokensIn(usage))
  return heldIn(id, held)
}

/** What a window holds for a live call. */
export const heldIn = (windowId: string, { worstCaseNano, ownerPriced }: HeldIntent): bigint => {
  const owner = ownerPriced?.[windowId]
  return owner ? BigInt(owner.heldNano) : (worstCaseNano ?? 0n)
}

/** Turns what a window holds for a call into spending. */
export function spend(window: LockedWindow, { held, chargeNano }: { held: HeldIntent; chargeNano: bigint }): void {
  window.heldNano -= heldIn(window.id, held)
  window.spentNano += chargeNano
  window.changed = true
}

/**
 * The shares of their limits that windows have newly used. A window that could not take a call even if nothing were held
 * (`exhausted`) has used all of it.
 */
export function newlyUsed(windows: Iterable<LockedWindow>, exhausted: ReadonlySet<LockedWindow>): BudgetNotice[] {
  return [...windows].flatMap((window) => {
    const { workspaceId, budgetId, name, limitNano, noticePercents, noticedPercent } = window
    if (name === null || limitNano === null || !noticePercents) return []
    const percent = highestUsed(noticePercents, { limitNano, usedNano: exhausted.has(window) ? limitNano : window.spentNano })
    if (percent <= noticedPercent) return []
    window.noticedPercent = percent
    window.changed = true
    return [{ workspaceId, budgetId, name, percent }]
  })
}

/** The highest of these shares of a limit that is used; 0: none. */
export const highestUsed = (percents: readonly number[], { limitNano, usedNano }: { limitNano: bigint; usedNano: bigint }): number =>
  Math.max(0, ...percents.filter((percent) => usedNano * 100n >= limitNano * BigInt(percent)))

/** A price per million of so many, rounded up: what is reserved is never too little. */
const ofMillion = (nano: bigint, count: number): bigint => (nano * BigInt(count) + 999_999n) / 1_000_000n
