import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { type LatestWork, latestWork, writtenKey } from '../../catalogue/changes.ts'
import { readMakings } from '../../catalogue/makings.ts'
import { columnOf, localeOf, type Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { keptRecord, type Making, makingOf } from './makings.ts'
import { attributesOf } from './plan.ts'
import type { ShownLine } from './show.ts'
import { isThere, stalenessOf } from './stale.ts'
import type { TaughtRecipe } from './taught-recipe.ts'

/** What a product's values would be made from, and what they were. */
export interface Standing {
  readonly latest: ReadonlyMap<string, LatestWork> | undefined
  readonly recipe: TaughtRecipe
  readonly candidates: readonly AssignedCandidate[] // any of them may have written it
  readonly lines: readonly ShownLine[]
  readonly hashes: readonly string[]
}

/**
 * Which products have all of a recipe's values already, each field for itself: what changed of the description's rules is no reason to
 * pay for titles again, nor is a word of the glossary that neither record nor text holds.
 */
export function createFreshness(recipe: Recipe) {
  const attributes = attributesOf(recipe)
  const known = new Map<string, Making>()
  return {
    async read(tx: Tx, productIds: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, LatestWork>>> {
      if (productIds.length === 0) return new Map()
      const latest = await latestWork(tx, { productIds, attributes })
      const ids = new Set([...latest.values()].flatMap((ofProduct) => [...ofProduct.values()].flatMap(({ making }) => making ?? [])))
      const unknown = [...ids].filter((id) => !known.has(id))
      for (const [id, parts] of await readMakings(tx, unknown)) known.set(id, parts as unknown as Making)
      return latest
    },
    /** Whether every value is there. A record that changed is one that changed, whatever of it did. */
    isWhole({ latest, recipe: asked, candidates, lines, hashes }: Standing): boolean {
      const kept = { making: (id: string) => known.get(id), record: () => undefined }
      let record: ReturnType<typeof keptRecord> | undefined
      return asked.fields.every((field) => {
        const made = latest?.get(writtenKey({ attribute: columnOf(field), locale: localeOf(asked, field), channel: null }))
        if (!made) return false
        if (made.workHash !== null && hashes.includes(made.workHash)) return true
        record ??= keptRecord(lines)
        const makings = candidates.map((candidate) => makingOf(asked, field.name, candidate))
        return isThere(stalenessOf(made, { hashes, makings, record, lines }, kept))
      })
    },
  }
}
