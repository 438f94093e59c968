import { sql } from 'drizzle-orm'
import { type LatestWork, latestWork, writtenKey } from '../../catalogue/changes.ts'
import { uuids } from '../../catalogue/filter.ts'
import { readMakings } from '../../catalogue/makings.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { makingNow, type ProductNow } from './making-now.ts'
import { keptRecord, type Making } from './makings.ts'
import { attributesOf } from './plan.ts'
import { readTargets } from './planner/target-lists.ts'
import type { RuleTarget } from './planner/targets.ts'
import { isThere, KEEPS, stalenessOf } from './stale.ts'

/** What a product's values would be made from, and what they were. */
export interface Standing extends Omit<ProductNow, 'targets' | 'record'> {
  readonly latest: ReadonlyMap<string, LatestWork> | undefined
}

/**
 * Which products have all of a recipe's values already, each field for itself: what changed of the description's rules is no reason to
 * pay for titles again, nor is a word of the glossary that neither record nor text holds. `refreshId`: what that refresh took for causes
 * that are no reason for others is not there.
 */
export function createFreshness(recipe: Recipe, { refreshId }: { readonly refreshId?: string | undefined }) {
  const attributes = attributesOf(recipe)
  const known = new Map<string, Making>()
  let taken: ReadonlySet<string> = new Set()
  let targets: readonly RuleTarget[] = []
  return {
    async read(tx: Tx, productIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, LatestWork>>> {
      if (productIds.length === 0) return new Map()
      const latest = await latestWork(tx, { productIds, attributes })
      const ids = new Set([...latest.values()].flatMap((ofProduct) => [...ofProduct.values()].flatMap(({ making }) => making ?? [])))
      const unknown = [...ids].filter((id) => !known.has(id))
      for (const [id, parts] of await readMakings(tx, unknown)) known.set(id, parts as unknown as Making)
      targets = await readTargets(tx, recipe)
      if (refreshId !== undefined) taken = await takenBy(tx, { refreshId, productIds })
      return latest
    },
    /** Whether every value is there. A record that changed is one that changed, whatever of it did. */
    isWhole({ latest, ...product }: Standing): boolean {
      const kept = { making: (id: string) => known.get(id), record: () => undefined }
      const { recipe: asked, lines, hashes } = product
      const now = { ...product, targets, record: keptRecord(lines) }
      return asked.fields.every((field) => {
        const made = latest?.get(writtenKey({ attribute: columnOf(field), locale: localeOf(asked, field), channel: null }))
        if (!made || taken.has(made.id)) return false
        const before = made.making === null ? undefined : known.get(made.making)
        // What rules read and went by is in no work hash.
        if (!before?.byRules && made.workHash !== null && hashes.includes(made.workHash)) return true
        return isThere(stalenessOf(made, makingNow(now, field, before), kept))
      })
    },
  }
}

/** Changes that a refresh took for causes for which a run leaves them. */
async function takenBy(tx: Tx, { refreshId, productIds }: { refreshId: string; productIds: readonly string[] }): Promise<Set<string>> {
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`select change_id as id from stale_values where refresh_id = ${refreshId}::uuid and product_id = any (${uuids(productIds)})
      and causes && array(select jsonb_array_elements_text(${JSON.stringify(KEEPS)}::jsonb))`,
  )
  return new Set(rows.map(({ id }) => id))
}
