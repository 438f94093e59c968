import { and, desc, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { formatNano } from '../base/money.ts'
import type { Usage } from '../base/usage.ts'
import type { CallDetail, CallInFlight, CallOutcomeView, CallSummary } from '../contract/consumption.ts'
import type { Database, Tx } from '../db/database.ts'
import { callIntents, ledgerEntries } from '../db/schema/index.ts'
import { costSteps } from './cost-steps.ts'
import { type CallFilters, MODEL_OF_ENTRY, narrowedTo } from './filters.ts'
import { type Names, namesOf } from './names.ts'
import { daysOf, onDays, type PeriodAsked } from './period.ts'

type Entry = typeof ledgerEntries.$inferSelect

export interface CallsAsked {
  readonly workspaceId: string
  readonly now: Date
  readonly asked: PeriodAsked
  readonly filters: CallFilters & { readonly outcome?: CallOutcomeView | undefined; readonly cost?: 'known' | 'unknown' | undefined }
  readonly cursor: string | undefined
  readonly limit: number
}

/** A page of a workspace's calls, the newest first. Calls that were not sent come only when they are asked for. */
export async function listCalls(
  database: Database,
  { workspaceId, now, asked, filters, cursor, limit }: CallsAsked,
): Promise<{ items: CallSummary[]; nextCursor: string | null }> {
  const { outcome, cost } = filters
  const entries = await database.inWorkspace(workspaceId, async (tx) => {
    const days = await daysOf(tx, { asked, workspaceId, now })
    return tx
      .select()
      .from(ledgerEntries)
      .where(
        and(
          onDays(sql`intended_at`, days),
          narrowedTo(filters, MODEL_OF_ENTRY),
          outcome ? eq(ledgerEntries.outcome, outcome) : ne(ledgerEntries.outcome, 'not_sent'),
          cost === 'unknown' ? isNull(ledgerEntries.costNano) : cost === 'known' ? isNotNull(ledgerEntries.costNano) : undefined,
          cursor === undefined ? undefined : await after(tx, cursor),
        ),
      )
      .orderBy(desc(ledgerEntries.intendedAt), desc(ledgerEntries.id))
      .limit(limit + 1)
  })
  const page = entries.slice(0, limit)
  const names = await namesFor(database, workspaceId, page)
  return { items: page.map((entry) => toSummary(entry, names)), nextCursor: entries.length > limit ? page.at(-1)!.id : null }
}

/**
 * The latest calls that these origins caused, and those under way, the newest first. Reads so many rows of each origin and no more,
 * however long the ledger is: it is asked every few seconds.
 */
export async function latestCalls(
  database: Database,
  { workspaceId, origins, limit }: { workspaceId: string; origins: readonly string[]; limit: number },
): Promise<{ inFlight: CallInFlight[]; items: CallSummary[] }> {
  if (origins.length === 0) return { inFlight: [], items: [] }
  const { entries, intents } = await database.inWorkspace(workspaceId, async (tx) => {
    const latest = sql`
      select latest.id
      from unnest(${sql.param([...origins])}::text[]) as asked(origin)
      cross join lateral (
        select id, intended_at from ledger_entries where origin = asked.origin order by intended_at desc limit ${limit}::int
      ) latest
      order by latest.intended_at desc limit ${limit}::int`
    return {
      entries: await tx
        .select()
        .from(ledgerEntries)
        .where(sql`${ledgerEntries.id} in (${latest})`)
        .orderBy(desc(ledgerEntries.intendedAt), desc(ledgerEntries.id)),
      intents: await tx
        .select()
        .from(callIntents)
        .where(inArray(callIntents.origin, [...origins]))
        .orderBy(desc(callIntents.intendedAt), desc(callIntents.id))
        .limit(limit),
    }
  })
  const names = await namesFor(database, workspaceId, [...entries, ...intents])
  return { inFlight: intents.map((intent) => toInFlight(intent, names)), items: entries.map((entry) => toSummary(entry, names)) }
}

/** What follows the call `cursor`; its time is read first, so that the comparison is one that an index serves. */
async function after(tx: Tx, cursor: string) {
  const [last] = await tx
    .select({ at: sql<string>`${ledgerEntries.intendedAt}::text` })
    .from(ledgerEntries)
    .where(eq(ledgerEntries.id, cursor))
  if (!last) throw new AppError('request.invalid', 'This cursor is of no list here. Read the list from its beginning.')
  return sql`(intended_at, id) < (${last.at}::timestamptz, ${cursor}::uuid)`
}

/** Everything on record about one call, or what is known of it while it is under way. @throws AppError call.missing */
export async function readCall(
  database: Database,
  { workspaceId, callId }: { workspaceId: string; callId: string },
): Promise<CallDetail | CallInFlight> {
  const { entry, intent } = await database.inWorkspace(workspaceId, async (tx) => {
    // The intent first: a call that ends in between is found as an entry.
    const [begun] = await tx.select().from(callIntents).where(eq(callIntents.id, callId))
    const [ended] = await tx.select().from(ledgerEntries).where(eq(ledgerEntries.id, callId))
    return { entry: ended, intent: begun }
  })
  if (!entry && intent) return toInFlight(intent, await namesFor(database, workspaceId, [intent]))
  if (!entry) throw new AppError('call.missing', 'There is no such call in this workspace.')
  const names = await namesFor(database, workspaceId, [entry])
  const provider = names.connections.get(entry.connectionId)?.provider ?? null
  const nano = entry.costSource === 'declared' ? entry.listCostNano : entry.costNano
  const { steps, match } = costSteps({ provider, usage: entry.usage, rowIds: entry.priceRows ?? [], nano })
  const { keyVersion, serviceTier, providerRequestId, status, usage, usageSource, inputParts, costSource, listCostNano, currency } = entry
  return {
    state: 'ended',
    ...toSummary(entry, names),
    keyVersion,
    serviceTier,
    providerRequestId,
    status,
    usage,
    usageSource,
    inputParts,
    costSource,
    listCost: listCostNano === null ? null : { currency, amount: formatNano(listCostNano) },
    charged: { currency, amount: formatNano(entry.chargedNano) },
    budgets: entry.budgetIds.length,
    steps,
    stepsMatch: match,
    times: {
      intended: entry.intendedAt.toISOString(),
      sent: entry.sentAt?.toISOString() ?? null,
      firstByte: entry.firstByteAt?.toISOString() ?? null,
      ended: entry.endedAt.toISOString(),
    },
  }
}

type Known = Pick<Entry, 'id' | 'intendedAt' | 'origin' | 'context' | 'connectionId' | 'actor' | 'attempt' | 'requestedModel'>

const namesFor = (database: Database, workspaceId: string, calls: readonly Known[]): Promise<Names> =>
  namesOf(database, workspaceId, {
    connectionIds: calls.map(({ connectionId }) => connectionId),
    actors: calls.map(({ actor }) => actor),
    origins: calls.map(({ origin }) => origin),
  })

/** What is known of a call from its intent on. */
function knownOf({ id, intendedAt, origin, context, connectionId, actor, attempt, requestedModel }: Known, names: Names) {
  const connection = names.connections.get(connectionId)
  return {
    id,
    at: intendedAt.toISOString(),
    origin: { key: origin, name: names.origins.get(origin)?.name ?? null },
    context,
    connection: { id: connectionId, name: connection?.label ?? null, provider: connection?.provider ?? null },
    member: { key: actor, name: names.members.get(actor) ?? null },
    attempt,
    requestedModel,
  }
}

function toInFlight(intent: typeof callIntents.$inferSelect, names: Names): CallInFlight {
  const { worstCaseNano, currency } = intent
  const atMost = worstCaseNano === null ? null : { currency, amount: formatNano(worstCaseNano) }
  return { state: 'in_flight', ...knownOf(intent, names), atMost }
}

function toSummary(entry: Entry, names: Names): CallSummary {
  const { servedModel, outcome, errorCode, costNano, currency } = entry
  return {
    ...knownOf(entry, names),
    servedModel,
    outcome,
    errorCode,
    cost: costNano === null ? null : { currency, amount: formatNano(costNano) },
    tokens: tokensOf(entry),
    estimated: entry.usageSource === 'estimated',
    durationMs: Math.max(0, entry.endedAt.getTime() - entry.intendedAt.getTime()),
  }
}

/** Null is unknown. A call that surely did no work used none. */
function tokensOf({ usage, costSource }: Entry): number | null {
  if (!usage) return costSource === 'not_billed' ? 0 : null
  const units = Object.entries(usage) as [keyof Usage, number][]
  const tokens = units.filter(([unit]) => unit.endsWith('_tokens'))
  return tokens.length === 0 ? null : tokens.reduce((sum, [, count]) => sum + count, 0)
}
