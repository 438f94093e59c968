import { setTimeout as sleep } from 'node:timers/promises'
import { closedLoop, openLoop, type Round } from '../../test/support/load/lanes.ts'
import { sampleProcess } from '../../test/support/load/process-meter.ts'
import { median, type Quantiles } from '../../test/support/load/quantiles.ts'
import { firstTokens, holdStreams, leaveStreams, type OpenStreams } from '../../test/support/load/streams.ts'
import type { LoadUpstream } from '../../test/support/load/upstream.ts'
import type { Contender } from './contenders.ts'

/** How much is measured. */
export interface Extent {
  readonly rounds: number
  readonly seconds: number // of one round
  readonly connections: readonly number[] // at which saturation is looked for
}

/** Requests for whole answers; times in ms. */
export interface Saturation {
  readonly requestsPerSecond: number
  readonly connections: number
  readonly cpuUsPerRequest: number | undefined // all threads; undefined: no process, or no /proc
  readonly p50: number
  readonly p99: number
  readonly otherwise: Readonly<Record<string, number>>
}

type PerContender<Figure> = ReadonlyMap<Contender, Figure>

/** Rounds of one after the other, A B A B, so that a neighbour's hour is everybody's. */
async function interleave<Figure>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender) => Promise<Figure>,
): Promise<Map<Contender, Figure[]>> {
  const all = new Map<Contender, Figure[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round += 1) for (const one of contenders) all.get(one)!.push(await measure(one))
  return all
}

/** Requests a second at each number of connections; of each the median, of those the best. */
export async function findSaturation(
  contenders: readonly Contender[],
  { rounds, seconds, connections }: Extent,
): Promise<PerContender<Saturation>> {
  const best = new Map<Contender, Saturation>()
  for (const one of contenders) await closedLoop(one.targetOf('json'), { connections: 32, seconds }) // V8 compiles what is hot
  for (const count of connections) {
    const measured = await interleave(contenders, rounds, async (one) => {
      const before = one.pid === undefined ? undefined : sampleProcess(one.pid)
      const round = await closedLoop(one.targetOf('json'), { connections: count, seconds })
      const after = one.pid === undefined ? undefined : sampleProcess(one.pid)
      return { ...round, cpuUsPerRequest: before && after && ((after.cpuMs - before.cpuMs) * 1_000) / round.answered }
    })
    for (const [one, figures] of measured) {
      const requestsPerSecond = median(figures.map(({ perSecond }) => perSecond))
      if (requestsPerSecond <= (best.get(one)?.requestsPerSecond ?? 0)) continue
      const cpu = figures.flatMap(({ cpuUsPerRequest }) => cpuUsPerRequest ?? [])
      const quantiles = medians(figures)
      best.set(one, {
        requestsPerSecond,
        connections: count,
        cpuUsPerRequest: cpu.length > 0 ? median(cpu) : undefined,
        ...quantiles,
        otherwise: Object.assign({}, ...figures.map(({ otherwise }) => otherwise)) as Record<string, number>,
      })
    }
  }
  return best
}

const medians = (figures: readonly Quantiles[]): Quantiles => ({
  p50: median(figures.map(({ p50 }) => p50)),
  p99: median(figures.map(({ p99 }) => p99)),
})

/** What a gateway adds to the direct way under the same load, ms. */
export interface Latency {
  readonly own: Quantiles
  readonly added: Quantiles
  readonly perSecond: number
}

const minus = (own: Quantiles, direct: Quantiles): Quantiles => ({ p50: own.p50 - direct.p50, p99: own.p99 - direct.p99 })

/** With so many requests at a time. The first contender is the direct way. */
export async function latencyAt(
  contenders: readonly Contender[],
  connections: number,
  { rounds, seconds }: Extent,
): Promise<PerContender<Latency>> {
  const measured = await interleave(contenders, rounds, (one) => closedLoop(one.targetOf('json'), { connections, seconds }))
  const direct = medians(measured.get(contenders[0]!)!)
  return new Map(Array.from(measured, ([one, rounds_]) => [one, latency(rounds_, direct)]))
}

