import type { GeneratedValue } from '../../catalogue/changes.ts'
import { sanitizeGeneratedValue } from '../../catalogue/sanitize.ts'
import { columnOf, localeOf, type Recipe, type RecipeField } from '../../contract/recipe.ts'
import type { Provenance } from '../../db/schema/index.ts'
import { newId } from '../../runtime/ids.ts'
import { flagValue } from './checks.ts'
import { keptRecord, makingOf } from './makings.ts'
import { answerOf, type FieldAnswer, joinAnswer } from './planner/left.ts'
import type { RuleAnswers } from './planner/rules.ts'
import type { Server } from './servers.ts'
import type { EnrichmentSubject } from './settle-call.ts'
import { shownLines } from './show.ts'
import type { FieldValue } from './validate.ts'

/** Values as they are recorded, whoever made them: a model, a rule, or a sibling that they are filled in from. */

/** Where values come from, and on whose word they are accepted. */
export interface ValueOrigin {
  readonly workspaceId: string
  readonly runId: string
  readonly recipe: Recipe
  /** Written into what is accepted: "accepted by command". Null: nothing is, all values are proposals. */
  readonly decision: string | null
  readonly acceptFlagged: boolean
}

/** The fields that this answer gave, with what rules found of them. */
export function generatedValues(
  origin: ValueOrigin,
  {
    subject,
    passed,
    callId,
    server,
  }: { subject: EnrichmentSubject; passed: Readonly<Record<string, FieldValue | null>>; callId: string; server: Server },
): GeneratedValue[] {
  const { connection, model } = server.candidate
  const kind: Provenance['kind'] = connection.provider === 'practice' ? 'practice' : 'generated'
  const byModel = { kind, callId, model, connection: connection.slug }
  const taught = subject.taught ?? origin.recipe
  const record = keptRecord(shownLines(subject.values, taught))
  const madeFrom = ({ name }: RecipeField) => ({ making: makingOf(taught, name, server.candidate), record })
  return origin.recipe.fields
    .filter(({ name }) => Object.hasOwn(passed, name))
    .map((field) => {
      const given = passed[field.name] ?? null // null: the data says too little, where the recipe allows that
      const found = answerOf(field, subject.answers)
      if (!found) return madeValue(origin, { subject, field, value: given, provenance: byModel, madeFrom: madeFrom(field) })
      const rules = ruleOrigins(found, subject.answers)
      const provenance = given === null ? { kind: 'rule' as const, rules } : { ...byModel, rules }
      return madeValue(origin, { subject, field, value: joinAnswer(field, found.value, given), provenance, madeFrom: madeFrom(field) })
    })
}

/** The fields that rules answered, of which nothing is left to ask. */
export function ruleValues(origin: ValueOrigin, subject: EnrichmentSubject): GeneratedValue[] {
  const { answers, left } = subject
  return origin.recipe.fields.flatMap((field) => {
    const found = answerOf(field, answers)
    if (!found || left?.fields.some(({ name }) => name === field.name)) return []
    const provenance = { kind: 'rule', rules: ruleOrigins(found, answers) } as const
    return [madeValue(origin, { subject, field, value: joinAnswer(field, found.value, undefined), provenance })]
  })
}

/** The fields that are filled in from a sibling's values. */
export const filledValues = (origin: ValueOrigin, subject: EnrichmentSubject): GeneratedValue[] =>
  (subject.filled ?? []).flatMap(({ field: name, value, provenance }) => {
    const field = origin.recipe.fields.find((one) => one.name === name)
    return field ? [madeValue(origin, { subject, field, value, provenance })] : []
  })

function madeValue(
  origin: ValueOrigin,
  {
    subject,
    field,
    value: given,
    provenance,
    madeFrom,
  }: {
    subject: EnrichmentSubject
    field: RecipeField
    value: FieldValue | null
    provenance: Provenance
    madeFrom?: GeneratedValue['madeFrom'] // of a model's own
  },
): GeneratedValue {
  const { recipe, decision, acceptFlagged } = origin
  const value = sanitizeGeneratedValue(given)
  const locale = localeOf(recipe, field)
  const flags = value === null ? [] : flagValue({ value, productValues: subject.values, locale })
  const accepted = decision !== null && (flags.length === 0 || acceptFlagged)
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
    provenance,
    runId: origin.runId,
    workHash: subject.workHash,
    madeFrom,
  }
}

/** By attribute, for a field of attributes; the whole value stands under ''. */
const ruleOrigins = ({ targets }: FieldAnswer, answers: RuleAnswers): NonNullable<Provenance['rules']> =>
  Object.fromEntries(
    targets.map((key) => {
      const { rule, source, words } = answers.get(key)!
      return [key.includes('/') ? key.slice(key.indexOf('/') + 1) : '', { rule, source, words }]
    }),
  )
