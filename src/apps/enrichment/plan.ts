import { type ImportedProduct, productPage } from '../../catalogue/import.ts'
import { importedValues } from '../../catalogue/current.ts'
import { type LatestWork, type LocalisedAttribute, latestWork, writtenKey } from '../../catalogue/changes.ts'
import type { ValueFlag } from '../../db/schema/index.ts'
import type { Database } from '../../db/database.ts'
import type { Destination } from '../../providers/provider.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import { workInput } from './show.ts'
import { workHash } from './work-hash.ts'

/** What values are made from, beside the product: two runs with equal makings pay once. */
export interface Makings {
  readonly recipe: Recipe
  readonly provider: string
  readonly model: string
  readonly destination: Destination
}

/** The attributes that a recipe writes, in the locales it writes them in. */
export const attributesOf = (recipe: Recipe): LocalisedAttribute[] =>
  recipe.fields.map((field) => ({ attribute: columnOf(field), locale: localeOf(recipe, field), channel: null }))

/** The hash of what a product's values would be made from now, and the record as the model would see it. */
export function workOf(makings: Makings, values: Readonly<Record<string, unknown>>): { hash: string; shown: string } {
  const { recipe, provider, model, destination } = makings
  const shown = workInput(values, recipe)
  return { hash: workHash({ recipe, shown, provider, model, destination, locale: recipe.locale }), shown }
}

export interface ScopedProduct extends ImportedProduct {
  readonly values: Readonly<Record<string, unknown>> // what its source says
  readonly hash: string
  readonly shown: string
  /** `stale`: its values were never made, or from something else than now. */
  readonly standing: 'stale' | 'accepted' | 'flagged'
  /** Why values need a person's eye; `accepted`: someone has said that the value may stand. */
  readonly flags: readonly { readonly attribute: string; readonly value: unknown; readonly accepted: boolean; readonly flag: ValueFlag }[]
}

const PAGE = 500

/** Which products an order is about, and what their values are made from. */
export interface Scope {
  readonly database: Database
  readonly workspaceId: string
  readonly sourceId: string
  readonly importId: string
  readonly limit: number | undefined // products
  readonly makings: Makings
}

/** A source's products, in the order of the file, up to `limit`, page by page, with how their values stand. */
export async function* scopedProducts({
  database,
  workspaceId,
  sourceId,
  importId,
  limit,
  makings,
}: Scope): AsyncGenerator<ScopedProduct[]> {
  const attributes = attributesOf(makings.recipe)
  let left = limit ?? Number.POSITIVE_INFINITY
  for (let afterRow = 0; left > 0;) {
    const size = Math.min(PAGE, left)
    const page = await database.inWorkspace(workspaceId, async (tx) => {
      const products = await productPage(tx, { sourceId, importId, afterRow, limit: size })
      const productIds = products.map(({ id }) => id)
      return { products, latest: await latestWork(tx, { productIds, attributes }) }
    })
    if (page.products.length === 0) return
    yield page.products.map((product) => withStanding(product, { latest: page.latest.get(product.id), makings, attributes }))
    afterRow = page.products.at(-1)!.row
    left -= page.products.length
    if (page.products.length < size) return
  }
}

function withStanding(
  product: ImportedProduct,
  {
    latest,
    makings,
    attributes,
  }: { latest: ReadonlyMap<string, LatestWork> | undefined; makings: Makings; attributes: readonly LocalisedAttribute[] },
): ScopedProduct {
  const values = importedValues(product, makings.recipe)
  const { hash, shown } = workOf(makings, values)
  const standing = attributes.map((attribute) => ({ attribute, latest: latest?.get(writtenKey(attribute)) }))
  const current = standing.every((entry) => entry.latest?.workHash === hash)
  if (!current) return { ...product, values, hash, shown, standing: 'stale', flags: [] }
  const flags = standing.flatMap(({ attribute, latest: value }) =>
    value!.flags.map((flag) => ({
      attribute: attribute.attribute,
      value: value!.value,
      accepted: value!.state === 'accepted',
      flag,
    })),
  )
  return { ...product, values, hash, shown, standing: flags.length > 0 ? 'flagged' : 'accepted', flags }
}
