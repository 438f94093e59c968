import { canonicalJson } from '../../base/json.ts'
import type { KeptMaking, KeptRecord } from '../../catalogue/makings.ts'
import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { type GlossaryEntry, glossaryOf, localeOf, type RecipeField } from '../../contract/recipe.ts'
import { sha256 } from '../../runtime/hash.ts'
import type { ShownLine } from './show.ts'
import type { TaughtRecipe } from './taught-recipe.ts'

/**
 * What a value is made from, in parts, so that it is known why it is stale: its field's rules, the words of its glossary, the examples
 * that its source taught, who was asked, and the product's data line by line. The first four are few and kept once each
 * (`value_makings`), the last is small (`shown_records`). The work hash covers the same for a recipe as a whole.
 */
export interface Making {
  readonly rules: string // of the field and of the recipe as a whole: a hash
  readonly show: string // what of a product the recipe shows: a hash
  readonly glossary: readonly GlossaryEntry[] // in the order of their terms
  readonly examples: string | null // a hash; null: none
  readonly provider: string
  readonly model: string
  readonly destination: string // a hash
}

const makings = new WeakMap<TaughtRecipe, Map<string, KeptMaking<Making>>>()

/** Cached: one recipe and a few candidates serve a run. */
export function makingOf(
  recipe: TaughtRecipe,
  fieldName: string,
  { connection, model }: Pick<AssignedCandidate, 'connection' | 'model'>,
): KeptMaking<Making> {
  const ofRecipe = makings.get(recipe) ?? new Map<string, KeptMaking<Making>>()
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
export function madeBy(
  recipe: TaughtRecipe,
  field: RecipeField,
  server: Pick<Making, 'provider' | 'model' | 'destination'>,
): KeptMaking<Making> {
  const { provider, model, destination } = server
  const parts = partsOf(recipe, field, { provider, model, destination })
  return { id: asId(sha256(canonicalJson(parts))), parts }
}

function partsOf(recipe: TaughtRecipe, field: RecipeField, server: Pick<Making, 'provider' | 'model' | 'destination'>): Making {
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
