import { and, desc, eq, sql } from 'drizzle-orm'
import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import type { Recipe } from '../../contract/recipe.ts'
import type { Tx } from '../../db/database.ts'
import { recipes } from '../../db/schema/index.ts'
import { newId } from '../../runtime/ids.ts'
import { checkRecipe } from './read-recipe.ts'

/** A workspace's recipes under their names. What is stored was right when it was stored, and is checked whenever it is read. */
export interface StoredRecipe {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly recipe: Recipe
  readonly updatedBy: string
  readonly updatedAt: Date
  readonly lastUsedAt: Date | null
}

interface Author {
  readonly workspaceId: string
  readonly actor: string
  readonly now: Date
}

/** Recipes, the last changed first. `after`: how many to leave out. */
export async function listRecipes(tx: Tx, { after, limit }: { after: number; limit: number }): Promise<StoredRecipe[]> {
  const rows = await tx.select().from(recipes).orderBy(desc(recipes.updatedAt), desc(recipes.id)).offset(after).limit(limit)
  return rows.map(storedRecipe)
}

/** @throws `recipe.missing` */
export async function readStoredRecipe(tx: Tx, id: string): Promise<StoredRecipe> {
  const [row] = await tx.select().from(recipes).where(eq(recipes.id, id))
  if (!row) throw missing()
  return storedRecipe(row)
}

export async function addRecipe(
  tx: Tx,
  { workspaceId, actor, now }: Author,
  { name, recipe }: { name: string; recipe: Recipe },
): Promise<StoredRecipe> {
  const row = { id: newId(), workspaceId, name, recipe: { ...recipe, name }, updatedBy: actor, createdAt: now, updatedAt: now }
  const [added] = await tx.insert(recipes).values(row).returning()
  await recordAudit(tx, { workspaceId, actor, action: 'recipe.added', subject: `recipe:${row.id}`, detail: { name } })
  return storedRecipe(added!)
}

/** Changes a recipe as it was at `version`. @throws `recipe.changed` when someone else did meanwhile, `recipe.missing` */
export async function changeRecipe(
  tx: Tx,
  { workspaceId, actor, now }: Author,
  { id, version, name, recipe }: { id: string; version: number; name: string; recipe: Recipe },
): Promise<StoredRecipe> {
  const [changed] = await tx
    .update(recipes)
    .set({ name, recipe: { ...recipe, name }, version: sql`${recipes.version} + 1`, updatedBy: actor, updatedAt: now })
    .where(and(eq(recipes.id, id), eq(recipes.version, version)))
    .returning()
  if (changed) {
    await recordAudit(tx, {
      workspaceId,
      actor,
      action: 'recipe.changed',
      subject: `recipe:${id}`,
      detail: { name, version: changed.version },
    })
    return storedRecipe(changed)
  }
  await readStoredRecipe(tx, id)
  throw new AppError('recipe.changed', 'Someone else changed this recipe since you opened it. Nothing was overwritten.')
}

export async function deleteRecipe(tx: Tx, { workspaceId, actor }: Author, id: string): Promise<void> {
  const [deleted] = await tx.delete(recipes).where(eq(recipes.id, id)).returning()
  if (!deleted) throw missing()
  await recordAudit(tx, { workspaceId, actor, action: 'recipe.deleted', subject: `recipe:${id}`, detail: { name: deleted.name } })
}

/** A run was made from it. */
export const markUsed = (tx: Tx, { id, now }: { id: string; now: Date }): Promise<unknown> =>
  tx.update(recipes).set({ lastUsedAt: now }).where(eq(recipes.id, id))

const storedRecipe = ({ recipe, ...row }: typeof recipes.$inferSelect): StoredRecipe => ({ ...row, recipe: checkRecipe(recipe) })

const missing = (): AppError => new AppError('recipe.missing', 'There is no such recipe in this workspace.')
