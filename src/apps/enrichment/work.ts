import { inArray } from 'drizzle-orm'
import type { ErrorCode } from '../../base/errors.ts'
import { formatMoney, splitNano } from '../../base/money.ts'
import type { Usage } from '../../base/usage.ts'
import type { GeneratedValue } from '../../catalogue/changes.ts'
import { chat, type ChatCandidate, type ChatOutcome } from '../../calls/chat.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Tx } from '../../db/database.ts'
import { products as productTable, type Provenance } from '../../db/schema/index.ts'
import type { BudgetRefusal } from '../../ledger/intent.ts'
import { resultWrite } from '../../ledger/settlement.ts'
import type { ProviderFailure } from '../../providers/provider.ts'
import type { TokenCounter } from '../../providers/tokenizers.ts'
import type { LeasedItem, RunKind, SettledItem, UnitOutcome } from '../../runs/run-kind.ts'
import { newId } from '../../runtime/ids.ts'
import { flagValue } from './checks.ts'
import type { ObservedCall } from './observation.ts'
import { maxOutputTokens, OUTPUT_SCHEMA_NAME, outputSchema } from './output-schema.ts'
import { composePrompt, type ComposedPrompt } from './prompt.ts'
import { mergeReadings, readAnswer, type ReadProduct, repairPrompt } from './read-answer.ts'
import { columnOf, localeOf, type Recipe } from './recipe.ts'
import { type EnrichmentResult, writeEnrichmentResults } from './results.ts'
import { reasoningOf } from './reasoning.ts'
import { inputTokensAtMost, learningBounds, promptTokens, type PromptTokens } from './token-bounds.ts'

/** This kind of run, and the context whose assignment serves it. */
export const ENRICHMENT = 'enrichment'

/** A product handed to a worker, with what its source says of it. */
export interface EnrichmentSubject {
  readonly item: LeasedItem
  readonly identifier: string
  readonly values: Readonly<Record<string, unknown>>
}

export interface EnrichmentWork {
  readonly services: CallServices
  readonly workspaceId: string
  readonly runId: string
  readonly actor: string
  readonly budgetId: string
  readonly currency: string
  readonly recipe: Recipe
  readonly candidate: ChatCandidate
  readonly connectionSlug: string
  readonly counter: TokenCounter
  readonly decision: string // written into what is accepted: "accepted by command"
  readonly acceptFlagged: boolean
  /** Told of each answered call: what the quote learns from. */
  readonly onAnswered?: (call: ObservedCall) => void
}

/** One product as far as it has come: what it cost, and what was read for it. */
interface Progress {
  readonly subject: EnrichmentSubject
  readonly reading?: ReadProduct
  readonly callIds?: Readonly<Record<string, string>> // by field: the call that wrote it
  readonly costNano: bigint | undefined // undefined: a call of unknown cost was part of it
}

type ReadProgress = Progress & Required<Pick<Progress, 'reading' | 'callIds'>>

/** The run kind that writes product values: one call for each `perCall` products, and one more for what was not right. */
export function enrichmentWork(work: EnrichmentWork): RunKind<EnrichmentSubject> {
  const schema = outputSchema(work.recipe)
  const fixed = { schema, schemaText: JSON.stringify(schema), bounds: learningBounds() }
  return {
    id: ENRICHMENT,
    itemsPerUnit: work.recipe.perCall,
    load: loadSubjects,
    async perform(unit, signal) {
      const first = await ask(work, { ...fixed, signal, open: unit.map((subject) => ({ subject, costNano: 0n })), last: false })
      if (first.again.length === 0 || first.outcome.pause || first.outcome.noRoom) return first.outcome
      const second = await ask(work, { ...fixed, signal, open: first.again, last: true })
      return { ...second.outcome, settled: [...first.outcome.settled, ...second.outcome.settled] }
    },
  }
}

async function loadSubjects(tx: Tx, items: readonly LeasedItem[]): Promise<EnrichmentSubject[]> {
  const ids = items.map(({ subjectId }) => subjectId)
  const rows = await tx
    .select({ id: productTable.id, identifier: productTable.identifier, imported: productTable.imported })
    .from(productTable)
    .where(inArray(productTable.id, ids))
  const byId = new Map(rows.map((row) => [row.id, row]))
  return items.map((item) => {
    const product = byId.get(item.subjectId)
    if (!product) throw new Error(`item ${item.position} of run ${item.runId} has no product`)
    return { item, identifier: product.identifier, values: product.imported }
  })
}

