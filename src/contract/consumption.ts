import { z } from 'zod'
import { USAGE_UNITS, type UsageUnit } from '../base/usage.ts'
import { countQuery, defineRoute, idOf, instant, money, pageOf } from './route.ts'

/** What consumption can be grouped by. `model`: as served, else as requested. `member`: whoever acted, tokens and the command line too. */
export const GROUPINGS = ['day', 'originKind', 'origin', 'context', 'connection', 'model', 'member'] as const
export type Grouping = (typeof GROUPINGS)[number]

export const PERIODS = ['month', '7d', '30d', '90d'] as const
export type Period = (typeof PERIODS)[number]

/** No period is longer. */
export const MOST_DAYS = 366

const count = z.int().min(0)
const day = z.iso.date().meta({ description: 'A day in the workspace’s time zone' })
const text = z.string().min(1).max(300)

/** What calls are narrowed to. All that are given hold at once. */
const filters = {
  originKind: text.optional().meta({ description: 'What kind of thing caused the call: run, chat, test ...' }),
  origin: text.optional().meta({ description: 'What caused it: "run:<id>"' }),
  context: text.optional(),
  connectionId: idOf('connection').optional(),
  model: text.optional().meta({ description: 'As served, else as requested' }),
  member: text.optional().meta({ description: 'Who acted: "user:<id>", "token:<id>", "command"' }),
}

const period = {
  period: z.enum(PERIODS).optional().meta({ description: 'Ends today; without it and without dates: this month' }),
  from: day.optional(),
  to: day.optional().meta({ description: 'The last day, included' }),
}

/** Figures of some calls. Currencies are never added together, and what is unknown is counted, never taken as nothing. */
export const consumptionFigures = z
  .strictObject({
    calls: count.meta({ description: 'Calls that were sent, each attempt of a retry for itself' }),
    failedCalls: count,
    interruptedCalls: count.meta({ description: 'Cut off by a crash: nobody can say what they cost' }),
    cost: z.array(money).meta({ description: 'One for each currency, of the calls whose cost is known; empty: of none' }),
    unknownCostCalls: count.meta({ description: 'Not part of `cost`' }),
    estimated: z
      .strictObject({ calls: count, cost: z.array(money) })
      .meta({ description: 'The part of all this whose usage was estimated, not reported' }),
    tokens: z.strictObject({ input: count, cacheRead: count, cacheWrite: count, output: count }).meta({
      description: 'Disjoint: `input` is neither read from nor written to a cache; `output` has the reasoning in it',
    }),
    unknownUsageCalls: count.meta({ description: 'Calls that may have used tokens that nobody reported' }),
  })
  .meta({ id: 'ConsumptionFigures' })
export type ConsumptionFigures = z.output<typeof consumptionFigures>

/** A name for people; null where the key says it all, or nobody knows better. */
const name = z.string().nullable()

const group = z
  .strictObject({
    key: z.string().meta({ description: 'As the filter of the same name takes it; a day for groups by day' }),
    name,
    startedAt: instant.nullable().meta({ description: 'When it was made, where the key is an origin that has such a time' }),
    figures: consumptionFigures,
  })
  .meta({ id: 'ConsumptionGroup' })
export type ConsumptionGroup = z.output<typeof group>

const part = z.strictObject({
  key: z.string().nullable().meta({ description: 'One of `series`; null: all other groups together' }),
  cost: z.array(money),
  unknownCostCalls: count,
  calls: count,
  tokens: count,
})

export const consumption = z
  .strictObject({
    from: day,
    to: day,
    today: day,
    timeZone: z.string().meta({ description: 'IANA; where the days begin' }),
    currency: z.string().meta({ description: 'The workspace’s own; groups are ordered by their cost in it' }),
    by: z.enum(GROUPINGS),
    total: consumptionFigures,
    groups: z.array(group).meta({ description: 'The largest first, at most 200; by day: the newest first, days without a call left out' }),
    others: z
      .strictObject({ groups: count, figures: consumptionFigures })
      .nullable()
      .meta({ description: 'The groups beyond those, together' }),
    series: z
      .array(z.strictObject({ key: z.string(), name }))
      .meta({ description: 'The groups that `days` tells apart, at most 7; by day: none' }),
    days: z.array(z.strictObject({ day, parts: z.array(part) })).meta({ description: 'Every day of the period, the oldest first' }),
  })
  .meta({ id: 'Consumption' })
export type Consumption = z.output<typeof consumption>

export const readConsumption = defineRoute({
  id: 'consumption.read',
  method: 'get',
  path: '/api/v1/consumption',
  summary: 'Money, calls and tokens of a period, grouped and narrowed',
  needs: 'consumption.read',
  query: z.strictObject({ ...period, by: z.enum(GROUPINGS).default('day'), ...filters }),
  answer: consumption,
})

export const readMonthConsumption = defineRoute({
  id: 'consumption.month',
  method: 'get',
  path: '/api/v1/consumption/month',
  summary: 'What this month has cost so far, in the workspace’s time zone',
  needs: 'consumption.read',
  answer: z
    .strictObject({ month: z.string().meta({ description: '"2026-11"' }), timeZone: z.string(), figures: consumptionFigures })
    .meta({ id: 'MonthConsumption' }),
})

