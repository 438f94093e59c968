import { useEffect, useState } from 'react'
import type { Recipe, RecipeField } from '../../../contract/recipe.ts'
import { type AskedSteps, USUAL_STEPS } from '../../../contract/run-steps.ts'
import { BUILT_IN_RULES } from '../../../contract/recipe-fields.ts'
import { keep, kept } from '../../support/kept.ts'

export interface ServedBy {
  readonly connectionId: string
  readonly model: string
}

/** What a person is about to run: kept in this browser until it runs, so that a reload loses nothing. */
export interface Draft {
  readonly recipe: Recipe
  readonly name: string
  readonly recipeId: string | null // the stored recipe it was made from
  readonly version: number | null // of that one, when it was read
  readonly changed: boolean // since it was read or saved
  readonly servedBy: ServedBy | null // null: as assigned
  readonly compare: readonly ServedBy[]
  readonly canary: number | null
  readonly cap: string
  readonly steps: AskedSteps // how it costs less
}

export const newDraft = (recipe: Recipe, stored?: { id: string; name: string; version: number }): Draft => ({
  recipe,
  name: stored?.name ?? '',
  recipeId: stored?.id ?? null,
  version: stored?.version ?? null,
  changed: false,
  servedBy: null,
  compare: [],
  canary: null,
  cap: '',
  steps: USUAL_STEPS,
})

const NAME = 'enrich.draft'

export function keptDraft(): Draft | undefined {
  try {
    const found = JSON.parse(kept(NAME) ?? 'null') as Draft | null
    return found && Array.isArray(found.recipe?.fields) && Array.isArray(found.compare)
      ? { ...found, steps: { ...USUAL_STEPS, ...found.steps } }
      : undefined
  } catch {
    return undefined
  }
}

export const keepDraft = (draft: Draft | undefined): void => keep(NAME, draft && JSON.stringify(draft))

/** A value as it was when it had not changed for a while: what is asked of the server for every letter would be too much. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

/** A recipe as it is sent: what was left empty is absent. */
export function asSent(recipe: Recipe): Record<string, unknown> {
  return withoutEmpty(recipe) as Record<string, unknown>
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, entry]) => [key, withoutEmpty(entry)] as const)
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined && entry !== '' && !isEmptyObject(entry)))
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

export const BUILT_IN_NAMES = [
  'title',
  'description',
  'attributes',
  'short_description',
  'keywords',
  'meta_title',
  'meta_description',
] as const
export const OWN_KINDS = ['text', 'select', 'number'] as const
export type FieldTemplate = (typeof BUILT_IN_NAMES)[number] | (typeof OWN_KINDS)[number]

const OWN: Readonly<Record<(typeof OWN_KINDS)[number], Readonly<Record<string, unknown>>>> = {
  text: { type: 'text', words: { max: 60 }, required: true, paragraphs: false },
  select: { type: 'select', values: [], required: false },
  number: { type: 'number', required: false },
}

/** A field to begin with, under a name that no other one has. */
export function newField(template: FieldTemplate, recipe: Recipe): RecipeField {
  const rules =
    template in OWN
      ? OWN[template as keyof typeof OWN]
      : { required: true, ...(BUILT_IN_RULES[template]!['type'] === 'text' ? { paragraphs: false } : {}), ...BUILT_IN_RULES[template] }
  return { ...rules, name: freeName(template === 'select' ? 'choice' : template, recipe) } as unknown as RecipeField
}

/** A name for a field that no other one has. */
export function freeName(name: string, { fields }: Recipe): string {
  const taken = new Set(fields.map((field) => field.name.toLowerCase()))
  let free = name
  for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`
  return free
}
