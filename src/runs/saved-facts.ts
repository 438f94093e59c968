import { inArray, sql } from 'drizzle-orm'
import { parseNano } from '../base/money.ts'
import { USAGE_UNITS, type Usage, type UsageUnit } from '../base/usage.ts'
import { callCandidate } from '../calls/fallback.ts'
import { pricesOf } from '../calls/price.ts'
import { STEP_NAMES, type StepName } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { connections } from '../db/schema/index.ts'
import { chargedPrice } from '../ledger/cost-steps.ts'
import type { PriceSet } from '../prices/match.ts'
import type { Run } from './runs.ts'
import type { CallGroup, Fraction, SavingFacts } from './saved-steps.ts'
import { perCallIn, settingsOf, stepsOf } from './settings.ts'
import type { KeptPlan } from './view.ts'

/** What a run's ledger entries, items and values say of what its steps saved. */
export async function readSavingFacts(
  tx: Tx,
  run: Run,
  { currency, plan }: { currency: string; plan: KeptPlan | undefined },
): Promise<SavingFacts> {
  const { id: runId } = run
  const ways = await rowsOf<{ way: 'rules' | 'filled' | null; settled: number; escalated: number }>(
    tx,
    sql`select way, count(*)::integer as settled, (count(*) filter (where escalated is not null))::integer as escalated
        from run_items where run_id = ${runId}::uuid and (state in ('done', 'flagged') or state = 'failed' and error_code like 'output.%')
        group by way`,
  )
  const steps = stepsOn(run, plan)
  const values = steps.includes('rules') ? await valuesByRules(tx, runId) : { whole: 0, products: 0 }
  const of = (way: (typeof ways)[number]['way']): number => ways.find((row) => row.way === way)?.settled ?? 0
  const calls = await readCalls(tx, run, currency)
  return {
    steps,
    currency,
    calls,
    unchanged: run.plan?.unchanged ?? plan?.steps.find(({ step }) => step === 'unchanged')?.count ?? 0,
    asked: of(null),
    filled: of('filled'),
    ruled: of('rules'),
    ruledInPart: Math.max(0, values.products - of('rules')),
    valuesByRules: values.whole,
    escalated: ways.reduce((sum, { escalated }) => sum + escalated, 0),
    hasSecond: looksTwice(run),
    partQuoted: plan && partQuoted(plan),
  }
}

/** Values that rules found whole, and the products of which they found something. */
async function valuesByRules(tx: Tx, runId: string): Promise<{ whole: number; products: number }> {
  const [found] = await rowsOf<{ whole: number; products: number }>(
    tx,
    sql`select (count(*) filter (where provenance ->> 'kind' = 'rule'))::integer as whole, count(distinct product_id)::integer as products
        from value_changes where run_id = ${runId}::uuid and provenance -> 'rules' is not null`,
  )
  return found!
}

/** As the plan says, which knows that a provider caches by itself; else as the run was asked. */
function stepsOn(run: Run, plan: KeptPlan | undefined): StepName[] {
  if (plan) return STEP_NAMES.filter((step) => plan.steps.some((row) => row.step === step && row.on))
  const { rules, siblings, caching, cheapFirst, batch } = stepsOf(run)
  const on = { unchanged: true, rules, siblings, perCall: perCallIn(run) > 1, caching, cheapFirst, batch }
  return STEP_NAMES.filter((step) => on[step])
}

/** The middle of what was quoted, of so many products. */
function partQuoted({ ruledInPart: { products, low, high } }: KeptPlan): Fraction | undefined {
  if (products === 0 || low === null || high === null) return undefined
  return { nano: parseNano(low) + parseNano(high), of: 2n * BigInt(products) }
}

/** Whether what the first candidates leave flagged went to somebody else. */
const looksTwice = (run: Run): boolean =>
  stepsOf(run).cheapFirst && (settingsOf(run)?.candidates.some(({ rules }) => rules.flaggedByFirst === true) ?? false)

interface CallRow {
  readonly connectionId: string
  readonly model: string
  readonly isBatch: boolean
  readonly isFree: boolean
  readonly priceRows: string[] | null
  readonly isInCurrency: boolean
  readonly calls: number
  readonly answered: number
  readonly unknown: number
  readonly cost: string
  readonly list: string
  readonly listUnknown: number
  readonly system: string
  readonly usage: Record<string, string | null>
}

