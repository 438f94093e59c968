/** A value for reading and for writing: as text, one entry a line where it has several. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(valueText).join('\n')
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, entry]) => `${name}: ${valueText(entry)}`)
      .join('\n')
  }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** For reading alone: an amount with its unit, prices with their currencies, as people write them. */
export function shownText(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return valueText(value)
  const { amount, unit, ...others } = value as Record<string, unknown>
  if (amount !== undefined && Object.keys(others).length === 0) return [amount, unit].filter(Boolean).map(valueText).join(' ')
  const parts = Object.entries(value)
  if (parts.length === 0 || !parts.every(([name]) => /^[A-Z]{3}$/.test(name))) return valueText(value)
  return parts.map(([currency, price]) => `${valueText(price)} ${currency}`).join('\n')
}

/** On one line, for a list. */
export const valueLine = (value: unknown): string => valueText(value).replaceAll(/\s+/g, ' ').trim()

export type Given = string | number | boolean | string[] | Record<string, string> | Record<string, string>[]
/** `number`, `entries`, `choice`: what the text should have been. */
export type Read = { readonly value: Given } | { readonly wrong: 'number' | 'entries' | 'choice' }

/** What a person typed, in the shape of what stood there before: a number stays one, and entries stay entries. */
export function readValue(text: string, like: unknown): Read {
  if (typeof like === 'number') {
    const number = Number(text.trim())
    return text.trim() !== '' && Number.isFinite(number) ? { value: number } : { wrong: 'number' }
  }
  if (typeof like === 'boolean') {
    const choice = { true: true, false: false }[text.trim()]
    return choice === undefined ? { wrong: 'choice' } : { value: choice }
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (Array.isArray(like)) return { value: lines.map((line) => line.trim()) }
  if (typeof like !== 'object' || like === null) return { value: text }
  const entries = lines.map((line) => /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(line))
  return entries.every((entry) => entry !== null)
    ? { value: Object.fromEntries(entries.map((entry) => [entry[1]!, entry[2]!])) }
    : { wrong: 'entries' }
}
