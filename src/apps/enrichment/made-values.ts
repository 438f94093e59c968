import type { GeneratedValue } from '../../catalogue/changes.ts'
import type { KeptMaking } from '../../catalogue/makings.ts'
import { sanitizeGeneratedValue } from '../../catalogue/sanitize.ts'
import { columnOf, localeOf, type Recipe, type RecipeField } from '../../contract/recipe.ts'
import type { Provenance } from '../../db/schema/index.ts'
import { newId } from '../../runtime/ids.ts'
import { flagValue } from './checks.ts'
import { type AskedMaking, isAsked, keptRecord, linesOfBoth, type Making, makingOf, withoutRules, withRules } from './makings.ts'
import { answerOf, type FieldAnswer, joinAnswer } from './planner/left.ts'
import type { RuleAnswers } from './planner/rules.ts'
import { linesRead, type RulesPart, rulesPartOf } from './rule-making.ts'
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
  const asked = (field: RecipeField) => makingOf(subject.taught ?? origin.recipe, field.name, server.candidate)
  return origin.recipe.fields
    .filter(({ name }) => Object.hasOwn(passed, name))
    .map((field) => {
      const given = passed[field.name] ?? null // null: the data says too little, where the recipe allows that
      const found = answerOf(field, subject.answers)
      const from = whatMade(origin, { subject, field, asked: asked(field), found })
      if (!found) return madeValue(origin, { subject, field, value: given, provenance: byModel, madeFrom: from })
      const rules = ruleOrigins(found, subject.answers)
      const provenance = given === null ? { kind: 'rule' as const, rules } : { ...byModel, rules }
      return madeValue(origin, { subject, field, value: joinAnswer(field, found.value, given), provenance, madeFrom: from })
    })
}

/** What a value was made from: what was asked of a model, what rules found of it, and what each of them saw of the product. */
function whatMade(
  { recipe }: ValueOrigin,
  {
    subject: { values, answers, taught = recipe },
    field,
    asked,
    found,
    foundThere,
  }: {
    subject: EnrichmentSubject
    field: RecipeField
    asked?: KeptMaking<AskedMaking> | undefined
    found: FieldAnswer | undefined
    foundThere?: RulesPart | undefined // at a sibling that it is filled in from
  },
): GeneratedValue['madeFrom'] {
  const byRules = found ? rulesPartOf(recipe, field, { answers, keys: found.targets }) : foundThere
  const making = withRules(asked, byRules)
  if (!making) return undefined
  const shown = asked ? shownLines(values, taught) : []
  return { making, record: keptRecord(linesOfBoth(shown, byRules ? linesRead(values, recipe, byRules) : [])) }
}

/** The fields that rules answered, of which nothing is left to ask. */
export function ruleValues(origin: ValueOrigin, subject: EnrichmentSubject): GeneratedValue[] {
  const { answers, left } = subject
  return origin.recipe.fields.flatMap((field) => {
    const found = answerOf(field, answers)
    if (!found || left?.fields.some(({ name }) => name === field.name)) return []
    const provenance = { kind: 'rule', rules: ruleOrigins(found, answers) } as const
    const value = joinAnswer(field, found.value, undefined)
    return [madeValue(origin, { subject, field, value, provenance, madeFrom: whatMade(origin, { subject, field, found }) })]
  })
}

/** The fields that are filled in from a sibling's values. */
export const filledValues = (origin: ValueOrigin, subject: EnrichmentSubject): GeneratedValue[] =>
  (subject.filled ?? []).flatMap(({ field: name, value, provenance, making }) => {
    const field = origin.recipe.fields.find((one) => one.name === name)
    if (!field) return []
    const found = answerOf(field, subject.answers)
    const from = making && whatMade(origin, { subject, field, found, ...partsOfSibling(making) })
    return [madeValue(origin, { subject, field, value, provenance, madeFrom: from })]
  })

/** What rules found at a sibling is nothing to one of which they found the same attributes themselves. */
const partsOfSibling = (making: Making) =>
  isAsked(making) ? { asked: withoutRules(making), foundThere: making.byRules } : { foundThere: making.byRules }

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
    madeFrom: GeneratedValue['madeFrom']
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
