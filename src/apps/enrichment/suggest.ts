import { refreshCatalogueIndex } from '../../catalogue/index.ts'
import { isEmptyValue } from '../../catalogue/current.ts'
import { selectedProducts } from '../../catalogue/selection.ts'
import type { ProductSelection } from '../../contract/catalogue.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Database } from '../../db/database.ts'
import { defaultRecipe } from './default-recipe.ts'
import { fitColumns } from './fit-columns.ts'
import { recordOf } from './record.ts'
import { attributeNames } from './selection-run.ts'
import { isShown } from './show.ts'
import { cutText, oneLine } from './text.ts'

const LOOKED_AT = 500
const LONGEST_EXAMPLE = 80
const FIELDS = ['title', 'description', 'attributes']

/** An attribute that the products have. */
export interface KnownColumn {
  readonly name: string
  readonly share: number // of the products looked at that have it
  readonly shown: boolean // to the model, by the suggested recipe
  readonly example: string
}

/** A recipe to begin with: title, description and attributes, written to the columns as the files spell them. */
export async function suggestRecipe(
  database: Database,
  { workspaceId, selection, locale }: { workspaceId: string; selection: ProductSelection; locale: string | undefined },
): Promise<{ recipe: Recipe; columns: KnownColumn[] }> {
  await refreshCatalogueIndex(database, workspaceId)
  const { names, products } = await database.inWorkspace(workspaceId, async (tx) => ({
    names: await attributeNames(tx),
    products: await selectedProducts(tx, { selection, limit: LOOKED_AT }),
  }))
  const recipe = fitColumns(defaultRecipe({ fields: FIELDS, ...(locale ? { locale } : {}) }), names)
  const columns = new Map<string, { count: number; example: string }>()
  for (const product of products) {
    for (const [name, value] of Object.entries(recordOf(product, recipe))) {
      if (isEmptyValue(value)) continue
      const known = columns.get(name)
      if (known) known.count += 1
      else columns.set(name, { count: 1, example: exampleOf(value) })
    }
  }
  return {
    recipe,
    columns: Array.from(columns, ([name, { count, example }]) => ({
      name,
      share: count / products.length,
      shown: isShown(name, recipe),
      example,
    })),
  }
}

const exampleOf = (value: unknown): string =>
  cutText(oneLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')), LONGEST_EXAMPLE)
