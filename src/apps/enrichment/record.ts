import type { AssignedCandidate, RecordFacts } from '../../assignments/resolve.ts'
import { currentValues, isEmptyValue, readWrittenKey } from '../../catalogue/current.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { WrittenValue } from '../../db/schema/index.ts'
import { attributesOf } from './plan.ts'

/** A product's values, as its row has them. */
export interface ProductValues {
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>>
}

/**
 * A product's data as a run is given it: what its source says, and over it what people wrote. What models wrote is no data to
 * write from, and neither is what the recipe itself writes: an accepted text would else be a reason to write it anew.
 */
export function recordOf({ imported, written }: ProductValues, recipe: Recipe): Record<string, unknown> {
  const own = new Set(attributesOf(recipe).map(({ attribute }) => attribute))
  const record: Record<string, unknown> = { ...imported }
  for (const [key, { value, kind }] of Object.entries(written)) {
    const { attribute } = readWrittenKey(key)
    if (kind !== 'person' || own.has(attribute)) continue
    if (value === null) delete record[attribute]
    else record[attribute] = value
  }
  return record
}

/** What the rules of candidates ask of a product. `shown`: its record as the model would see it. */
export function factsOf(
  product: ProductValues & { readonly family: string | null },
  { shown, candidates }: { shown: string; candidates: readonly AssignedCandidate[] },
): RecordFacts {
  const asked = [...new Set(candidates.flatMap(({ rules }) => rules.missing ?? []))]
  const current = asked.length > 0 ? currentValues(product) : undefined
  return {
    family: product.family,
    missing: asked.filter((attribute) => isEmptyValue(current?.get(attribute)?.value)),
    inputCharacters: shown.length,
  }
}
