import { z } from 'zod'
import { productSelection } from './catalogue.ts'
import { recipeGiven } from './recipes.ts'
import { askedSteps, runSteps } from './run-steps.ts'
import { amount, countQuery, defineRoute, idOf, instant, money, pageOf } from './route.ts'

const runId = idOf('run')
const params = z.strictObject({ runId })

/** A range of money in one currency. */
export const moneyRange = z.strictObject({ currency: z.string().length(3), low: z.string(), high: z.string() }).meta({ id: 'MoneyRange' })
export type MoneyRangeView = z.output<typeof moneyRange>

const countRange = z.strictObject({ low: z.number(), high: z.number() })

/** Why a quote is a range: a code with its figures, and the same in English. */
const reason = z
  .strictObject({ code: z.string(), values: z.record(z.string(), z.union([z.string(), z.number()])), text: z.string() })
  .meta({ id: 'Reason' })
export type ReasonView = z.output<typeof reason>

/** Where the prices of a model come from; `checkedAt`: the day on which the oldest of them was looked up. */
const priceSource = z
  .strictObject({ kind: z.enum(['price_book', 'own']), source: z.string().nullable(), checkedAt: z.string().nullable(), free: z.boolean() })
  .meta({ id: 'PriceSource' })

/** What a connection and model will cost. `cost` null: no price is known in the workspace's currency, which is not free. */
export const quoteView = z
  .strictObject({
    products: z.int(),
    calls: z.int(),
    cost: moneyRange.nullable(),
    perProduct: moneyRange.nullable(),
    inputTokens: countRange,
    outputTokens: countRange,
    prices: priceSource.nullable(),
    reasons: z.array(reason),
  })
  .meta({ id: 'Quote' })
export type QuoteView = z.output<typeof quoteView>

/** The steps of a plan that save, in the order in which they are taken. */
export const STEP_NAMES = ['unchanged', 'rules', 'siblings', 'perCall', 'caching', 'cheapFirst', 'batch'] as const
export type StepName = (typeof STEP_NAMES)[number]
const stepName = z.enum(STEP_NAMES)

/** What each step of a plan saves, in the order in which they are taken. */
export const planView = z
  .strictObject({
    naive: moneyRange.nullable().meta({ description: 'Every product in a call of its own, without any step; null: no price is known' }),
    steps: z.array(
      z.strictObject({
        step: stepName,
        on: z.boolean(),
        because: reason.nullable().meta({ description: 'Why it changes nothing here; null: it does' }),
        count: z.int().nullable().meta({ description: 'Products that it spares, or that share a call' }),
        inputTokens: countRange,
        outputTokens: countRange,
        saves: moneyRange.nullable().meta({ description: 'Against the plan without it; of a step that is off, what it would save' }),
      }),
    ),
  })
  .meta({ id: 'Plan' })
export type PlanView = z.output<typeof planView>

/** Who serves: a connection with a model. */
export const servedBy = z
  .strictObject({ connectionId: idOf('connection'), model: z.string().trim().min(1).max(200) })
  .meta({ id: 'ServedBy' })

const candidate = z
  .strictObject({
    position: z.int().meta({ description: '0 is asked first' }),
    connectionId: z.uuid(),
    connectionSlug: z.string(),
    connectionLabel: z.string(),
    provider: z.string(),
    model: z.string(),
    items: z.int().meta({ description: 'Products that were planned for it' }),
    quote: quoteView.nullable(),
  })
  .meta({ id: 'RunCandidate' })

export const runState = z.enum(['ready', 'running', 'paused', 'finished', 'cancelled'])
export type RunState = z.output<typeof runState>

/** How many products of a run stand where. */
const counts = z
  .strictObject({
    total: z.int().meta({ description: 'Products that the run writes' }),
    waiting: z.int().meta({ description: 'Those under way count as waiting' }),
    done: z.int(),
    flagged: z.int(),
    failed: z.int(),
    unchanged: z.int().meta({ description: 'Selected, and left out: their values are there already and cost nothing' }),
  })
  .meta({ id: 'RunCounts' })

/** Requests that a provider's batch service has, or is being handed. */
export const runBatch = z
  .strictObject({
    id: z.uuid(),
    candidate: z.int().meta({ description: 'Whose provider has it: place among the run’s candidates' }),
    state: z.enum(['submitting', 'working', 'cancelling']),
    requests: z.int(),
    done: z.int().meta({ description: 'Requests, by the provider’s last word' }),
    failed: z.int(),
    submittedAt: instant.nullable(),
    expiresAt: instant.nullable().meta({ description: 'When it ends at the latest' }),
    problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable().meta({ description: 'Why it cannot be followed now' }),
  })
  .meta({ id: 'RunBatch' })
