import type { LedgerAudit } from '../../test/support/load/audit.ts'
import type { KillSummary } from '../../test/support/load/kill.ts'
import type { Quantiles } from '../../test/support/load/quantiles.ts'
import type { Extent, Latency, Saturation, Streaming } from './measure-gateway.ts'
import { printTable } from './table.ts'

export interface GatewayFigures {
  readonly name: string
  readonly idleMb: number | undefined // undefined: no process of its own, or no /proc
  readonly saturation: Saturation
  readonly atOne: Latency
  readonly atFifty: Latency
  readonly atHalf: Latency | undefined // undefined: the direct way
  readonly streaming: Streaming
  readonly commitWait: Quantiles | undefined
}

export interface GatewayReport {
  /** Latchkey on PGlite over the other gateway. */
  readonly requestsPerSecondRatio: number
  readonly loadBefore: number // of the machine
  readonly loadAfter: number
  readonly pinned: boolean
  readonly postgresAbsence: string | undefined
  readonly extent: Extent
  readonly figures: readonly GatewayFigures[] // the direct way first
  readonly afterLoad: LedgerAudit
  readonly afterKills: Readonly<Record<string, KillSummary>>
}

type Row = readonly [name: string, show: (figures: GatewayFigures) => string]

const NONE = '-'
const ms = (value: number | undefined): string => (value === undefined || Number.isNaN(value) ? NONE : value.toFixed(2))
const both = (quantiles: Quantiles | undefined): string => (quantiles ? `${ms(quantiles.p50)} / ${ms(quantiles.p99)}` : NONE)
const whole = (value: number | undefined): string => (value === undefined || Number.isNaN(value) ? NONE : value.toFixed(0))

export function printGateway(report: GatewayReport): void {
  const { figures, extent, postgresAbsence } = report
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  const table = (title: string, rows: readonly Row[]): void => {
    say(`\n${title}`)
    printTable([['', ...figures.map(({ name }) => name)], ...rows.map(([name, show]) => [name, ...figures.map(show)])])
  }
  const [direct] = figures
  const added = (of: (figures: GatewayFigures) => Quantiles) => (one: GatewayFigures) =>
    one === direct ? both(of(one)) : both(less(of(one), of(direct!)))
  say(`Load of the machine before ${report.loadBefore.toFixed(1)}, after ${report.loadAfter.toFixed(1)}.`)
  say(
    report.pinned
      ? 'Each gateway, and PostgreSQL, on core 0; the upstream and the load on core 1.'
      : 'Nothing is pinned: there is no taskset here. What runs beside a gateway shares its processor.',
  )
  if (postgresAbsence !== undefined) say(`Latchkey on PostgreSQL was left out: ${postgresAbsence}.`)
  table(`Whole answers; medians of ${extent.rounds} rounds of ${extent.seconds} s, one gateway after the other`, [
    ['requests a second, at best', ({ saturation }) => whole(saturation.requestsPerSecond)],
    ['   over so many connections', ({ saturation }) => String(saturation.connections)],
    ['   processor time of its own process a request, us', ({ saturation }) => whole(saturation.cpuUsPerRequest)],
    ['   p50 / p99, ms', ({ saturation }) => both(saturation)],
    ['   answers that were not 200', ({ saturation }) => otherwise(saturation)],
  ])
  table('Added to the direct way, p50 / p99 in ms (the direct way: its own)', [
    ['1 request at a time', added(({ atOne }) => atOne.own)],
    ['50 at a time', added(({ atFifty }) => atFifty.own)],
    ['at half of its best, constant arrival', ({ atHalf }) => both(atHalf?.added)],
    ['one commit alone', ({ commitWait }) => both(commitWait)],
    [
      'added p50 at half over that of one commit',
      ({ atHalf, commitWait }) => ms(commitWait && atHalf && atHalf.added.p50 / commitWait.p50),
    ],
  ])
  table('Streams, p50 / p99 in ms (the direct way: its own; others: added)', [
    ['first token, 1 at a time', added(({ streaming }) => streaming.firstTokenAtOne)],
    ['first token, 50 at a time', added(({ streaming }) => streaming.firstTokenAtFifty)],
    ['token on its way, 100 streams, one each 20 ms', added(({ streaming }) => streaming.hundred.delay)],
    ['token on its way, 1,000 streams, one each 200 ms', added(({ streaming }) => streaming.thousand.delay)],
  ])
  table('Streams', [
    ['gap between tokens, 100 streams, p50 / p99, ms', ({ streaming }) => both(streaming.hundred.gap)],
    ['gap between tokens, 1,000 streams, p50 / p99, ms', ({ streaming }) => both(streaming.thousand.gap)],
    ['memory when idle, MB', ({ idleMb }) => whole(idleMb)],
    ['   over idle with 1,000 streams open, at most', (one) => whole(overIdle(one))],
    ['chunks pulled after the reader left, a stream', ({ streaming }) => streaming.pulledAfterLeaving?.toFixed(1) ?? NONE],
  ])
  for (const { name, streaming } of figures)
    if (streaming.complaint !== undefined) say(`${name}, asked for a stream:\n${streaming.complaint}`)
  say(`\nRequests a second, Latchkey on PGlite over ${figures.at(-1)!.name}: ${report.requestsPerSecondRatio.toFixed(2)}`)
  say('\nEvery request that the upstream received, looked for in the ledgers')
  const audits: [string, LedgerAudit][] = [['after the load', report.afterLoad], ...Object.entries(report.afterKills).map(killed)]
  printTable([
    ['', 'received', 'entries', 'of them interrupted', 'intents', 'problems'],
    ...audits.map(([name, { received, entries, interrupted, intents, problems }]) => [
      name,
      ...[received, entries, interrupted, intents, problems.length].map(String),
    ]),
  ])
  for (const [name, { problems }] of audits) for (const problem of problems) say(`${name}: ${problem}`)
}

const killed = ([name, summary]: [string, KillSummary]): [string, LedgerAudit] => [`${name}, after ${summary.kills} times kill -9`, summary]
const less = (a: Quantiles, b: Quantiles): Quantiles => ({ p50: a.p50 - b.p50, p99: a.p99 - b.p99 })
const overIdle = ({ idleMb, streaming: { peakMb } }: GatewayFigures): number | undefined =>
  idleMb === undefined || peakMb === undefined ? undefined : peakMb - idleMb
const otherwise = (saturation: Saturation): string =>
  Object.entries(saturation.otherwise)
    .map(([what, times]) => `${times} ${what}`)
    .join(', ') || '0'
