import type { ErrorCode } from '../../base/errors.ts'
import { splitNano } from '../../base/money.ts'
import type { ChatOutcome } from '../../calls/chat.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Provenance } from '../../db/schema/index.ts'
import { type ResultWrite, resultWrite } from '../../ledger/settlement.ts'
import type { ItemResult } from '../../runs/items.ts'
import type { Escalation, LeasedItem, SettledItem } from '../../runs/run-kind.ts'
import { generatedValues, ruleValues, type ValueOrigin } from './made-values.ts'
import type { Making } from './makings.ts'
import type { RuleAnswers } from './planner/rules.ts'
import type { ComposedPrompt } from './prompt.ts'
import { mergeReadings, readAnswer, type ReadProduct } from './read-answer.ts'
import { type EnrichmentResult, writeEnrichmentResults } from './results.ts'
import type { Server } from './servers.ts'
import type { FieldValue, Problem } from './validate.ts'

/** What became of a call's products: results and values, as they go into the commit of the call's ledger entry. */

/** A product handed to a worker, with what its source says of it. */
export interface EnrichmentSubject {
  readonly item: LeasedItem
  readonly identifier: string
  readonly values: Readonly<Record<string, unknown>>
  readonly workHash: string // what its values are made from: input, recipe, and the model of who is asked
  /** The whole recipe with what its source taught; absent: the run's own. */
  readonly taught?: Recipe
  /** Who may be asked about it, as places in the run's list: its candidate first, then those that may take over. */
  readonly chain: readonly number[]
  /** Who looks again when its values are flagged or not right: place in the run's list; undefined: nobody. */
  readonly secondLook: number | undefined
  /** What rules found in its data, and what of the recipe is left to ask; null: nothing. */
  readonly answers: RuleAnswers
  readonly left: Recipe | null
  /** What a sibling's result gave, checked; absent: it is asked about. */
  readonly filled?: readonly FilledValue[]
  /** It was asked about once, and not all of the answer passed: it is asked about once more. */
  readonly first?: FirstAnswer
}

/** A value of a field that a sibling's result gave. */
export interface FilledValue {
  readonly field: string
  readonly value: FieldValue | null
  readonly provenance: Provenance
  readonly making: Making | undefined // of the sibling's value; undefined: written before that was kept
}

/** A first answer with problems. The values of it that passed are written already. */
export interface FirstAnswer {
  readonly reading: ReadProduct
  readonly flagged: boolean // one of its values is
  readonly cutShort: boolean // by the output limit
  readonly costNano: bigint | undefined // undefined is unknown
}

export interface CallResults {
  readonly settled: readonly SettledItem[]
  readonly again: readonly EnrichmentSubject[] // to be asked once more
  readonly writes: readonly ResultWrite<never>[]
}

/**
 * What an answer gave. Values that passed are written in any case, also those of a product that is to be asked about once
 * more: they are paid for, and nothing that happens to the second question takes them back.
 */
export function settleAnswer(
  origin: ValueOrigin,
  {
    open,
    ids,
    server,
    outcome,
    outputLimit,
  }: {
    open: readonly EnrichmentSubject[]
    ids: ComposedPrompt['ids']
    server: Server // that gave it
    outcome: ChatOutcome & { kind: 'answered' }
    outputLimit: number // tokens
  },
): CallResults {
  const { callId, cutShort } = outcome
  const read = answersFor(origin.recipe, { text: outcome.text, open, ids })
  const shares = shareCost(outcome.cost?.nano, open)
  const again: EnrichmentSubject[] = []
  const results = open.map((subject, index): EnrichmentResult => {
    const given = read(subject, index)
    const now = cutShort ? { ...given, problems: given.problems.map((problem) => sayCutShort(problem, outputLimit)) } : given
    const reading = subject.first ? mergeReadings(subject.first.reading, now) : now
    const values = [
      ...(isFirstAnswer(subject) ? ruleValues(origin, subject) : []),
      ...generatedValues(origin, { subject, passed: newlyPassed(subject, now), callId, server }),
    ]
    const flagged = subject.first?.flagged === true || values.some(({ flags }) => flags.length > 0)
    const costNano = shares[index]
    const { item, secondLook } = subject
    const written = { workspaceId: origin.workspaceId, item, values }
    const [problem] = reading.problems
    if (!problem && flagged && secondLook !== undefined) return { ...written, move: moveTo(secondLook, 'flagged', costNano) }
    if (!problem) return { ...written, end: { state: flagged ? 'flagged' : 'done', ...costOf(costNano) } }
    if (subject.first && secondLook !== undefined) return { ...written, move: moveTo(secondLook, 'failed', costNano) }
    if (subject.first) return { ...written, end: { state: failedState(item), ...errorOf(problem), ...costOf(costNano) } }
    again.push({ ...subject, first: { reading, flagged, cutShort, costNano } })
    return written
  })
  return { ...committed(results), again }
}

