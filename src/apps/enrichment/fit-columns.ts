import { columnOf, type Recipe } from '../../contract/recipe.ts'

/**
 * The recipe with its fields written to the file's own spelling of their columns: `title` goes to "Title" where the file
 * has that one and no `title`, instead of a second column that differs in its letters' case alone.
 */
export function fitColumns(recipe: Recipe, fileColumns: readonly string[]): Recipe {
  const exact = new Set(fileColumns)
  const byFolded = Map.groupBy(fileColumns, (column) => column.trim().toLowerCase())
  const fields = recipe.fields.map((field) => {
    const column = columnOf(field)
    if (exact.has(column)) return field
    const [only, second] = byFolded.get(column.toLowerCase()) ?? []
    return only === undefined || second !== undefined ? field : { ...field, column: only }
  })
  return { ...recipe, fields }
}
