import { z } from 'zod'
import { productSelection } from './catalogue.ts'
import { recipeSchema } from './recipe.ts'
import { defineRoute, idOf, instant, pageOf } from './route.ts'

/** A checked recipe: what to write, and how. @see docs/guides/recipes.md */
export const recipeView = recipeSchema.meta({ id: 'Recipe' })

/** A recipe as someone sends it. Its mistakes are answered as `recipe.invalid`, each with its path, rather than as a wrong request. */
export const recipeGiven = z.record(z.string(), z.unknown()).meta({ description: 'A recipe as docs/guides/recipes.md describes it' })

const recipeId = idOf('recipe')
const name = z.string().trim().min(1, 'is empty').max(200)
const params = z.strictObject({ recipeId })

const summary = {
  id: recipeId,
  name: z.string(),
  version: z.int().meta({ description: 'Grows with every change; a change names the version it was made from' }),
  updatedBy: z.string(),
  updatedAt: instant,
  lastUsedAt: instant.nullable().meta({ description: 'When a run was last made from it; null: never' }),
}
export const recipeSummary = z
  .strictObject({ ...summary, fields: z.array(z.string()), locale: z.string(), perCall: z.int() })
  .meta({ id: 'RecipeSummary' })
export const storedRecipe = z.strictObject({ ...summary, recipe: recipeView }).meta({ id: 'StoredRecipe' })
export type StoredRecipe = z.output<typeof storedRecipe>

/** One mistake in a recipe. `path` as in "fields.0.words.max"; empty: the recipe as a whole. */
export const recipeIssue = z.strictObject({ path: z.string(), message: z.string() }).meta({ id: 'RecipeIssue' })
export type RecipeIssue = z.output<typeof recipeIssue>

export const listRecipes = defineRoute({
  id: 'recipes.list',
  method: 'get',
  path: '/api/v1/recipes',
  summary: 'The workspace’s recipes, the last changed first',
  needs: 'recipes.read',
  query: z.strictObject({ cursor: z.string().max(200).optional() }),
  answer: pageOf(recipeSummary),
})

export const addRecipe = defineRoute({
  id: 'recipes.add',
  method: 'post',
  path: '/api/v1/recipes',
  summary: 'Keeps a recipe under a name',
  needs: 'recipes.write',
  body: z.strictObject({ name, recipe: recipeGiven }),
  answer: storedRecipe,
})

export const readStoredRecipe = defineRoute({
  id: 'recipes.read',
  method: 'get',
  path: '/api/v1/recipes/{recipeId}',
  summary: 'One recipe',
  needs: 'recipes.read',
  params,
  answer: storedRecipe,
})

export const changeRecipe = defineRoute({
  id: 'recipes.change',
  method: 'put',
  path: '/api/v1/recipes/{recipeId}',
  summary: 'Changes a recipe; refused with recipe.changed when someone else changed it since `version`',
  needs: 'recipes.write',
  params,
  body: z.strictObject({ name, recipe: recipeGiven, version: z.int().min(1) }),
  answer: storedRecipe,
})

export const deleteRecipe = defineRoute({
  id: 'recipes.delete',
  method: 'delete',
  path: '/api/v1/recipes/{recipeId}',
  summary: 'Deletes a recipe; runs that were made from it keep their copy',
  needs: 'recipes.write',
  params,
})

export const duplicateRecipe = defineRoute({
  id: 'recipes.duplicate',
  method: 'post',
  path: '/api/v1/recipes/{recipeId}/duplicate',
  summary: 'Keeps a copy of a recipe under another name',
  needs: 'recipes.write',
  params,
  body: z.strictObject({ name }),
  answer: storedRecipe,
})

export const checkRecipe = defineRoute({
  id: 'recipes.check',
  method: 'post',
  path: '/api/v1/recipes/check',
  summary: 'What is wrong with a recipe, and the prompt that it makes; keeps nothing',
  needs: 'recipes.read',
  body: z.strictObject({ recipe: recipeGiven }),
  answer: z.strictObject({
    issues: z.array(recipeIssue).meta({ description: 'Empty: the recipe is right' }),
    recipe: recipeView.nullable(),
    system: z.string().nullable().meta({ description: 'The constant part of its prompt' }),
  }),
})

export const suggestRecipe = defineRoute({
  id: 'recipes.suggest',
  method: 'post',
  path: '/api/v1/recipes/suggest',
  summary: 'A recipe to begin with, written to the columns that the selected products have; keeps nothing',
  needs: 'recipes.read',
  body: z.strictObject({ selection: productSelection, locale: z.string().max(35).optional() }),
  answer: z.strictObject({
    recipe: recipeView,
    columns: z.array(z.strictObject({ name: z.string(), share: z.number().min(0).max(1), shown: z.boolean(), example: z.string() })).meta({
      description: 'What the products have, by the first 500 of them: the share that has it, whether the model sees it, an example',
    }),
  }),
})

export const readRecipeText = defineRoute({
  id: 'recipes.fromText',
  method: 'post',
  path: '/api/v1/recipes/from-text',
  summary: 'Reads a recipe file, YAML or JSON; keeps nothing',
  needs: 'recipes.read',
  body: z.strictObject({ text: z.string().max(512 * 1024) }),
  answer: z.strictObject({ recipe: recipeView }),
})

export const writeRecipeText = defineRoute({
  id: 'recipes.toText',
  method: 'post',
  path: '/api/v1/recipes/to-text',
  summary: 'A recipe as a YAML file, for the command line',
  needs: 'recipes.read',
  body: z.strictObject({ recipe: recipeGiven }),
  answer: z.strictObject({ text: z.string() }),
})
