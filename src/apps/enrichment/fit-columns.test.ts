import { expect, it } from 'vitest'
import { defaultRecipe } from './default-recipe.ts'
import { fitColumns } from './fit-columns.ts'
import { columnOf } from '../../contract/recipe.ts'

const fitted = (fields: readonly string[], columns: readonly string[]): string[] =>
  fitColumns(defaultRecipe({ fields }), columns).fields.map(columnOf)

it("writes to the file's own spelling of a column", () => {
  expect(fitted(['title', 'description'], ['Handle', 'Title', 'Body (HTML)'])).toEqual(['Title', 'description'])
})

it('leaves a column that is there as it is, and does not choose between two', () => {
  expect(fitted(['title'], ['title', 'Title'])).toEqual(['title'])
  expect(fitted(['title'], ['TITLE', 'Title'])).toEqual(['title'])
})
