/**
 * Whose words a value is, as an export says it on request. `AI-edited`: a model wrote it and a person changed it; `rule`: it stands
 * in the product's own data, and no model was asked; `practice`: made up for practice, by no model.
 */
export const ORIGIN_MARKS = ['AI-written', 'AI-edited', 'human', 'rule', 'practice', 'supplier'] as const
export type OriginMark = (typeof ORIGIN_MARKS)[number]

/** Behind a column's name: the one that says whose words its values are. */
export const ORIGIN_SUFFIX = ' (origin)'
/** JSONL: the member that says it of all values of a product. */
export const ORIGIN_MEMBER = '_origin'

const MARKS: ReadonlySet<unknown> = new Set(ORIGIN_MARKS)

export const isOriginMark = (value: unknown): value is OriginMark => MARKS.has(value)

/** The marks that a product of a JSONL file has, by column; undefined: none. */
export function marksIn(value: unknown): Record<string, OriginMark> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const marks = Object.entries(value)
  return marks.every(([, mark]) => isOriginMark(mark)) ? Object.fromEntries(marks) : undefined
}

/**
 * Those of a file's columns that an earlier export added as marks: they say nothing of the products. Each stands beside the column of
 * its name, none says anything but a mark, and one of them says one. `rows`: the file's first products.
 */
export function originColumns({
  kind,
  columns,
  rows,
}: {
  readonly kind: string
  readonly columns: readonly string[]
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}): string[] {
  if (kind === 'jsonl') {
    const said = rows.flatMap((row) => (row[ORIGIN_MEMBER] === undefined ? [] : [row[ORIGIN_MEMBER]]))
    return said.length > 0 && said.every((value) => marksIn(value) !== undefined) ? [ORIGIN_MEMBER] : []
  }
  const known = new Set(columns)
  const found = columns.filter((column) => {
    if (!column.endsWith(ORIGIN_SUFFIX)) return false
    const isBeside = kind === 'xml' || known.has(column.slice(0, -ORIGIN_SUFFIX.length)) // XML may have left the empty element out
    return isBeside && rows.every((row) => row[column] === undefined || row[column] === '' || isOriginMark(row[column]))
  })
  return found.some((column) => rows.some((row) => isOriginMark(row[column]))) ? found : []
}