interface Asked {
  readonly outcome: UnitOutcome
  readonly again: readonly Progress[] // to be asked once more
}

async function ask(
  work: EnrichmentWork,
  {
    schema,
    schemaText,
    bounds,
    signal,
    open,
    last,
  }: {
    schema: ReturnType<typeof outputSchema>
    schemaText: string
    bounds: ReturnType<typeof learningBounds>
    signal: AbortSignal
    open: readonly Progress[]
    last: boolean
  },
): Promise<Asked> {
  const { services, recipe, candidate, counter } = work
  const prompt = promptFor(recipe, open, last)
  const tokens = promptTokens(counter, prompt)
  const outputLimit = maxOutputTokens({ recipe, k: open.length, reasoningTokens: reasoningOf(candidate).room })
  const bound = bounds.raise({
    inputTokensAtMost: inputTokensAtMost({ counter, prompt, tokens, schemaText }),
    outputTokensAtMost: outputLimit,
  })
  const end = await chat<Asked>(services, {
    workspaceId: work.workspaceId,
    actor: work.actor,
    origin: `run:${work.runId}`,
    context: ENRICHMENT,
    candidate,
    budgetIds: [work.budgetId],
    currency: work.currency,
    system: prompt.system,
    user: prompt.user,
    schema,
    schemaName: OUTPUT_SCHEMA_NAME,
    maxOutputTokens: outputLimit,
    ...bound,
    inputParts: tokens,
    signal,
    settleWith: (outcome) => {
      if (outcome.kind === 'failed') return fail(work, open, outcome)
      if (outcome.usage) bounds.learn(bound, billedTokens(outcome.usage))
      return read(work, { open, prompt, tokens, outcome, last })
    },
  })
  switch (end.kind) {
    case 'settled':
      return end.value
    case 'no_room':
      // Products whose second question found no room start again when there is some.
      return { outcome: { settled: [], noRoom: capReached(end.refusal) }, again: [] }
    case 'refused':
      return { outcome: { settled: [], pause: { code: end.failure.code, detail: end.failure.detail } }, again: [] }
    case 'cancelled':
      return { outcome: { settled: [] }, again: [] }
  }
}

function promptFor(recipe: Recipe, open: readonly Progress[], last: boolean): ComposedPrompt {
  const asked = open.map(({ subject, reading }) => ({
    id: String(subject.item.position),
    values: subject.values,
    problems: reading?.problems ?? [],
  }))
  return last ? repairPrompt({ recipe, products: asked }) : composePrompt({ recipe, products: asked })
}

function read(
  work: EnrichmentWork,
  {
    open,
    prompt,
    tokens,
    outcome,
    last,
  }: {
    open: readonly Progress[]
    prompt: ComposedPrompt
    tokens: PromptTokens
    outcome: ChatOutcome & { kind: 'answered' }
    last: boolean
  },
): { value: Asked; writes: ReturnType<typeof resultWrite>[] } {
  if (outcome.usage && !last) work.onAnswered?.(observed({ usage: outcome.usage, products: open.length, tokens }))
  const answer = readAnswer({ text: outcome.text, recipe: work.recipe, ids: prompt.ids })
  const shares = shareCost(outcome.cost?.nano, open)
  const progress = open.map((entry, index): ReadProgress => {
    const now = answer.products[index]!
    const written = Object.fromEntries(Object.keys(now.values).map((field) => [field, outcome.callId]))
    return {
      subject: entry.subject,
      reading: entry.reading ? mergeReadings(entry.reading, now) : now,
      callIds: { ...written, ...entry.callIds }, // what passed first stays
      costNano: shares[index],
    }
  })
  const ended = progress.filter(({ reading }) => last || reading.problems.length === 0)
  const results = ended.map((entry) => resultOf(work, entry))
  const again = progress.filter(({ reading }) => !last && reading.problems.length > 0)
  return {
    value: { outcome: { settled: results.map(({ result }) => settledItem(result)) }, again },
    writes: [resultWrite(writeEnrichmentResults, results)],
  }
}

function observed({ usage, products, tokens }: { usage: Usage; products: number; tokens: PromptTokens }): ObservedCall {
  const { input, output } = billedTokens(usage)
  return { products, outputTokens: output, inputTokens: input, countedInputTokens: tokens.system + tokens.product }
}

