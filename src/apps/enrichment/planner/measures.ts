import { mentionsIn, normalise } from '../mentions.ts'
import { lowestForm, unitOf } from '../../../base/units.ts'

/** A quantity that a text states in one unit, and in no other way. */
export interface Measure {
  readonly amount: string // decimal in lowest form
  readonly unit: string // its name
  readonly words: string // as they stand in the text
}

/** Quantities of a text, of each dimension that it states just one of. "20 x 30 cm" states two. */
export function loneMeasures(text: string): Measure[] {
  const plain = normalise(text)
  if (!/\d/.test(plain)) return []
  const { numbers } = mentionsIn(plain, 'en')
  const byDimension = Map.groupBy(
    numbers.filter(({ unit }) => unit !== undefined),
    ({ unit }) => unit!.dimension,
  )
  return [...byDimension.values()].flatMap((mentions): Measure[] => {
    const [mention] = mentions
    const [amount, other] = mention!.readings
    if (mentions.length !== 1 || amount === undefined || other !== undefined || mention!.unitInherited) return []
    if (!text.includes(mention!.text)) return []
    if (isPartOfMore(plain, mention!)) return []
    return [{ amount, unit: mention!.unit!.name, words: mention!.text.trim() }]
  })
}

/** "2 x 3 m", "10-40 cm", "up to 5 m", "+5 V", "3m+": not that alone. */
function isPartOfMore(text: string, { start, end }: { start: number; end: number }): boolean {
  const before = text.slice(Math.max(0, start - 12), start)
  const after = text.slice(end, end + 4)
  return (
    /(?:[\dx×*/+~<>≤≥±-]|\bto|\bbis|\bmax\.?|\bmin\.?|\bupto|\bup to|\bfrom|\bab)\s*$/iu.test(before) ||
    /^\s*(?:[x×*/+-]|\bto\b)\s*\d|^[+/-]/iu.test(after)
  )
}

/** A known value as a quantity: "3.0", "3 m", 3. Without a unit where it has none. */
export function readMeasure(value: unknown): { amount: string; unit: string | undefined } | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  const match = /^(\d{1,9})(?:[.](\d{1,6}))?\s*(\D{0,20})$/u.exec(text)
  if (!match) return undefined
  const spelling = match[3]!.trim()
  const unit = spelling === '' ? undefined : unitOf(spelling)?.name
  if (spelling !== '' && unit === undefined) return undefined
  return { amount: lowestForm(match[1]!, match[2] ?? ''), unit }
}