export type RunBatchView = z.output<typeof runBatch>

/** What a page shows of a run while it goes on. */
const progress = {
  state: runState,
  planning: z
    .strictObject({ looked: z.int(), of: z.int() })
    .nullable()
    .meta({ description: 'Set while its products are still being looked at: it can be started when that is over' }),
  counts,
  spent: money.meta({ description: 'Calls of unknown cost count with their worst case' }),
  quoted: moneyRange.nullable(),
  cap: money.nullable(),
  pause: z
    .strictObject({
      code: z.string(),
      detail: z.string(),
      budget: z
        .strictObject({ id: z.uuid(), name: z.string() })
        .optional()
        .meta({ description: 'Which budget has no room; absent with "budget.exceeded": the run’s own cap' }),
    })
    .nullable()
    .meta({ description: 'Why it is paused, with the remedy' }),
  /** The canary has run; the rest waits for someone's word. */
  waitsForApproval: z.boolean(),
  batches: z.array(runBatch).meta({ description: 'That have not ended, oldest first' }),
}

export const runProgress = z
  .strictObject({
    ...progress,
    ratePerMinute: z.number().nullable().meta({ description: 'Products over the last minute; null: not known yet' }),
    secondsLeft: countRange.nullable().meta({ description: 'null: not known' }),
  })
  .meta({ id: 'RunProgress' })
export type RunProgressView = z.output<typeof runProgress>

export const runView = z
  .strictObject({
    id: runId,
    kind: z.string(),
    ...progress,
    recipeId: z.uuid().nullable(),
    recipeName: z.string().nullable(),
    locale: z.string().nullable(),
    attributes: z.array(z.string()).meta({ description: 'What it writes' }),
    source: z.string().nullable().meta({ description: 'The file, for runs of the command line' }),
    selected: z.int().meta({ description: 'Products in its selection' }),
    canary: z.int().nullable().meta({ description: 'So many products run first; null: none' }),
    concurrency: z.int(),
    candidates: z.array(candidate),
    quote: quoteView.nullable().meta({ description: 'Of the whole run, made when it was planned; null while it is planned' }),
    quoteAfterCanary: quoteView.nullable(),
    practice: z.boolean().meta({ description: 'Its values are practice, not AI' }),
    steps: runSteps,
    createdBy: z.string(),
    createdAt: instant,
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
  })
  .meta({ id: 'Run' })
export type RunView = z.output<typeof runView>

export const addRun = defineRoute({
  id: 'runs.add',
  method: 'post',
  path: '/api/v1/runs',
  summary: 'Makes a run over a selection of products, and begins to plan it; nothing is spent before it is started',
  needs: 'runs.write',
  body: z.strictObject({
    selection: productSelection,
    recipe: recipeGiven.optional().meta({ description: 'Or `recipeId`' }),
    recipeId: idOf('recipe').optional().meta({ description: 'The stored recipe it is made from; with `recipe` only for its name' }),
    servedBy: servedBy.optional().meta({ description: 'Absent: as the workspace assigned for enrichment' }),
    cap: amount.optional().meta({ description: 'The most it may spend, in the workspace’s currency; absent: no cap' }),
    canary: z.int().min(1).max(100_000).optional(),
    steps: askedSteps.optional().meta({ description: 'How it costs less; what is absent: as usual' }),
    concurrency: z.int().min(1).max(100).optional().meta({ description: 'Calls at the same time; 8 when absent' }),
    startIfAtMost: amount.optional().meta({
      description:
        'Starts by itself when its quote is known and its high end is no more than this; else, and when absent, it waits to be started',
    }),
  }),
  answer: runView,
})

export const listRuns = defineRoute({
  id: 'runs.list',
  method: 'get',
  path: '/api/v1/runs',
  summary: 'The workspace’s runs, newest first',
  needs: 'runs.read',
  query: z.strictObject({
    state: runState.optional(),
    recipeId: idOf('recipe').optional(),
    createdBy: z.string().max(100).optional(),
    limit: countQuery(100, 50),
    cursor: z.uuid().optional(),
  }),
  answer: pageOf(runView),
})

export const readRun = defineRoute({
  id: 'runs.read',
  method: 'get',
  path: '/api/v1/runs/{runId}',
  summary: 'One run, with its quote and how far it is',
  needs: 'runs.read',
  params,
  answer: runView,
})

const command = <const Id extends string, const Path extends `/api/v1/${string}`>(id: Id, path: Path, summary: string) =>
  defineRoute({ id, method: 'post', path, summary, needs: 'runs.write', params, answer: runView })

