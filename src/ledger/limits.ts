import { and, eq, isNotNull, isNull } from 'drizzle-orm'
import type { Database } from '../db/database.ts'
import { budgets, type Covers, rateLimits, workspaces } from '../db/schema/index.ts'
import { type CallIntent, CONNECTION_CHECK } from './intent.ts'
import { type BudgetPeriod, makeWindows, type Span, spanOf, windowIdOf } from './windows.ts'

/** What holds for one call: windows of budgets and buckets of rate limits, by their ids. */
export interface Applying {
  readonly windows: readonly { readonly id: string; readonly endsAt: Date | null }[] // null: never
  readonly bucketIds: readonly string[]
}

/** A workspace's budgets and rate limits as they were read, and the periods in which its windows lie now. */
interface SetLimits {
  readonly version: number
  readonly timeZone: string
  readonly budgets: readonly { readonly id: string; readonly period: BudgetPeriod; readonly covers: Covers | null }[]
  readonly rateLimits: readonly { readonly id: string; readonly covers: Covers }[]
  readonly spans: ReadonlyMap<BudgetPeriod, Span>
}

/** Budgets or rate limits have changed, or a period has ended, since they were read: read those of these workspaces, and begin again. */
export class LimitsChanged extends Error {
  readonly workspaceIds: readonly string[]
  constructor(workspaceIds: readonly string[]) {
    super('budgets or rate limits have changed since they were read')
    this.name = 'LimitsChanged'
    this.workspaceIds = workspaceIds
  }
}

const NOTHING: Applying = { windows: [], bucketIds: [] }

/**
 * Which budgets and rate limits a call falls under. What people set is kept in memory, for it is asked with every call; each commit
 * compares its version (`isCurrent`) with the workspace's row, which it locks, so that what another process set holds from its
 * commit on. A workspace that never set anything is not looked up at all.
 */
export function createLimits(database: Database) {
  const known = new Map<string, SetLimits>()
  return {
    /** Undefined: the workspace's are to be read first. */
    find(intent: CallIntent, now: Date): Applying | undefined {
      const set = known.get(intent.workspaceId)
      if (!set || isFreeCheck(intent)) return NOTHING
      const windows: Applying['windows'][number][] = []
      for (const { id, period, covers } of set.budgets) {
        if (!isCovered(intent, covers!)) continue
        const span = set.spans.get(period)
        if (span && (now < span.startsAt || now >= span.endsAt)) return undefined
        windows.push({ id: windowIdOf(id, span?.firstDay), endsAt: span?.endsAt ?? null })
      }
      const paced = intent.batchId === undefined ? set.rateLimits : []
      const bucketIds = paced.filter(({ covers }) => isCovered(intent, covers)).map(({ id }) => id)
      return { windows, bucketIds }
    },

    /** Whether what is known is still what holds, by the workspace's row. */
    isCurrent(workspaceId: string, { limitsVersion, timeZone }: { limitsVersion: number; timeZone: string }): boolean {
      const set = known.get(workspaceId)
      return set ? set.version === limitsVersion && set.timeZone === timeZone : limitsVersion === 0
    },

    /** Reads them, and makes the windows of the periods in which `now` lies. */
    async read(workspaceIds: readonly string[], now: Date): Promise<void> {
      for (const workspaceId of workspaceIds) known.set(workspaceId, await readLimits(database, { workspaceId, now }))
    },
  }
}

/** What is free of charge and asked by a person who sets a connection up neither spends nor waits. */
const isFreeCheck = ({ context, worstCaseNano }: CallIntent): boolean => context === CONNECTION_CHECK && worstCaseNano === 0n

/** Whether a call fits every list of a budget or rate limit. */
export function isCovered({ connectionId, context, member, virtualKeyId }: CallIntent, covers: Covers): boolean {
  return (
    has(covers.connectionIds, connectionId) &&
    has(covers.contexts, context) &&
    has(covers.memberIds, member) &&
    has(covers.virtualKeyIds, virtualKeyId)
  )
}

const has = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || (value !== undefined && list.includes(value))

async function readLimits(database: Database, { workspaceId, now }: { workspaceId: string; now: Date }): Promise<SetLimits> {
  return database.asSystem('budgets and rate limits for the group commit', async (tx) => {
    // The version first: what changes after it was read is read again, and never missed.
    const [workspace] = await tx
      .select({ version: workspaces.limitsVersion, timeZone: workspaces.timeZone })
      .from(workspaces)
      .where(eq(workspaces.id, workspaceId))
    const { version, timeZone } = workspace!
    const setBudgets = await tx
      .select({ id: budgets.id, period: budgets.period, covers: budgets.covers })
      .from(budgets)
      .where(and(eq(budgets.workspaceId, workspaceId), isNotNull(budgets.covers), isNull(budgets.removedAt)))
    const setRateLimits = await tx
      .select({ id: rateLimits.id, covers: rateLimits.covers })
      .from(rateLimits)
      .where(and(eq(rateLimits.workspaceId, workspaceId), isNull(rateLimits.removedAt)))
    const spans = new Map<BudgetPeriod, Span>()
    for (const [period, ofPeriod] of Map.groupBy(setBudgets, (budget) => budget.period)) {
      if (period === 'total') continue
      const span = await spanOf(tx, { period, timeZone, now })
      spans.set(period, span)
      await makeWindows(tx, { workspaceId, budgetIds: ofPeriod.map(({ id }) => id), span })
    }
    return { version, timeZone, budgets: setBudgets, rateLimits: setRateLimits, spans }
  })
}