// ---- single calls ----------------------------------------------------------------------------------------------------------

export const OUTCOMES = ['succeeded', 'failed', 'interrupted', 'not_sent', 'cancelled'] as const
export const callOutcome = z.enum(OUTCOMES)
export type CallOutcomeView = z.output<typeof callOutcome>

const usage = z.partialRecord(z.enum(USAGE_UNITS as unknown as [UsageUnit, ...UsageUnit[]]), count)
const named = z.strictObject({ key: z.string(), name })

const begun = {
  id: idOf('call'),
  at: instant.meta({ description: 'When it was about to be made' }),
  origin: named,
  context: z.string(),
  connection: z.strictObject({ id: z.uuid(), name, provider: z.string().nullable() }),
  member: named,
  attempt: z.int().min(1).meta({ description: '2 and more: a retry of a call that failed' }),
  requestedModel: z.string(),
}

const summary = {
  ...begun,
  servedModel: z.string().nullable().meta({ description: 'null: the provider did not say' }),
  outcome: callOutcome,
  errorCode: z.string().nullable(),
  cost: money.nullable().meta({ description: 'null: unknown, which is not free' }),
  tokens: count.nullable().meta({ description: 'Input and output together; null: unknown' }),
  estimated: z.boolean().meta({ description: 'Its usage was estimated, not reported' }),
  durationMs: count,
}

export const callSummary = z.strictObject(summary).meta({ id: 'CallSummary' })
export type CallSummary = z.output<typeof callSummary>

export const listCalls = defineRoute({
  id: 'calls.list',
  method: 'get',
  path: '/api/v1/calls',
  summary: 'Single calls of a period, the newest first',
  needs: 'consumption.read',
  query: z.strictObject({
    ...period,
    ...filters,
    outcome: callOutcome.optional(),
    cost: z.enum(['known', 'unknown']).optional(),
    cursor: z.uuid().optional(),
    limit: countQuery(200, 50),
  }),
  answer: pageOf(callSummary),
})

/** One unit's part of a cost: count x price, before anything is rounded. */
const costStep = z
  .strictObject({
    unit: z.string(),
    count,
    price: z.string().nullable().meta({ description: 'Plain decimals; null: no price row for this unit is on record' }),
    per: z.enum(['million', 'hour', 'one']).meta({ description: 'What the price is for' }),
    amount: z.string().nullable().meta({ description: 'count x price, exact' }),
    row: z.string().nullable().meta({ description: 'The price row’s id' }),
    source: z.string().nullable().meta({ description: 'Where the price was published; null: the row is no longer in the price book' }),
    sourceUrl: z.string().nullable(),
    checkedAt: z.string().nullable().meta({ description: 'The day the source was read' }),
  })
  .meta({ id: 'CostStep' })
export type CostStep = z.output<typeof costStep>

/** What is known of a call before it ends. */
export const callInFlight = z
  .strictObject({
    state: z.literal('in_flight'),
    ...begun,
    atMost: money.nullable().meta({ description: 'What its budgets hold for it; null: no price is known' }),
  })
  .meta({ id: 'CallInFlight' })
export type CallInFlight = z.output<typeof callInFlight>

export const callDetail = z
  .strictObject({
    state: z.literal('ended'),
    ...summary,
    keyVersion: z.int().meta({ description: 'Of the connection’s key: 1 is its first' }),
    serviceTier: z.string().nullable(),
    providerRequestId: z.string().nullable().meta({ description: 'What to tell the provider’s support' }),
    status: z.int().nullable().meta({ description: 'HTTP status of the provider’s answer; null: none came' }),
    usage: usage.nullable().meta({ description: 'Disjoint units; an absent one is unknown or does not apply; null: all unknown' }),
    usageSource: z.enum(['reported', 'counted', 'estimated']).nullable(),
    inputParts: z
      .record(z.string(), count)
      .nullable()
      .meta({ description: 'Tokens by part of the input, counted by Latchkey before sending' }),
    costSource: z.enum(['declared', 'rate_card', 'price_book', 'free', 'not_billed']).nullable(),
    listCost: money.nullable().meta({ description: 'By published prices, where they are not what was charged' }),
    charged: money.meta({ description: 'What its budgets were charged: the cost, or the worst case where that is unknown' }),
    budgets: count.meta({ description: 'How many budgets it counts towards' }),
    steps: z.array(costStep).meta({ description: 'How the cost comes about; empty where no price list was used' }),
    stepsMatch: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether the steps, summed and rounded once, are the cost; null: there are none' }),
    times: z.strictObject({ intended: instant, sent: instant.nullable(), firstByte: instant.nullable(), ended: instant }),
  })
  .meta({ id: 'Call' })
export type CallDetail = z.output<typeof callDetail>

export const readCall = defineRoute({
  id: 'calls.read',
  method: 'get',
  path: '/api/v1/calls/{callId}',
  summary: 'Everything on record about one call, or what is known of it while it is under way',
  needs: 'consumption.read',
  params: z.strictObject({ callId: idOf('call') }),
  answer: z.discriminatedUnion('state', [callDetail, callInFlight]),
})