/** All that is billed as input, cached or not, and as output, seen or not. */
const billedTokens = (usage: Usage): { input: number; output: number } => ({
  input:
    (usage.input_tokens ?? 0) + (usage.cache_read_tokens ?? 0) + (usage.cache_write_tokens ?? 0) + (usage.cache_write_long_tokens ?? 0),
  output: (usage.output_tokens ?? 0) + (usage.reasoning_tokens ?? 0),
})

/** Adds each product's equal share of a call's cost to what it cost so far. */
function shareCost(callNano: bigint | undefined, open: readonly Progress[]): (bigint | undefined)[] {
  if (callNano === undefined) return open.map(() => undefined)
  const shares = splitNano(
    callNano,
    open.map(() => 1n),
  )
  return open.map(({ costNano }, index) => (costNano === undefined ? undefined : costNano + shares[index]!))
}

function resultOf(work: EnrichmentWork, entry: ReadProgress): EnrichmentResult {
  const { item } = entry.subject
  const { workspaceId } = work
  const [problem] = entry.reading.problems
  const cost = entry.costNano === undefined ? {} : { costNano: entry.costNano }
  const values = generatedValues(work, entry)
  if (problem) {
    const errorCode: ErrorCode = problem.kind === 'no_answer' ? 'output.missing' : 'output.invalid'
    const errorDetail = problem.field ? `${problem.field}: ${problem.detail}` : problem.detail
    return { workspaceId, result: { item, state: 'failed', errorCode, errorDetail, ...cost }, values }
  }
  const flagged = values.some(({ flags }) => flags.length > 0)
  return { workspaceId, result: { item, state: flagged ? 'flagged' : 'done', ...cost }, values }
}

/** The values of the fields that passed: of a product that failed for one field the others are kept, they are paid for. */
function generatedValues(work: EnrichmentWork, { subject, reading, callIds }: ReadProgress): GeneratedValue[] {
  const { recipe, candidate } = work
  const kind: Provenance['kind'] = candidate.provider === 'practice' ? 'practice' : 'generated'
  const passed = recipe.fields.filter(({ name }) => Object.hasOwn(reading.values, name))
  return passed.map((field): GeneratedValue => {
    const value = reading.values[field.name] ?? null // null: the data says too little, where the recipe allows that
    const locale = localeOf(recipe, field)
    const flags = value === null ? [] : flagValue({ value, productValues: subject.values, locale })
    const accepted = flags.length === 0 || work.acceptFlagged
    return {
      id: newId(),
      productId: subject.item.subjectId,
      attribute: columnOf(field),
      locale,
      value,
      flags,
      state: accepted ? 'accepted' : 'proposed',
      ...(accepted ? { decision: work.decision } : {}),
      provenance: { kind, callId: callIds[field.name]!, model: candidate.model, connection: work.connectionSlug },
      runId: work.runId,
      workHash: subject.item.workHash,
    }
  })
}

/** The provider failed on these products alone: they end as failed, listed with the reason. */
function fail(
  work: EnrichmentWork,
  open: readonly Progress[],
  { failure, cost }: { failure: ProviderFailure; cost: { nano: bigint } | undefined },
): { value: Asked; writes: ReturnType<typeof resultWrite>[] } {
  const shares = shareCost(cost?.nano, open)
  const results = open.map(({ subject }, index): EnrichmentResult => {
    const share = shares[index]
    const result = { item: subject.item, state: 'failed' as const, errorCode: failure.code, errorDetail: failure.detail }
    return { workspaceId: work.workspaceId, result: share === undefined ? result : { ...result, costNano: share }, values: [] }
  })
  return {
    value: { outcome: { settled: results.map(({ result }) => settledItem(result)) }, again: [] },
    writes: [resultWrite(writeEnrichmentResults, results)],
  }
}

const settledItem = ({ item, state, errorCode }: EnrichmentResult['result']): SettledItem => ({
  position: item.position,
  state,
  ...(errorCode ? { errorCode } : {}),
})

function capReached({ currency, limitNano, spentNano, askedNano }: BudgetRefusal): { code: ErrorCode; detail: string } {
  const money = (nano: bigint): string => formatMoney({ nano, currency })
  return {
    code: 'budget.exceeded',
    detail: `The cap of ${money(limitNano)} is reached: ${money(spentNano)} are spent, and the next call could cost up to ${money(askedNano)}. Run the same command with a higher --cap: it continues here.`,
  }
}
