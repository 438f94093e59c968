import type { Usage } from '../base/usage.ts'
import type { SettledCost } from '../ledger/settlement.ts'
import { costOf, worstCase } from '../prices/cost.ts'
import { findPrices, type PriceSet } from '../prices/match.ts'
import { chooseCost, rateCardPrices } from '../prices/rate-card.ts'
import type { MeteredUsage } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import type { WireRecord } from './attempt.ts'
import type { Candidate } from './call.ts'
import { MACHINE_MS_AT_MOST } from './machine-time.ts'

/** What a request asks for that providers charge more for than for a usual one. */
export interface Dearer {
  /** A tier of service that has prices of its own. */
  readonly serviceTier?: string | undefined
  /** A region that has, in place of the connection's. */
  readonly region?: string | undefined
  /** What it has cached may be kept for hours. */
  readonly longCacheWrites?: boolean | undefined
  /** The answer may have sound or pictures in it. */
  readonly speaksOrDraws?: boolean | undefined
}

/**
 * The prices of a provider's batch service for a candidate; undefined where it has none, or none that is known: a connection's own
 * prices say nothing of it, unless they charge for nothing. What such a price list does not name of cache reads is charged as the
 * provider's data says.
 */
export function batchPricesOf({
  candidate: { provider, model, standsFor, region, rateCard },
  at,
}: {
  candidate: Candidate
  at: Date
}): PriceSet | undefined {
  const { batch } = findProvider(provider)
  if (!batch) return undefined
  const own = rateCardPrices(rateCard, model)
  if (own) return own.free ? own : undefined
  const asked = { provider, model: standsFor ?? model, isNamed: standsFor !== undefined, region, at }
  const prices = findPrices({ ...asked, batch: true })
  if (!prices) return undefined
  const usual = batch.cacheReads === 'as in a usual call' ? findPrices(asked) : undefined
  const bands = prices.bands.map(({ fromInputTokens, rows }) => {
    const reads =
      rows.cache_read_tokens ??
      (usual ? usual.bands.findLast((band) => band.fromInputTokens <= fromInputTokens)?.rows.cache_read_tokens : rows.input_tokens)
    return { fromInputTokens, rows: reads ? { ...rows, cache_read_tokens: reads } : rows }
  })
  return { ...prices, bands }
}

/** Whether a candidate's requests can go to a batch service, at a price that is known before. */
export const isBatched = (candidate: Candidate, at: Date): boolean => batchPricesOf({ candidate, at }) !== undefined

/** The most that one request of a batch can cost in `currency`; undefined: no price is known in it. */
export function worstCaseInBatch({
  candidate,
  currency,
  at,
  ...tokens
}: {
  candidate: Candidate
  currency: string
  at: Date
  inputTokensAtMost: number
  outputTokensAtMost: number
}): bigint | undefined {
  const prices = batchPricesOf({ candidate, at })
  return prices?.currency === currency ? worstCase({ ...tokens, prices }) : undefined
}

/**
 * What an answered request of a batch cost, by the batch prices of the model that answered; unknown without usage or price. Its list
 * cost is what a usual call would have cost.
 */
export function costInBatch({
  candidate,
  metered,
  at,
}: {
  candidate: Candidate
  metered: MeteredUsage | undefined
  at: Date
}): SettledCost | undefined {
  if (!metered?.usage || metered.other) return undefined
  const { servedModel } = metered
  const asked = { ...candidate, ...(servedModel === undefined ? {} : { standsFor: servedModel }) }
  const region = metered.inferenceGeo ?? candidate.region
  const { usage } = metered
  const cost = costOf({ usage, prices: batchPricesOf({ candidate: { ...asked, region }, at }) })
  if (cost.kind === 'unknown') return undefined
  const { nano, currency, free, rowIds } = cost
  const usual = costOf({ usage, prices: pricesOf({ candidate: { ...asked, region }, at }) })
  const listNano = usual.kind === 'known' && usual.currency === currency ? usual.nano : undefined
  return { nano, currency, source: free ? 'free' : 'price_book', listNano, rowIds }
}

/** The prices that hold for a candidate before the call: the connection's own, else the price book's; undefined when unknown. */
export function pricesOf({
  candidate: { provider, model, standsFor, region, rateCard },
  at,
  dearer = {},
}: {
  candidate: Candidate
  at: Date
  dearer?: Dearer | undefined
}): PriceSet | undefined {
  const own = rateCardPrices(rateCard, model)
  if (own) return own
  const asked = { serviceTier: dearer.serviceTier, region: dearer.region ?? region }
  return findPrices({ provider, model: standsFor ?? model, isNamed: standsFor !== undefined, ...asked, at })
}

/** No call lasts longer: what is asked before a dearer hour begins may be charged by it (DeepSeek's hours). */
const CALL_LASTS_AT_MOST_MS = 3_600_000

/**
 * The most a call can cost in `currency`, for its reservation; undefined when no price in that currency is known. Who asks for
 * something dearer may still be served, and charged, as usual: the higher of both counts.
 */