function latency(rounds: readonly Round[], direct: Quantiles): Latency {
  const own = medians(rounds)
  return { own, added: minus(own, direct), perSecond: median(rounds.map(({ perSecond }) => perSecond)) }
}

/** At half of what each can do, arriving at a constant rate; against the direct way at that rate. */
export async function latencyAtHalf(
  contenders: readonly Contender[],
  saturation: PerContender<Saturation>,
  { rounds, seconds }: Extent,
): Promise<PerContender<Latency>> {
  const [direct, ...others] = contenders
  const measured = await interleave(others, rounds, async (one) => {
    const rate = { perSecond: saturation.get(one)!.requestsPerSecond / 2, seconds }
    return { direct: await openLoop(direct!.targetOf('json'), rate), own: await openLoop(one.targetOf('json'), rate) }
  })
  return new Map(
    Array.from(measured, ([one, pairs]) => [
      one,
      latency(
        pairs.map(({ own }) => own),
        medians(pairs.map((pair) => pair.direct)),
      ),
    ]),
  )
}

const residentMb = ({ pid }: Contender): number | undefined => (pid === undefined ? undefined : sampleProcess(pid)?.residentMb)

const SETTLE_MS = 5_000

/** Resident memory with everything started and nothing to do, MB. */
export async function idleMemory(contenders: readonly Contender[]): Promise<PerContender<number | undefined>> {
  await sleep(SETTLE_MS)
  return new Map(contenders.map((one) => [one, residentMb(one)]))
}

export interface Streaming {
  readonly firstTokenAtOne: Quantiles
  readonly firstTokenAtFifty: Quantiles
  readonly hundred: OpenStreams
  readonly thousand: OpenStreams
  readonly peakMb: number | undefined // of resident memory, with 1,000 streams open
  /** Upstream's chunks written beyond those read, a stream, when its reader leaves. */
  readonly pulledAfterLeaving: number | undefined
  /** What it answered instead of a stream. */
  readonly complaint: string | undefined
}

const HUNDRED = { streams: 100, gapMs: 20, openPerSecond: 100 }
const THOUSAND = { streams: 1_000, gapMs: 200, openPerSecond: 250 }
const LEAVING = { streams: 20, chunks: 5, gapMs: 10, ofChunks: 200 }

export async function measureStreams(
  contender: Contender,
  { upstream, seconds }: { upstream: LoadUpstream; seconds: number },
): Promise<Streaming> {
  let peakMb: number | undefined
  const watch = async (forMs: number): Promise<void> => {
    for (const endsMs = performance.now() + forMs; performance.now() < endsMs; await sleep(100))
      peakMb = highest(peakMb, residentMb(contender))
  }
  const short = contender.targetOf('stream-3-2')
  const firstTokenAtOne = await firstTokens(short, { lanes: 1, seconds })
  const firstTokenAtFifty = await firstTokens(short, { lanes: 50, seconds })
  const hold = (plan: typeof HUNDRED): Promise<OpenStreams> =>
    holdStreams((chunks) => contender.targetOf(`stream-${chunks}-${plan.gapMs}`), { ...plan, seconds, whileOpen: watch })
  const hundred = await hold(HUNDRED)
  peakMb = undefined
  const thousand = hundred.failed > 0 ? hundred : await hold(THOUSAND)
  const complaint = firstTokenAtOne.complaint ?? hundred.complaint ?? thousand.complaint
  const pulledAfterLeaving = complaint === undefined ? await leave(contender, upstream) : undefined
  return { firstTokenAtOne, firstTokenAtFifty, hundred, thousand, peakMb, pulledAfterLeaving, complaint }
}

async function leave(contender: Contender, upstream: LoadUpstream): Promise<number> {
  await upstream.left()
  const target = contender.targetOf(`stream-${LEAVING.ofChunks}-${LEAVING.gapMs}`, { bill: 'stops' })
  const { read } = await leaveStreams(target, LEAVING)
  await sleep(LEAVING.ofChunks * LEAVING.gapMs + 1_000) // by then those that nobody stopped are over
  const left = await upstream.left()
  const goneOn = (LEAVING.streams - left.streams) * LEAVING.ofChunks
  return (left.chunks + goneOn - read) / LEAVING.streams
}

const highest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
