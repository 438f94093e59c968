import type { ErrorCode } from '../../base/errors.ts'
import { splitNano } from '../../base/money.ts'
import type { ChatOutcome } from '../../calls/chat.ts'
import type { GeneratedValue } from '../../catalogue/changes.ts'
import { sanitizeGeneratedValue } from '../../catalogue/sanitize.ts'
import type { Provenance } from '../../db/schema/index.ts'
import { type ResultWrite, resultWrite } from '../../ledger/settlement.ts'
import type { ItemResult } from '../../runs/items.ts'
import type { Escalation, LeasedItem, SettledItem } from '../../runs/run-kind.ts'
import { newId } from '../../runtime/ids.ts'
import { flagValue } from './checks.ts'
import type { ComposedPrompt } from './prompt.ts'
import { mergeReadings, readAnswer, type ReadProduct } from './read-answer.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import { type EnrichmentResult, writeEnrichmentResults } from './results.ts'
import type { Server } from './servers.ts'
import type { FieldValue, Problem } from './validate.ts'

/** What became of a call's products: results and values, as they go into the commit of the call's ledger entry. */

/** A product handed to a worker, with what its source says of it. */
export interface EnrichmentSubject {
  readonly item: LeasedItem
  readonly identifier: string
  readonly values: Readonly<Record<string, unknown>>
  /** The recipe as it is asked for products of its source; absent: the run's own. Products of one call share it. */
  readonly recipe?: Recipe
  /** Who may be asked about it, as places in the run's list: its candidate first, then those that may take over. */
  readonly chain: readonly number[]
  /** Who looks again when its values are flagged or not right: place in the run's list; undefined: nobody. */
  readonly secondLook: number | undefined
  /** It was asked about once, and not all of the answer passed: it is asked about once more. */
  readonly first?: FirstAnswer
}

/** A first answer with problems. The values of it that passed are written already. */
export interface FirstAnswer {
  readonly reading: ReadProduct
  readonly flagged: boolean // one of its values is
  readonly cutShort: boolean // by the output limit
  readonly costNano: bigint | undefined // undefined is unknown
}

/** Where values come from, and on whose word they are accepted. */
export interface ValueOrigin {
  readonly workspaceId: string
  readonly runId: string
  readonly recipe: Recipe
  /** Written into what is accepted: "accepted by command". Null: nothing is, all values are proposals. */
  readonly decision: string | null
  readonly acceptFlagged: boolean
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
  const answer = readAnswer({ text: outcome.text, recipe: open[0]?.recipe ?? origin.recipe, ids })
  const shares = shareCost(outcome.cost?.nano, open)
  const again: EnrichmentSubject[] = []
  const results = open.map((subject, index): EnrichmentResult => {
    const read = answer.products[index]!
    const now = cutShort ? { ...read, problems: read.problems.map((problem) => sayCutShort(problem, outputLimit)) } : read
    const reading = subject.first ? mergeReadings(subject.first.reading, now) : now
    const values = generatedValues(origin, { subject, passed: newlyPassed(subject, now), callId, server })
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

function generatedValues(
  origin: ValueOrigin,
  {
    subject,
    passed,
    callId,
    server,
  }: { subject: EnrichmentSubject; passed: Readonly<Record<string, FieldValue | null>>; callId: string; server: Server },
): GeneratedValue[] {
  const { recipe, decision } = origin
  const { connection, model } = server.candidate
  const kind: Provenance['kind'] = connection.provider === 'practice' ? 'practice' : 'generated'
  const fields = recipe.fields.filter(({ name }) => Object.hasOwn(passed, name))
  return fields.map((field): GeneratedValue => {
    const value = sanitizeGeneratedValue(passed[field.name] ?? null) // null: the data says too little, where the recipe allows that
    const locale = localeOf(recipe, field)
    const flags = value === null ? [] : flagValue({ value, productValues: subject.values, locale })
    const accepted = decision !== null && (flags.length === 0 || origin.acceptFlagged)
    return {
      id: newId(),
      productId: subject.item.subjectId,
      attribute: columnOf(field),
      locale,
      channel: null,
      value,
      flags,
      state: accepted ? 'accepted' : 'proposed',
      ...(accepted ? { decision } : {}),
      provenance: { kind, callId, model, connection: connection.slug },
      runId: origin.runId,
      workHash: subject.item.workHash,
    }
  })
}