export function worstCaseOfCall({
  candidate,
  currency,
  at,
  inputTokensAtMost,
  outputTokensAtMost,
  dearer,
}: {
  candidate: Candidate
  currency: string
  at: Date
  inputTokensAtMost: number
  outputTokensAtMost: number
  dearer?: Dearer | undefined
}): bigint | undefined {
  const { longCacheWrites, speaksOrDraws } = dearer ?? {}
  const about = { inputTokensAtMost, outputTokensAtMost, longCacheWrites, speaksOrDraws, machineMsAtMost: MACHINE_MS_AT_MOST }
  const most = (asked: Dearer | undefined): bigint | undefined => {
    const prices = pricesOf({ candidate, at, dearer: asked })
    if (prices?.currency !== currency) return undefined
    const now = worstCase({ ...about, prices })
    const then = pricesOf({ candidate, at: new Date(at.getTime() + CALL_LASTS_AT_MOST_MS), dearer: asked })
    const later = worstCase({ ...about, prices: then })
    return now !== undefined && later !== undefined && later > now ? later : now
  }
  const usual = most(undefined)
  if (dearer?.serviceTier === undefined && dearer?.region === undefined) return usual
  const asked = most(dearer)
  return usual === undefined || asked === undefined ? undefined : usual > asked ? usual : asked
}

/** The same for a call whose usage is known before it, or the most of it: the characters of a text. */
export function worstCaseOfUsage({
  candidate,
  currency,
  at,
  usage,
}: {
  candidate: Candidate
  currency: string
  at: Date
  usage: Usage
}): bigint | undefined {
  const prices = pricesOf({ candidate, at })
  const cost =
    prices?.currency === currency
      ? costOf({ usage: prices.perHour ? { ...usage, machine_ms: MACHINE_MS_AT_MOST } : usage, prices })
      : undefined
  return cost?.kind === 'known' ? cost.nano : undefined
}

/**
 * Step 7's price: usage x prices, once. A request that did not leave, and one the provider turned away before doing any
 * work (4xx; no provider charges those, but for refused content where its data says so), costs nothing. Everything else without usage or price is unknown; a machine's time, where
 * that is what is paid for, is known without any usage (`machineMs`).
 */
export function costOfCall({
  candidate,
  metered,
  wire,
  machineMs,
  at,
  currency,
}: {
  candidate: Candidate
  metered: MeteredUsage | undefined
  wire: WireRecord
  machineMs?: number | undefined
  at: Date
  currency: string
}): SettledCost | undefined {
  if (wire.sent === 'no' || isTurnedAway(candidate, wire)) return { nano: 0n, currency, source: 'not_billed', rowIds: [] }
  const own = rateCardPrices(candidate.rateCard, candidate.model)
  if (!metered?.usage && !metered?.declaredCost) return own?.perHour && costOfTime(own, machineMs)
  const named = metered.servedModel ?? candidate.standsFor
  const parts = [{ model: named ?? candidate.model, usage: metered.usage }, ...(metered.other ?? [])]
  const serviceTier = metered.speed === 'fast' ? 'fast' : metered.serviceTier
  const costs = parts.map(({ model, usage }, index) => {
    const timed = usage && own?.perHour && machineMs !== undefined ? { ...usage, machine_ms: index === 0 ? machineMs : 0 } : usage
    const card = costOf({ usage: timed, prices: own })
    const book = costOf({
      usage,
      prices: findPrices({
        provider: candidate.provider,
        model,
        isNamed: named !== undefined,
        serviceTier,
        region: metered.inferenceGeo ?? candidate.region,
        at,
      }),
    })
    return chooseCost({ rateCard: card, book })
  })
  const known = costs.flatMap((cost) => (cost.kind === 'known' ? [cost] : []))
  const complete = known.length === costs.length && known.every((cost) => cost.currency === known[0]!.currency)
  const nano = known.reduce((sum, cost) => sum + cost.nano, 0n)
  const rowIds = [...new Set(known.flatMap((cost) => cost.rowIds))]
  const declared = chooseCost({ declared: metered.declaredCost })
  if (declared.kind === 'known') {
    const listNano = complete && known[0]!.currency === declared.currency ? nano : undefined
    return { nano: declared.nano, currency: declared.currency, source: 'declared', listNano, rowIds: complete ? rowIds : [] }
  }
  if (!complete) return undefined
  const listNano = known.every((cost) => cost.listNano !== null) ? known.reduce((sum, cost) => sum + cost.listNano!, 0n) : undefined
  return { nano, currency: known[0]!.currency, source: known[0]!.source, listNano, rowIds }
}

/** Where nothing but a machine's time is paid for, nobody needs to know what else a call used. */
function costOfTime(prices: PriceSet, machineMs: number | undefined): SettledCost | undefined {
  if (machineMs === undefined || Object.values(prices.bands[0]!.rows).some((row) => row.nano > 0n)) return undefined
  const cost = costOf({ usage: { machine_ms: machineMs }, prices })
  if (cost.kind === 'unknown') return undefined
  return { nano: cost.nano, currency: cost.currency, source: cost.free ? 'free' : 'rate_card', rowIds: cost.rowIds }
}

function isTurnedAway({ provider }: Candidate, { status, metered, failure }: WireRecord): boolean {
  if (failure?.code === 'provider.content_refused' && findProvider(provider).chargesRefusedContent) return false
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && !metered
}
