import type { AssignedCandidate, RecordFacts } from '../../assignments/resolve.ts'
import { currentValues, importedValues, isEmptyValue, readWrittenKey } from '../../catalogue/current.ts'
import type { ProductValues } from '../../catalogue/values.ts'
import type { Recipe } from '../../contract/recipe.ts'
import { attributesOf } from './plan.ts'

/**
 * A product's data as a run is given it: what its source says, and over it what people wrote; of a variant, its parents' where it
 * lacks its own. What models wrote is no data to write from, and neither is what the recipe itself writes: an accepted text would
 * else be a reason to write it anew.
 */
export function recordOf(product: ProductValues, recipe: Recipe): Record<string, unknown> {
  const { locale } = recipe
  const own = new Set(attributesOf(recipe).map(({ attribute }) => attribute))
  const record = importedValues(product, { locale })
  for (const [attribute, { value, written, inheritedFrom }] of currentValues(ofPeople(product, own), { locale })) {
    if (!written && inheritedFrom === undefined) continue
    if (value === null) delete record[attribute]
    else record[attribute] = value
  }
  return record
}

/** A product without what models wrote, and without what was written for these attributes. */
function ofPeople<Product extends ProductValues>(product: Product, own: ReadonlySet<string>): Product {
  const { written, parents } = product
  const kept = Object.entries(written).filter(([key, { kind }]) => kind === 'person' && !own.has(readWrittenKey(key).attribute))
  return { ...product, written: Object.fromEntries(kept), ...(parents ? { parents: parents.map((parent) => ofPeople(parent, own)) } : {}) }
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
