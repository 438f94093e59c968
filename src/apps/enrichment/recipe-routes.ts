import { AppError } from '../../base/errors.ts'
import * as contract from '../../contract/recipes.ts'
import { handle, type HandledRoute, type Member } from '../../http/handle.ts'
import { positionOf } from '../../http/position.ts'
import type { JobServices } from './job.ts'
import { systemPrompt } from './prompt.ts'
import { checkRecipe, parseRecipe } from './read-recipe.ts'
import { recipeText } from './recipe-text.ts'
import { addRecipe, changeRecipe, deleteRecipe, listRecipes, readStoredRecipe, type StoredRecipe } from './stored-recipes.ts'
import { suggestRecipe } from './suggest.ts'

const PAGE = 100

/** A workspace's recipes. */
export function recipeRoutes({ database, clock }: JobServices): HandledRoute[] {
  const by = ({ workspaceId, actor }: Member) => ({ workspaceId, actor, now: clock.now() })
  return [
    handle(contract.listRecipes, ({ who: { workspaceId }, query: { cursor } }) =>
      database.inWorkspace(workspaceId, async (tx) => {
        const after = positionOf(cursor)
        const found = await listRecipes(tx, { after, limit: PAGE + 1 })
        return { items: found.slice(0, PAGE).map(summary), nextCursor: found.length > PAGE ? String(after + PAGE) : null }
      }),
    ),
    handle(contract.addRecipe, async ({ who, body: { name, recipe } }) => {
      const checked = checkRecipe(recipe)
      return view(await database.inWorkspace(who.workspaceId, (tx) => addRecipe(tx, by(who), { name, recipe: checked })))
    }),
    handle(contract.readStoredRecipe, async ({ who: { workspaceId }, params: { recipeId } }) =>
      view(await database.inWorkspace(workspaceId, (tx) => readStoredRecipe(tx, recipeId))),
    ),
    handle(contract.changeRecipe, async ({ who, params: { recipeId: id }, body: { name, recipe, version } }) => {
      const change = { id, version, name, recipe: checkRecipe(recipe) }
      return view(await database.inWorkspace(who.workspaceId, (tx) => changeRecipe(tx, by(who), change)))
    }),
    handle(contract.deleteRecipe, ({ who, params: { recipeId } }) =>
      database.inWorkspace(who.workspaceId, (tx) => deleteRecipe(tx, by(who), recipeId)),
    ),
    handle(contract.duplicateRecipe, async ({ who, params: { recipeId }, body: { name } }) =>
      view(
        await database.inWorkspace(who.workspaceId, async (tx) => {
          const { recipe } = await readStoredRecipe(tx, recipeId)
          return addRecipe(tx, by(who), { name, recipe })
        }),
      ),
    ),
    handle(contract.checkRecipe, ({ body: { recipe: given } }) => {
      try {
        const recipe = checkRecipe(given)
        return { issues: [], recipe, system: systemPrompt(recipe) }
      } catch (error) {
        if (error instanceof AppError && error.issues)
          return { issues: error.issues.map((issue) => ({ ...issue })), recipe: null, system: null }
        throw error
      }
    }),
    handle(contract.suggestRecipe, ({ who: { workspaceId }, body: { selection, locale } }) =>
      suggestRecipe(database, { workspaceId, selection, locale }),
    ),
    handle(contract.readRecipeText, ({ body: { text } }) => ({ recipe: parseRecipe(text) })),
    handle(contract.writeRecipeText, ({ body: { recipe } }) => ({ text: recipeText(checkRecipe(recipe)) })),
  ]
}

const dated = ({ updatedAt, lastUsedAt }: StoredRecipe) => ({
  updatedAt: updatedAt.toISOString(),
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
})

const view = (stored: StoredRecipe) => {
  const { id, name, version, updatedBy, recipe } = stored
  return { id, name, version, updatedBy, recipe, ...dated(stored) }
}

const summary = (stored: StoredRecipe) => {
  const { id, name, version, updatedBy, recipe } = stored
  const { locale, perCall } = recipe
  return { id, name, version, updatedBy, ...dated(stored), fields: recipe.fields.map((field) => field.name), locale, perCall }
}
