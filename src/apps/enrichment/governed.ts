import { inArray } from 'drizzle-orm'
import { type AssignedCandidate, assignedCandidates } from '../../assignments/resolve.ts'
import { AppError } from '../../base/errors.ts'
import { readMemories, type SourceMemory } from '../../catalogue/memory/memory.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { StaleOf } from '../../contract/stale.ts'
import type { Tx } from '../../db/database.ts'
import { recipes, runs } from '../../db/schema/index.ts'
import type { RunSettings } from '../../runs/settings.ts'
import { fitColumns } from './fit-columns.ts'
import { checkRecipe } from './read-recipe.ts'
import { attributeNames } from './selection-run.ts'
import { ENRICHMENT } from './work.ts'

/** What values of a run would be made with today: its recipe as it is stored now, or its own copy; who serves now, or whom it named. */
export interface Governor {
  readonly of: StaleOf
  readonly key: string // "recipe:<id>" or "run:<id>"
  readonly name: string | null
  readonly recipe: Recipe
  /** undefined: it cannot be said who would serve, so nothing is said of the model. */
  readonly candidates: readonly AssignedCandidate[] | undefined
}

/** Reads what a workspace's values would be made with, each once. `changed`: a recipe as it would be. */
export function createGovernors(changed?: { readonly recipeId: string; readonly recipe: Recipe }) {
  const governors = new Map<string, Governor | undefined>() // by run
  const stored = new Map<string, { name: string; recipe: Recipe } | undefined>()
  const memories = new Map<string, SourceMemory | undefined>()
  let assigned: readonly AssignedCandidate[] | null | undefined
  let columns: string[] | undefined

  const assignedNow = async (tx: Tx): Promise<readonly AssignedCandidate[] | undefined> => {
    if (assigned === undefined) assigned = await assignedCandidates(tx, ENRICHMENT).catch(unassigned)
    return assigned ?? undefined
  }
  const storedNow = async (tx: Tx, id: string) => {
    if (!stored.has(id)) {
      const [row] = await tx
        .select()
        .from(recipes)
        .where(inArray(recipes.id, [id]))
      const given = changed?.recipeId === id ? changed.recipe : row && checkRecipe(row.recipe)
      columns ??= await attributeNames(tx)
      stored.set(id, row && given ? { name: row.name, recipe: fitColumns(given, columns) } : undefined)
    }
    return stored.get(id)
  }
  return {
    /** Of runs; one that is no run of enrichment has none. */
    async governorsOf(tx: Tx, runIds: readonly string[]): Promise<ReadonlyMap<string, Governor | undefined>> {
      const fresh = runIds.filter((id) => !governors.has(id))
      const rows = fresh.length === 0 ? [] : await tx.select().from(runs).where(inArray(runs.id, fresh))
      for (const id of fresh) governors.set(id, undefined)
      for (const { id, settings, plan } of rows) {
        const {
          recipe: asked,
          wholeRecipe,
          recipeId,
          recipeName,
          candidates,
          assigned: byWorkspace,
        } = settings as unknown as Partial<RunSettings>
        const recipe = wholeRecipe ?? asked
        if (!recipe) continue
        const now = recipeId ? await storedNow(tx, recipeId) : undefined
        governors.set(id, {
          ...(now && recipeId ? { of: { recipeId }, key: `recipe:${recipeId}` } : { of: { runId: id }, key: `run:${id}` }),
          name: now?.name ?? recipeName ?? recipe.name ?? null,
          recipe: now?.recipe ?? recipe,
          candidates: plan === null ? undefined : byWorkspace ? await assignedNow(tx) : candidates,
        })
      }
      return governors
    },
    /** What is remembered of sources now. */
    async memoriesOf(tx: Tx, sourceIds: readonly string[]): Promise<ReadonlyMap<string, SourceMemory | undefined>> {
      const fresh = [...new Set(sourceIds)].filter((id) => !memories.has(id))
      const found = await readMemories(tx, fresh)
      for (const id of fresh) memories.set(id, found.get(id))
      return memories
    },
  }
}

/** Nobody is assigned any more: nothing can be said of the model. */
function unassigned(error: unknown): null {
  if (error instanceof AppError && error.code === 'assignment.missing') return null
  throw error
}
