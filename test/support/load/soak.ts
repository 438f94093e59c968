import { setTimeout as sleep } from 'node:timers/promises'
import { auditLedgers } from './audit.ts'
import { type Installation, latchkeyTarget } from './installation.ts'
import { closedLoop, openLoop } from './lanes.ts'
import { sampleProcess } from './process-meter.ts'
import { median } from './quantiles.ts'
import { leaveStreams } from './streams.ts'
import { startUpstream } from './upstream.ts'

export interface SoakSummary {
  readonly answered: number
  readonly readersThatLeft: number
  /** Resident memory, MB: the median of each sixth of the time after the warm-up. Empty where there is no /proc. */
  readonly residentMb: readonly number[]
  /** What does not hold, in words. */
  readonly problems: readonly string[]
}

const WARM_UP_SHARE = 0.25
const PARTS = 6
const REST_MS = 50

/**
 * A gateway under a mixed load for so long: whole answers at a constant rate, streams one after the other, readers that leave.
 * Nothing but 200 may come, no call may stay open, and every request is one entry.
 */
export async function soakGateway(
  installation: Installation,
  { seconds, perSecond, sampleEveryMs }: { seconds: number; perSecond: number; sampleEveryMs: number },
): Promise<SoakSummary> {
  const upstream = await startUpstream()
  const problems: string[] = []
  try {
    const server = await installation.start(upstream.url)
    const endsMs = performance.now() + seconds * 1_000
    const startedMs = performance.now()
    const samples: number[] = []
    let readersThatLeft = 0
    const leaving = async (): Promise<void> => {
      while (performance.now() < endsMs) {
        const { failed, complaint } = await leaveStreams(latchkeyTarget(server, 'stream-50-5', 'open'), { streams: 4, chunks: 3 })
        if (failed > 0) problems.push(`${failed} streams ended before their reader left: ${complaint?.slice(0, 300)}`)
        readersThatLeft += 4
        await sleep(REST_MS)
      }
    }
    const watching = async (): Promise<void> => {
      while (performance.now() < endsMs) {
        await sleep(sampleEveryMs)
        const sample = sampleProcess(server.program.pid)
        if (sample && performance.now() - startedMs > WARM_UP_SHARE * seconds * 1_000) samples.push(sample.residentMb)
      }
    }
    const [whole, streams] = await Promise.all([
      openLoop(latchkeyTarget(server, 'json-10'), { perSecond, seconds }),
      closedLoop(latchkeyTarget(server, 'stream-20-5'), { connections: 16, seconds }),
      leaving(),
      watching(),
    ])
    for (const { otherwise, complaint } of [whole, streams])
      for (const [what, times] of Object.entries(otherwise)) problems.push(`${times} answers were ${what}: ${complaint?.slice(0, 300)}`)
    await server.program.stop()
    const audit = await auditLedgers([installation], await upstream.callIds())
    problems.push(...audit.problems)
    if (audit.interrupted > 0) problems.push(`${audit.interrupted} calls were interrupted, and nothing was killed`)
    return { answered: whole.answered + streams.answered, readersThatLeft, residentMb: inParts(samples), problems }
  } finally {
    await upstream.stop()
  }
}

function inParts(samples: readonly number[]): number[] {
  const size = Math.floor(samples.length / PARTS)
  return size === 0 ? [] : Array.from({ length: PARTS }, (_, part) => median(samples.slice(part * size, (part + 1) * size)))
}
