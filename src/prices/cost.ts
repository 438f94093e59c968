import { divideHalfUp, splitNano } from '../base/money.ts'
import { USAGE_UNITS, type Usage, type UsageUnit } from '../base/usage.ts'
import { PRICE_DENOMINATOR, priceOf } from './book.ts'
import type { PriceSet, UnitPrices } from './match.ts'

/** What a call cost by one list of prices. Unknown is a result of its own, never a zero and never a partial sum. */
export type Cost =
  | {
      readonly kind: 'known'
      readonly nano: bigint
      readonly currency: string
      /** True when the price list charges for nothing. */
      readonly free: boolean
      /** The price rows used, for the ledger. */
      readonly rowIds: readonly string[]
      /** The cost by unit; sums to `nano` exactly. */
      readonly parts: Readonly<Partial<Record<UsageUnit, bigint>>>
    }
  | {
      readonly kind: 'unknown'
      /** Units that were used and have no price; or why nothing could be summed at all. */
      readonly missing: readonly UsageUnit[] | 'no price' | 'no usage'
    }

/**
 * The exact cost of one call: counts times prices, summed over one common denominator and rounded once, half up.
 * A unit that was used and has no price makes the cost unknown; a unit with a count of 0 needs none. A fee per request
 * is charged once when the usage does not count requests, because an answered call is one request. Where a machine is paid by
 * the hour, its time must be known, and pays for every unit that has no price of its own.
 */
export function costOf({ usage, prices }: { usage: Usage | undefined; prices: PriceSet | undefined }): Cost {
  if (!prices) return { kind: 'unknown', missing: 'no price' }
  if (prices.free) return { kind: 'known', nano: 0n, currency: prices.currency, free: true, rowIds: [], parts: {} }
  const used = usage && USAGE_UNITS.filter((unit) => usage[unit] !== undefined)
  if (!usage || !used || used.length === 0) return { kind: 'unknown', missing: 'no usage' }
  const unusable = used.filter((unit) => !isCount(usage[unit]))
  if (unusable.length > 0) return { kind: 'unknown', missing: unusable }

  const { perHour } = prices
  const priced = bandFor(prices, inputTokens(usage))
  const rows: UnitPrices = perHour ? { ...priced, machine_ms: perHour } : priced
  if (perHour && usage.machine_ms === undefined) return { kind: 'unknown', missing: ['machine_ms'] }
  const counts: [UsageUnit, bigint][] = used.map((unit) => [unit, BigInt(usage[unit]!)])
  if (rows.requests && usage.requests === undefined) counts.push(['requests', 1n])
  const charged = counts.filter(([unit, count]) => count > 0n && !(perHour && !rows[unit]))
  const missing = charged.filter(([unit]) => rows[unit] === undefined).map(([unit]) => unit)
  if (missing.length > 0) return { kind: 'unknown', missing }

  const numerators = charged.map(([unit, count]) => priceOf(unit, count, rows[unit]!.nano))
  const nano = divideHalfUp(
    numerators.reduce((a, b) => a + b, 0n),
    PRICE_DENOMINATOR,
  )
  const shares = splitNano(nano, numerators)
  return {
    kind: 'known',
    nano,
    currency: prices.currency,
    free: false,
    rowIds: [...new Set(charged.map(([unit]) => rows[unit]!.id))],
    parts: Object.fromEntries(charged.map(([unit], index) => [unit, shares[index]!])),
  }
}

/**
 * The most that one text call can cost, for its reservation, in the price list's currency: every band its input could
 * reach, every way its input could be charged (uncached, read from or written to a cache) and its output (visible or
 * reasoning). Cache writes of the long lifetime, and sound and pictures in the answer, count only when the request can cause them. A machine paid by the hour is
 * reserved for as long as a call may last (`machineMsAtMost`). Undefined: no price is known.
 */
export function worstCase({
  inputTokensAtMost,
  outputTokensAtMost,
  prices,
  longCacheWrites = false,
  speaksOrDraws = false,
  machineMsAtMost,
}: {
  inputTokensAtMost: number
  outputTokensAtMost: number
  prices: PriceSet | undefined
  longCacheWrites?: boolean | undefined
  speaksOrDraws?: boolean | undefined
  machineMsAtMost?: number | undefined
}): bigint | undefined {
  if (!prices || !isCount(inputTokensAtMost) || !isCount(outputTokensAtMost)) return undefined
  if (prices.free) return 0n
  const { perHour } = prices
  if (perHour && machineMsAtMost === undefined) return undefined
  const time = perHour ? priceOf('machine_ms', BigInt(machineMsAtMost!), perHour.nano) : 0n
  let most: bigint | undefined
  for (const { fromInputTokens, rows } of prices.bands) {
    if (fromInputTokens > inputTokensAtMost) continue
    const { input_tokens: input, output_tokens: output } = rows
    if (!perHour && (!input || (!output && outputTokensAtMost > 0))) return undefined
    const inputPrice = highest([
      input?.nano,
      rows.cache_read_tokens?.nano,
      rows.cache_write_tokens?.nano,
      longCacheWrites ? rows.cache_write_long_tokens?.nano : undefined,
    ])
    const outputPrice = highest([
      output?.nano,
      rows.reasoning_tokens?.nano,
      speaksOrDraws ? rows.audio_output_tokens?.nano : undefined,
      speaksOrDraws ? rows.image_output_tokens?.nano : undefined,
    ])
    const fee = priceOf('requests', 1n, rows.requests?.nano ?? 0n)
    const numerator =
      priceOf('input_tokens', BigInt(inputTokensAtMost), inputPrice) +
      priceOf('output_tokens', BigInt(outputTokensAtMost), outputPrice) +
      fee +
      time
    const nano = (numerator + PRICE_DENOMINATOR - 1n) / PRICE_DENOMINATOR
    if (most === undefined || nano > most) most = nano
  }
  return most
}

/** All that the provider counts as the length of the input: cache reads and writes are part of it. */
function inputTokens(usage: Usage): number {
  return (
    (usage.input_tokens ?? 0) +
    (usage.cache_read_tokens ?? 0) +
    (usage.cache_write_tokens ?? 0) +
    (usage.cache_write_long_tokens ?? 0) +
    (usage.audio_input_tokens ?? 0) +
    (usage.image_input_tokens ?? 0)
  )
}

function bandFor(prices: PriceSet, input: number): UnitPrices {
  return prices.bands.findLast((band) => band.fromInputTokens <= input)?.rows ?? {}
}

const isCount = (count: number | undefined): boolean => count !== undefined && Number.isSafeInteger(count) && count >= 0

function highest(prices: readonly (bigint | undefined)[]): bigint {
  return prices.reduce<bigint>((most, price) => (price !== undefined && price > most ? price : most), 0n)
}