export const startRun = command('runs.start', '/api/v1/runs/{runId}/start', 'Starts a planned run: from here on it spends')
export const pauseRun = command('runs.pause', '/api/v1/runs/{runId}/pause', 'Hands out no more products; calls under way end and are kept')
export const resumeRun = command(
  'runs.resume',
  '/api/v1/runs/{runId}/resume',
  'Continues a paused run; after a canary, this approves the rest',
)
export const cancelRun = command(
  'runs.cancel',
  '/api/v1/runs/{runId}/cancel',
  'Ends a run for good: what it wrote stays, the rest is dropped',
)

export const retryRun = defineRoute({
  id: 'runs.retry',
  method: 'post',
  path: '/api/v1/runs/{runId}/retry',
  summary: 'Tries failed products again: one, or all',
  needs: 'runs.write',
  params,
  body: z.strictObject({ position: z.int().min(1).optional().meta({ description: 'Only this one' }) }),
  answer: runView,
})

export const changeRunCap = defineRoute({
  id: 'runs.changeCap',
  method: 'put',
  path: '/api/v1/runs/{runId}/cap',
  summary: 'Changes the most that a run may spend',
  needs: 'runs.write',
  params,
  body: z.strictObject({ cap: amount.nullable() }),
  answer: runView,
})

export const watchRun = defineRoute({
  id: 'runs.watch',
  method: 'get',
  path: '/api/v1/runs/{runId}/events',
  summary: 'How far a run is: now, then at most once a second, until it ends',
  needs: 'runs.read',
  params,
  gives: 'events',
  answer: runProgress,
})

const usage = z.record(z.string(), z.number()).meta({ description: 'Units consumed, by unit' })
const line = {
  calls: z.int(),
  cost: z.array(money).meta({ description: 'Known costs, one a currency' }),
  unknownCostCalls: z.int(),
}

const whyNotKnown = z.enum(['cost_unknown', 'none_asked', 'price_unknown', 'second_unknown', 'list_unknown', 'not_quoted'])
export type WhyNotKnown = z.output<typeof whyNotKnown>

/** What the steps of a run saved, counted backwards from what its calls cost, beside what was quoted of each. */
const runSavings = z
  .strictObject({
    steps: z.array(
      z.strictObject({
        step: stepName,
        because: reason.nullable().meta({ description: 'Why it was planned to change nothing; null: it was not' }),
        quoted: moneyRange
          .nullable()
          .meta({ description: 'What it was quoted to save; null: no price was known, or the quote says nothing of it' }),
        quotedCount: z.int().nullable().meta({ description: 'As `count` was quoted, of unchanged, rules and siblings' }),
        count: z.int().meta({
          description:
            'unchanged: products left out; rules: products they found values for; siblings: products filled in; perCall: calls that were not needed; ' +
            'caching: tokens read from a cache; cheapFirst: products that the second model was not asked about; batch: calls at the batch price',
        }),
        values: z.int().nullable().meta({ description: 'rules: values that they found whole; null: other steps' }),
        saved: money.nullable().meta({ description: 'Less than 0: it cost more than it saved; null: not known, see `unknown`' }),
        unknown: whyNotKnown.nullable().meta({ description: 'Why it is not known what it saved' }),
      }),
    ),
    saved: money.nullable().meta({ description: 'All steps; null: one of them is not known' }),
    without: money.nullable().meta({ description: 'What the run would have cost without them: its known cost and what they saved' }),
  })
  .meta({ id: 'RunSavings', description: 'The steps that were on; a figure is of what happened, not of the plan' })
export type RunSavingsView = z.output<typeof runSavings>

export const runReceipt = z
  .strictObject({
    quoted: moneyRange.nullable(),
    ...line,
    retries: z.int().meta({ description: 'Calls that were a further attempt' }),
    usage,
    products: counts,
    saved: runSavings,
    byModel: z.array(z.strictObject({ model: z.string(), ...line, usage })),
    byConnection: z.array(z.strictObject({ connectionId: z.uuid(), slug: z.string(), label: z.string(), ...line })),
    byOutcome: z.array(z.strictObject({ outcome: z.string(), errorCode: z.string().nullable(), ...line })),
    byPart: z
      .array(z.strictObject({ part: z.string(), tokens: z.int() }))
      .meta({ description: 'Input by part, as Latchkey counted it before it was sent' }),
    unknownCalls: z
      .array(z.strictObject({ callId: z.uuid(), at: instant, model: z.string(), outcome: z.string(), errorCode: z.string().nullable() }))
      .meta({ description: 'Calls of unknown cost, the first 100' }),
    seconds: z.number().nullable(),
  })
  .meta({ id: 'RunReceipt' })