/**
 * What an answer gave for each product, read by what of the recipe is left for it. That is the same for all of a call, but where
 * what rules find has changed since it was sent in a batch.
 */
function answersFor(
  recipe: Recipe,
  { text, open, ids }: { text: string; open: readonly EnrichmentSubject[]; ids: ComposedPrompt['ids'] },
): (subject: EnrichmentSubject, index: number) => ReadProduct {
  const byPart = new Map<Recipe, readonly ReadProduct[]>()
  for (const { left } of open) {
    const part = left ?? recipe
    if (!byPart.has(part)) byPart.set(part, readAnswer({ text, recipe: part, ids }).products)
  }
  return ({ left }, index) => byPart.get(left ?? recipe)![index]!
}

/** The provider failed on these products alone: they end as failed, listed with the reason. */
export function settleFailure(
  { workspaceId }: ValueOrigin,
  { open, outcome }: { open: readonly EnrichmentSubject[]; outcome: ChatOutcome & { kind: 'failed' } },
): CallResults {
  const { failure, cost } = outcome
  const shares = shareCost(cost?.nano, open)
  const results = open.map(({ item }, index): EnrichmentResult => {
    const end = { state: failedState(item), errorCode: failure.code, errorDetail: failure.detail, ...costOf(shares[index]) } as const
    return { workspaceId, item, end, values: [] }
  })
  return { ...committed(results), again: [] }
}

/** What rules found is written with the first answer, whatever becomes of the next ones. */
const isFirstAnswer = ({ first, item }: EnrichmentSubject): boolean => first === undefined && item.escalated === null

/** What a second look did not mend stays as the first candidate left it: flagged values wait as they are. */
const failedState = ({ escalated }: LeasedItem): 'flagged' | 'failed' => escalated ?? 'failed'

const moveTo = (candidate: number, escalated: Escalation, costNano: bigint | undefined): NonNullable<EnrichmentResult['move']> => ({
  candidate,
  escalated,
  ...costOf(costNano),
})

function committed(results: readonly EnrichmentResult[]): Pick<CallResults, 'settled' | 'writes'> {
  const settled = results.flatMap(({ item, end }): SettledItem[] =>
    end ? [{ position: item.position, state: end.state, ...(end.errorCode ? { errorCode: end.errorCode } : {}) }] : [],
  )
  return { settled, writes: [resultWrite(writeEnrichmentResults, results)] }
}

const costOf = (costNano: bigint | undefined): Pick<ItemResult, 'costNano'> => (costNano === undefined ? {} : { costNano })

function errorOf({ kind, field, detail }: Problem): { errorCode: ErrorCode; errorDetail: string } {
  return { errorCode: kind === 'no_answer' ? 'output.missing' : 'output.invalid', errorDetail: field ? `${field}: ${detail}` : detail }
}

/** What an answer that was cut short leaves out is no mistake of the model's. */
function sayCutShort(problem: Problem, outputLimit: number): Problem {
  if (problem.kind !== 'not_json' && problem.kind !== 'no_answer') return problem
  return { ...problem, detail: `the answer was cut short by the output limit of ${outputLimit} tokens` }
}

/** Adds each product's equal share of a call's cost to what it cost so far. */
function shareCost(callNano: bigint | undefined, open: readonly EnrichmentSubject[]): (bigint | undefined)[] {
  if (callNano === undefined) return open.map(() => undefined)
  const shares = splitNano(
    callNano,
    open.map(() => 1n),
  )
  return open.map(({ first }, index) => {
    const before = first ? first.costNano : 0n
    return before === undefined ? undefined : before + shares[index]!
  })
}

/** The fields that this answer adds: what passed first stays. */
function newlyPassed({ first }: EnrichmentSubject, { values }: ReadProduct): Readonly<Record<string, FieldValue | null>> {
  return Object.fromEntries(Object.entries(values).filter(([field]) => !first || !Object.hasOwn(first.reading.values, field)))
}
