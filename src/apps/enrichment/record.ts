import type { AssignedCandidate, RecordFacts } from '../../assignments/resolve.ts'
import { currentValues, importedValues, isEmptyValue, readWrittenKey } from '../../catalogue/current.ts'
import type { ProductValues } from '../../catalogue/values.ts'
import type { Recipe } from '../../contract/recipe.ts'
import { attributesOf } from './plan.ts'

/**
 * A product's data as a run is given it: what its source says, and over it what people wrote. What models wrote is no data to
 * write from, and neither is what the recipe itself writes: an accepted text would else be a reason to write it anew.
 */
export function recordOf({ imported, written, mapping }: ProductValues, recipe: Recipe): Record<string, unknown> {
  const own = new Set(attributesOf(recipe).map(({ attribute }) => attribute))
  const { locale } = recipe
  const record = importedValues({ imported, mapping }, { locale })
  const ofPeople = Object.entries(written).filter(([key, { kind }]) => kind === 'person' && !own.has(readWrittenKey(key).attribute))
  if (ofPeople.length === 0) return record
  for (const [attribute, value] of currentValues({ imported, written: Object.fromEntries(ofPeople), mapping }, { locale })) {
    if (!value.written) continue
    if (value.value === null) delete record[attribute]
    else record[attribute] = value.value
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
