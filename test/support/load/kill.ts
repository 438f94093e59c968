import { setTimeout as sleep } from 'node:timers/promises'
import { auditLedgers, type LedgerAudit } from './audit.ts'
import { type Installation, latchkeyTarget } from './installation.ts'
import { closedLoop, type Round } from './lanes.ts'
import { startUpstream } from './upstream.ts'

export interface KillSummary extends LedgerAudit {
  readonly kills: number
  readonly answered: number
  /** Requests that a kill cut off. */
  readonly cut: number
}

const WHOLE = 48
const STREAMS = 16
/** Long enough that a kill finds calls in all states. */
const MODELS = { whole: 'json-5', streams: 'stream-10-4' }

/**
 * Kills a server (kill -9) under load, each time after up to `withinMs`, and starts it again on the same data; the last one is let
 * go in peace. Then holds its ledger against what the upstream received.
 */
export async function killGateway(
  installation: Installation,
  { kills, withinMs, random }: { kills: number; withinMs: number; random: () => number },
): Promise<KillSummary> {
  const upstream = await startUpstream()
  let answered = 0
  let cut = 0
  const problems: string[] = []
  try {
    for (let kill = 0; kill <= kills; kill += 1) {
      const server = await installation.start(upstream.url)
      const killing = new AbortController()
      const loads = [
        closedLoop(latchkeyTarget(server, MODELS.whole), { connections: WHOLE, seconds: 60, signal: killing.signal }),
        closedLoop(latchkeyTarget(server, MODELS.streams), { connections: STREAMS, seconds: 60, signal: killing.signal }),
      ]
      await sleep(200 + random() * withinMs)
      if (kill < kills) {
        // The load goes on until its connections are cut: it knows nothing of the kill.
        await server.program.kill()
        killing.abort()
      } else killing.abort()
      const rounds = await Promise.all(loads)
      for (const round of rounds) {
        answered += round.answered
        cut += round.otherwise['cut'] ?? 0
        problems.push(...refusals(round))
      }
      if (kill === kills) await server.program.stop()
    }
    const audit = await auditLedgers([installation], await upstream.callIds())
    return { ...audit, problems: [...problems, ...audit.problems], kills, answered, cut }
  } finally {
    await upstream.stop()
  }
}

/** Any answer but 200: nothing was wrong with the requests. */
const refusals = ({ otherwise, complaint }: Round): string[] =>
  Object.entries(otherwise)
    .filter(([what]) => /^\d+$/.test(what))
    .map(([status, times]) => `${times} requests were answered with ${status}: ${complaint?.slice(0, 300)}`)
