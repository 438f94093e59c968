import { readdirSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { BUILT_IN_FIELDS, defaultRecipe } from './default-recipe.ts'
import { checkRecipe, parseRecipe, readRecipe } from './read-recipe.ts'
import { recipeText } from './recipe-text.ts'

const FOLDER = new URL('../../../recipes/', import.meta.url)

describe('a recipe as a file', () => {
  it.each(readdirSync(FOLDER))('%s reads the same after it was written', async (file) => {
    const { $schema: _schema, ...recipe } = await readRecipe(new URL(file, FOLDER).pathname)
    expect(parseRecipe(recipeText(recipe))).toEqual(recipe)
  })

  test.prop([fc.subarray([...BUILT_IN_FIELDS], { minLength: 1 }), fc.constantFrom('en', 'de', 'fr-CA'), fc.integer({ min: 1, max: 50 })])(
    'whatever fields it has, it reads the same',
    (fields, locale, perCall) => {
      const recipe = { ...defaultRecipe({ fields, locale }), perCall }
      expect(parseRecipe(recipeText(recipe))).toEqual(recipe)
    },
  )

  it('says nothing that goes without saying', () => {
    const text = recipeText(defaultRecipe({ fields: ['keywords'] }))
    expect(text).not.toMatch(/show|perCall|required|paragraphs|locale/)
    expect(text).toMatch(/^tone: clear and factual\nfields:\n {2}- type: text\n {4}name: keywords/)
  })
})

it('names each mistake of a recipe by its path', () => {
  const wrong = {
    perCal: 3,
    fields: [
      { type: 'text', name: 'a', words: { max: -1 } },
      { type: 'select', name: 'b', values: [] },
    ],
  }
  const issues = (() => {
    try {
      checkRecipe(wrong)
    } catch (error) {
      return (error as { issues?: { path: string; message: string }[] }).issues
    }
    return undefined
  })()
  expect(issues?.map(({ path }) => path).sort()).toEqual(['fields.0.words.max', 'fields.1.values', 'perCal'])
  expect(issues?.find(({ path }) => path === 'perCal')?.message).toContain('did you mean "perCall"')
})
