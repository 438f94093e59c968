import { formatNano, parseNano } from '../../../base/money.ts'
import type { Consumption } from '../../../contract/consumption.ts'
import type { Measure } from './search.ts'

/** One bar: a day, or several in a row where days are too many for the width. */
export interface Bar {
  readonly from: string
  readonly to: string
  readonly parts: readonly BarPart[]
  readonly total: number
  /** Calls whose cost is not in the bar. */
  readonly unknown: number
}

/** `exact` is nano-units for money, else a count; `value` is the same for drawing, where a float is good enough. */
export interface BarPart {
  readonly key: string | null
  readonly exact: bigint
  readonly value: number
}

/** Bars of one measure, parts in the order of the series and what is left over last. Money of another currency is not in them. */
export function barsOf(
  { days, series }: Pick<Consumption, 'days' | 'series'>,
  { measure, currency, most }: { measure: Measure; currency: string; most: number },
): Bar[] {
  const perBar = Math.max(1, Math.ceil(days.length / Math.max(1, most)))
  const keys: (string | null)[] = [...series.map(({ key }) => key), null]
  return Array.from({ length: Math.ceil(days.length / perBar) }, (_, index): Bar => {
    const within = days.slice(index * perBar, (index + 1) * perBar)
    const all = within.flatMap(({ parts }) => parts)
    const parts = keys
      .map((key): BarPart => {
        const exact = all.filter((part) => part.key === key).reduce((sum, part) => sum + amountOf(part, { measure, currency }), 0n)
        return { key, exact, value: Number(exact) }
      })
      .filter(({ exact }) => exact > 0n)
    return {
      from: within[0]!.day,
      to: within.at(-1)!.day,
      parts,
      total: parts.reduce((sum, { value }) => sum + value, 0),
      unknown: measure === 'cost' ? all.reduce((sum, part) => sum + part.unknownCostCalls, 0) : 0,
    }
  })
}

type Part = Consumption['days'][number]['parts'][number]

function amountOf(part: Part, { measure, currency }: { measure: Measure; currency: string }): bigint {
  if (measure === 'calls') return BigInt(part.calls)
  if (measure === 'tokens') return BigInt(part.tokens)
  const money = part.cost.find((one) => one.currency === currency)
  return money ? parseNano(money.amount) : 0n
}

/** The exact sum of bars' parts, as money or as a count. */
export const sumOf = (parts: readonly BarPart[]): bigint => parts.reduce((sum, { exact }) => sum + exact, 0n)

export const toMoney = (nano: bigint, currency: string) => ({ currency, amount: formatNano(nano) })

/** Round steps for an axis from 0 to at least `most`: 1, 2 or 5 times a power of ten, four steps or a few more or less. */
export function ticksTo(most: number, smallest: number): number[] {
  if (most <= 0) return [0]
  const raw = most / 4
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = Math.max(
    smallest,
    [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw * (1 - 1e-9))!,
  )
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, index) => index * step)
}

export const COLOURS = 7

/**
 * Which of the seven colours a series has: by its name, so that the same thing has the same colour whatever else is shown; where two
 * want the same one the dearer keeps it. The eighth is for all others together.
 */
export function coloursOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set<number>()
  return new Map(
    keys.slice(0, COLOURS).map((key) => {
      let colour = hashOf(key) % COLOURS
      while (taken.has(colour)) colour = (colour + 1) % COLOURS
      taken.add(colour)
      return [key, colour + 1]
    }),
  )
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0
  return hash
}

const CLASSES = ['bg-chart-1', 'bg-chart-2', 'bg-chart-3', 'bg-chart-4', 'bg-chart-5', 'bg-chart-6', 'bg-chart-7', 'bg-chart-8'] as const

/** The class of colour 1 to 8, written out so that the build finds it. */
export const chartColour = (colour: number): string => CLASSES[colour - 1]!
