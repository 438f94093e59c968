/** The new values of one product by column name. Lists of plain values become "a, b" in a cell, other objects JSON; null empties it. */
export type Changes = Readonly<Record<string, unknown>>

/** A cell that was left as it was, because the file cannot hold its new value. */
export interface UnencodableCell {
  readonly identifier: string
  readonly row: number
  readonly line: number
  readonly column: string
  readonly characters: string // those that the encoding lacks, or that need quotes in a file without quoting
  /** Why it was left, where it is not for its characters. */
  readonly reason?: 'formula' | 'merged' | 'too_long' | 'attribute'
}

/** A value as the text of a cell. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) return value.map(String).join(', ')
  return JSON.stringify(value)
}