async function readCalls(tx: Tx, run: Run, currency: string): Promise<CallGroup[]> {
  const units = sql.join(
    USAGE_UNITS.map(
      (unit) => sql`${sql.param(unit)}::text, (sum((usage ->> ${sql.param(unit)}::text)::numeric) filter (where ${ANSWERED}))::text`,
    ),
    sql`, `,
  )
  const rows = await rowsOf<CallRow>(
    tx,
    sql`select connection_id as "connectionId", requested_model as model, coalesce(service_tier = 'batch', false) as "isBatch",
          coalesce(cost_source = 'free', false) as "isFree", price_rows as "priceRows", currency = ${currency} as "isInCurrency",
          count(*)::integer as calls, (count(*) filter (where ${ANSWERED}))::integer as answered,
          (count(*) filter (where ${ANSWERED} and cost_nano is null))::integer as unknown,
          coalesce(sum(cost_nano), 0)::text as cost,
          coalesce(sum(case when service_tier = 'batch' then coalesce(list_cost_nano, cost_nano) else cost_nano end), 0)::text as list,
          (count(*) filter (where service_tier = 'batch' and cost_nano > 0 and list_cost_nano is null))::integer as "listUnknown",
          coalesce(sum((input_parts ->> 'system')::numeric) filter (where ${ANSWERED}), 0)::text as system,
          jsonb_build_object(${units}) as usage
        from ledger_entries where origin = ${`run:${run.id}`} and outcome <> 'not_sent' group by 1, 2, 3, 4, 5, 6`,
  )
  const providers = await providersOf(tx, rows)
  const second = secondPrices(run)
  return rows.map((row): CallGroup => {
    const { calls, answered, isBatch, isFree, isInCurrency, listUnknown } = row
    const provider = providers.get(row.connectionId) ?? null
    const looksAgain = second.isLooking(row)
    return {
      calls,
      answered,
      answeredAtUnknownCost: isInCurrency ? row.unknown : answered,
      costNano: isInCurrency ? BigInt(row.cost) : 0n,
      isBatch,
      listNano: isInCurrency ? BigInt(row.list) : 0n,
      listUnknown,
      usage: usageOf(row.usage),
      systemTokens: Number(row.system),
      priceOf: (unit) => (isFree ? 0n : chargedPrice(unit, { provider, rowIds: row.priceRows ?? [] })),
      looksAgain,
      second: looksAgain ? undefined : second.pricesFor(row),
    }
  })
}

const ANSWERED = sql`outcome = 'succeeded'`

const usageOf = (counts: CallRow['usage']): Usage =>
  Object.fromEntries(Object.entries(counts).flatMap(([unit, count]) => (count === null ? [] : [[unit as UsageUnit, Number(count)]])))

async function providersOf(tx: Tx, rows: readonly CallRow[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.map(({ connectionId }) => connectionId))]
  if (ids.length === 0) return new Map()
  const found = await tx
    .select({ id: connections.id, provider: connections.provider })
    .from(connections)
    .where(inArray(connections.id, ids))
  return new Map(found.map(({ id, provider }) => [id, provider]))
}

/** Who looks again in this run, and at which usual prices. */
function secondPrices(run: Run): {
  isLooking: (row: CallRow) => boolean
  pricesFor: (row: CallRow) => PriceSet | undefined
} {
  const candidates = looksTwice(run) ? settingsOf(run)!.candidates : []
  const placeOf = ({ connectionId, model }: CallRow): number =>
    candidates.findIndex((candidate) => candidate.connection.id === connectionId && candidate.model === model)
  const at = run.startedAt ?? run.createdAt
  return {
    isLooking: (row) => candidates[placeOf(row)]?.rules.flaggedByFirst === true,
    pricesFor(row) {
      const place = placeOf(row)
      const looking = candidates.find(({ rules }, other) => other > place && rules.flaggedByFirst === true)
      return looking && pricesOf({ candidate: callCandidate(looking), at })
    },
  }
}
