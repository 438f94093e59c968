import { canonicalJson } from '../../base/json.ts'
import type { KeptMaking, KeptRecord } from '../../catalogue/makings.ts'
import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { type GlossaryEntry, glossaryOf, localeOf, type RecipeField } from '../../contract/recipe.ts'
import { sha256 } from '../../runtime/hash.ts'
import type { RulesPart } from './rule-making.ts'
import type { ShownLine } from './show.ts'
import type { TaughtRecipe } from './taught-recipe.ts'

/**
 * What a value is made from, in parts, so that it is known why it is stale. What a model wrote: its field's rules, the words of its
 * glossary, the examples that its source taught, who was asked. What rules found: `byRules`. Of attributes of which rules found some
 * and a model wrote the others: both. These are few and kept once each (`value_makings`); the product's data line by line is small
 * (`shown_records`). What was filled in from a sibling has the sibling's making and its own product's record; whose value it was is
 * in its provenance. The work hash covers what models are asked for a recipe as a whole.
 */
export type Making = AskedMaking | RuleMaking

/** Nothing was asked: it stood in the product's data. */
export interface RuleMaking {
  readonly byRules: RulesPart
}

export const isAsked = (making: Making): making is AskedMaking => 'model' in making

export interface AskedMaking {
  readonly rules: string // of the field and of the recipe as a whole: a hash
  readonly show: string // what of a product the recipe shows: a hash
  readonly glossary: readonly GlossaryEntry[] // in the order of their terms
  readonly examples: string | null // a hash; null: none
  readonly provider: string
  readonly model: string
  readonly destination: string // a hash
  readonly byRules?: RulesPart
}

const makings = new WeakMap<TaughtRecipe, Map<string, KeptMaking<AskedMaking>>>()

/** Cached: one recipe and a few candidates serve a run. */
export function makingOf(
  recipe: TaughtRecipe,
  fieldName: string,
  { connection, model }: Pick<AssignedCandidate, 'connection' | 'model'>,
): KeptMaking<AskedMaking> {
  const ofRecipe = makings.get(recipe) ?? new Map<string, KeptMaking<AskedMaking>>()
  makings.set(recipe, ofRecipe)
  const { provider, destination } = connection
  const key = canonicalJson([fieldName, provider, model, destination])
  let known = ofRecipe.get(key)
  if (!known) {
    const field = recipe.fields.find(({ name }) => name === fieldName)!
    known = madeBy(recipe, field, { provider, model, destination: short(sha256(canonicalJson(destination))) })
    ofRecipe.set(key, known)
  }
  return known
}

/** The making of a field by a server that is known by what was kept of it. */
export function madeBy(recipe: TaughtRecipe, field: RecipeField, server: ServedBy): KeptMaking<AskedMaking> {
  const { provider, model, destination } = server
  return kept(partsOf(recipe, field, { provider, model, destination }))
}

type ServedBy = Pick<AskedMaking, 'provider' | 'model' | 'destination'>

/** The making of what rules found, of a value of which a model may have written the rest. */
export function withRules(asked: KeptMaking<AskedMaking> | undefined, byRules: RulesPart | undefined): KeptMaking<Making> | undefined {
  if (!asked) return byRules && kept({ byRules })
  return byRules ? kept({ ...asked.parts, byRules }) : asked
}

/** What was asked alone: what rules found is each sibling's own. */
export function withoutRules({ byRules: _byRules, ...asked }: AskedMaking): KeptMaking<AskedMaking> {
  return kept(asked)
}

const kept = <Parts extends Making>(parts: Parts): KeptMaking<Parts> => ({ id: asId(sha256(canonicalJson(parts))), parts })

function partsOf(recipe: TaughtRecipe, field: RecipeField, server: ServedBy): AskedMaking {
  const { glossary: _glossary, ...rules } = field
  const { instructions, tone } = recipe
  const examples = recipe.examples?.[field.name]
  return {
    rules: short(sha256(canonicalJson({ rules, locale: localeOf(recipe, field), instructions, tone }))),
    show: short(sha256(canonicalJson(recipe.show))),
    glossary: glossaryOf(recipe, field).toSorted((a, b) => (canonicalJson(a) < canonicalJson(b) ? -1 : 1)),
    examples: examples ? short(sha256(canonicalJson(examples))) : null,
    ...server,
  }
}

const short = (hash: string): string => hash.slice(0, 16)

/** The first half of a SHA-256 as a UUID: 16 bytes instead of 64. */
const asId = (hash: string): string => hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

/** What a model and rules saw of a product, as one: rules read attributes too that are not shown. */
export function linesOfBoth(shown: readonly ShownLine[], read: readonly ShownLine[]): readonly ShownLine[] {
  const known = new Set(shown.map(({ attribute }) => attribute))
  const others = read.filter(({ attribute }) => !known.has(attribute))
  return others.length === 0 ? shown : [...shown, ...others]
}

const LINE_BYTES = 8

/** Eight bytes a line: of the attribute's name, and of the line. Two texts are taken for one in four thousand million. */
export function keptRecord(lines: readonly ShownLine[]): KeptRecord {
  const bytes = Buffer.alloc(lines.length * LINE_BYTES)
  for (const [index, { attribute, line }] of lines.entries()) {
    bytes.writeUInt32BE(hash32(attribute), index * LINE_BYTES)
    bytes.writeUInt32BE(hash32(line), index * LINE_BYTES + 4)
  }
  return { id: asId(sha256(lines.map(({ line }) => line).join('\n'))), lines: bytes }
}

const hash32 = (text: string): number => Number.parseInt(sha256(text).slice(0, 8), 16)

/** The attributes whose lines differ from what a model saw before: changed, new, or gone (by the names in `known`, where they are there). */
export function changedAttributes(before: Uint8Array, now: readonly ShownLine[], known: Iterable<string>): string[] {
  const bytes = Buffer.from(before.buffer, before.byteOffset, before.byteLength)
  const seen = new Map<number, number>()
  for (let at = 0; at + LINE_BYTES <= bytes.length; at += LINE_BYTES) seen.set(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4))
  const changed = new Set<string>()
  for (const { attribute, line } of now) {
    const name = hash32(attribute)
    if (seen.get(name) !== hash32(line)) changed.add(attribute)
    seen.delete(name)
  }
  if (seen.size > 0) for (const attribute of known) if (seen.has(hash32(attribute))) changed.add(attribute)
  return [...changed]
}