export type RunReceiptView = z.output<typeof runReceipt>

export const readRunReceipt = defineRoute({
  id: 'runs.receipt',
  method: 'get',
  path: '/api/v1/runs/{runId}/receipt',
  summary: 'What a run cost, against its quote',
  needs: 'runs.read',
  params,
  answer: runReceipt,
})

export const runItem = z
  .strictObject({
    position: z.int(),
    productId: idOf('product'),
    identifier: z.string(),
    name: z.string().nullable(),
    state: z.enum(['waiting', 'done', 'flagged', 'failed']),
    code: z.string().nullable(),
    detail: z.string().nullable(),
    cost: money.nullable().meta({ description: 'Its share of its calls; null: unknown, or not asked yet' }),
    settledAt: instant.nullable(),
  })
  .meta({ id: 'RunItem' })

export const listRunItems = defineRoute({
  id: 'runs.items',
  method: 'get',
  path: '/api/v1/runs/{runId}/items',
  summary: 'The products of a run in its order, such as those that failed',
  needs: 'runs.read',
  params,
  query: z.strictObject({
    state: z.enum(['waiting', 'done', 'flagged', 'failed']).optional(),
    limit: countQuery(200, 50),
    cursor: z.string().max(200).optional(),
  }),
  answer: pageOf(runItem),
})

// ---- before a run -----------------------------------------------------------------------------------------------------------

export const quoteSelection = defineRoute({
  id: 'enrichment.quote',
  method: 'post',
  path: '/api/v1/enrichment/quotes',
  summary: 'What a selection will cost on several models, side by side; spends nothing',
  needs: 'runs.read',
  body: z.strictObject({
    selection: productSelection,
    recipe: recipeGiven,
    models: z.array(servedBy).max(12).meta({ description: 'Empty: as the workspace assigned' }),
    steps: askedSteps.optional(),
  }),
  answer: z.strictObject({
    selected: z.int().meta({ description: 'Products in the selection' }),
    counted: z.int().meta({ description: 'Products whose records were counted; fewer than selected: scaled up from the first ones' }),
    perCall: z.int().meta({ description: 'How many products a call is best made of' }),
    quotes: z.array(
      z.strictObject({
        connectionId: z.uuid(),
        connectionSlug: z.string(),
        connectionLabel: z.string(),
        provider: z.string(),
        model: z.string(),
        assigned: z.boolean().meta({ description: 'It is what the workspace assigned' }),
        unchanged: z.int().meta({ description: 'Products that have their values from this model already' }),
        quote: quoteView,
        plan: planView,
      }),
    ),
  }),
})

const trialBody = z.strictObject({ productId: idOf('product'), recipe: recipeGiven, servedBy: servedBy.optional() })

export const quoteTrial = defineRoute({
  id: 'enrichment.quoteTrial',
  method: 'post',
  path: '/api/v1/enrichment/trial-quotes',
  summary: 'What trying a recipe on one product would send, and cost at most; spends nothing',
  needs: 'runs.read',
  body: trialBody,
  answer: z.strictObject({
    connectionId: z.uuid(),
    connectionSlug: z.string(),
    provider: z.string(),
    model: z.string(),
    system: z.string(),
    user: z.string(),
    inputTokens: z.int(),
    atMost: money.nullable().meta({ description: 'The trial’s own cap; null: no price is known, so there is none' }),
  }),
})

/** What is checked in a value of a trial. */
const trialValue = z
  .strictObject({
    field: z.string(),
    attribute: z.string(),
    value: z.unknown().meta({ description: 'null: the data says too little for one' }),
    current: z.unknown(),
    problem: z.strictObject({ kind: z.string(), detail: z.string() }).nullable().meta({ description: 'Why it would be asked for again' }),
    flags: z.array(z.strictObject({ reason: z.string(), text: z.string() })),
  })
  .meta({ id: 'TrialValue' })

export const tryRecipe = defineRoute({
  id: 'enrichment.try',
  method: 'post',
  path: '/api/v1/enrichment/trials',
  summary: 'Tries a recipe on one product with one real call; keeps nothing in the product',
  needs: 'runs.write',
  body: trialBody,
  answer: z.strictObject({
    trialId: z.uuid(),
    callId: z.uuid().nullable(),
    connectionSlug: z.string(),
    provider: z.string(),
    model: z.string(),
    practice: z.boolean(),
    system: z.string(),
    user: z.string(),
    answer: z.string().nullable(),
    cutShort: z.boolean(),
    values: z.array(trialValue),
    usage: usage.nullable(),
    cost: money.nullable().meta({ description: 'null: unknown' }),
    failure: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    seconds: z.number(),
  }),
})
