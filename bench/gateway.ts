import { loadavg } from 'node:os'
import { auditLedgers, type LedgerAudit } from '../test/support/load/audit.ts'
import { makeInstallation } from '../test/support/load/installation.ts'
import { killGateway, type KillSummary } from '../test/support/load/kill.ts'
import { canPin, GATEWAY_CORE, LOAD_CORE, pinSelf } from '../test/support/load/pinned.ts'
import { type Quantiles, quantilesOf } from '../test/support/load/quantiles.ts'
import { startUpstream } from '../test/support/load/upstream.ts'
import { direct, type LatchkeyContender, startBareProxy, startLatchkey, startPeer, startPostgres } from './support/contenders.ts'
import { type Extent, findSaturation, idleMemory, latencyAt, latencyAtHalf, measureStreams } from './support/measure-gateway.ts'
import { profileGateway } from './support/profile-gateway.ts'
import { type GatewayFigures, type GatewayReport, printGateway } from './support/gateway-report.ts'

/**
 * `npm run bench -- gateway [--quick] [--json]`: Latchkey's gateway with all that a team would have on (authentication, a sealed key,
 * a budget, a rate limit, durable intents and entries), on each database, beside the direct way, the least that Node can do, and
 * another gateway from npm. Then every request that the upstream received is looked for in the ledgers, also after kill -9. Figures,
 * no verdicts, except for that: a request without its one entry ends it with 1.
 * `--profile [--postgres]`: where Latchkey's processor time goes instead.
 */
const has = (flag: string): boolean => process.argv.includes(flag)
const asJson = has('--json')
const say = (text: string): void => void (asJson ? process.stderr : process.stdout).write(`${text}\n`)
const extent: Extent = has('--quick')
  ? { rounds: 2, seconds: 1.5, connections: [64, 128] }
  : { rounds: 5, seconds: 3, connections: [32, 64, 128, 256] }
const KILLS = 2

pinSelf(LOAD_CORE)
const loadBefore = loadavg()[0]!
const upstream = await startUpstream({ core: LOAD_CORE })
const postgres = startPostgres()
try {
  if (has('--profile')) await profile()
  else await measure()
} finally {
  await upstream.stop()
  postgres.remove()
}

async function profile(): Promise<void> {
  const databaseUrl = has('--postgres') ? await postgres.newDatabase() : undefined
  const installation = await makeInstallation({ databaseUrl, core: GATEWAY_CORE })
  try {
    await profileGateway({ installation, upstream: upstream.url, connections: 64, seconds: 3 })
  } finally {
    installation.remove()
  }
}

async function measure(): Promise<void> {
  const latchkeys = await startLatchkeys()
  const [onPglite] = latchkeys
  const peer = await startPeer(upstream.url)
  const contenders = [direct(upstream.url), await startBareProxy(upstream.url), ...latchkeys, peer]
  try {
    const idle = await idleMemory(contenders)
    say('streams ...')
    const streaming = new Map<unknown, Awaited<ReturnType<typeof measureStreams>>>()
    for (const one of contenders) streaming.set(one, await measureStreams(one, { upstream, seconds: extent.seconds }))
    say('saturation ...')
    const saturation = await findSaturation(contenders, extent)
    say('latency ...')
    const atOne = await latencyAt(contenders, 1, extent)
    const atFifty = await latencyAt(contenders, 50, extent)
    const atHalf = await latencyAtHalf(contenders, saturation, extent)
    const commitWaits = new Map<unknown, Quantiles>()
    for (const one of latchkeys) commitWaits.set(one, quantilesOf(await one.program.ask<number[]>('commit waits')))
    const figures = contenders.map((one): GatewayFigures => ({
      name: one.name,
      idleMb: idle.get(one),
      saturation: saturation.get(one)!,
      atOne: atOne.get(one)!,
      atFifty: atFifty.get(one)!,
      atHalf: atHalf.get(one),
      streaming: streaming.get(one)!,
      commitWait: commitWaits.get(one),
    }))
    for (const one of contenders) await one.stop()
    say('every request of the load is looked for ...')
    const installations = latchkeys.map(({ installation }) => installation)
    const afterLoad = await auditLedgers(installations, await upstream.callIds())
    say('kill -9 in the middle of a load ...')
    const afterKills = await killEach(latchkeys)
    const report: GatewayReport = {
      requestsPerSecondRatio: saturation.get(onPglite!)!.requestsPerSecond / saturation.get(peer)!.requestsPerSecond,
      loadBefore,
      loadAfter: loadavg()[0]!,
      pinned: canPin,
      postgresAbsence: postgres.absence,
      extent,
      figures,
      afterLoad,
      afterKills,
    }
    if (asJson) process.stdout.write(`${JSON.stringify(report)}\n`)
    else printGateway(report)
    const problems = [afterLoad, ...Object.values(afterKills)].flatMap((audit: LedgerAudit) => audit.problems)
    if (problems.length > 0) process.exitCode = 1
  } finally {
    for (const { installation } of latchkeys) installation.remove()
  }
}

async function startLatchkeys(): Promise<LatchkeyContender[]> {
  const onPglite = await startLatchkey('Latchkey on PGlite', { upstream: upstream.url })
  if (postgres.absence !== undefined) return [onPglite]
  return [onPglite, await startLatchkey('Latchkey on PostgreSQL', { upstream: upstream.url, databaseUrl: await postgres.newDatabase() })]
}

async function killEach(latchkeys: readonly LatchkeyContender[]): Promise<Record<string, KillSummary>> {
  const summaries: Record<string, KillSummary> = {}
  for (const { name, installation: measured } of latchkeys) {
    const databaseUrl = measured.database.databaseUrl === undefined ? undefined : await postgres.newDatabase()
    const installation = await makeInstallation({ databaseUrl, core: GATEWAY_CORE })
    try {
      summaries[name] = await killGateway(installation, { kills: KILLS, withinMs: 2_000, random: Math.random })
    } finally {
      installation.remove()
    }
  }
  return summaries
}
