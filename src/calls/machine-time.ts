import { DEFAULT_TIMEOUTS } from '../providers/send.ts'

/** No call holds a machine longer: it is cut then. */
export const MACHINE_MS_AT_MOST = DEFAULT_TIMEOUTS.totalMs

/** How long a call was on a machine, and how much of that was its own: each instant is shared evenly by the calls that are there. */
export interface MachineShare {
  readonly wallMs: number
  readonly shareMs: number
}

/** A call that is on a machine. `end` says the same however often it is asked. */
export interface MachineTurn {
  end(): MachineShare
}

/**
 * The time of one connection's machine, for those that are paid by the hour: the shares of all calls sum to the time in which
 * the machine had any, and never to more, however many it serves at once. Of this process: another one has its own.
 */
export interface MachineClock {
  begin(): MachineTurn
}

export function createMachineClock(nowMs: () => number = () => performance.now()): MachineClock {
  let inFlight = 0
  let atMs = 0
  let sharedMs = 0 // what a call that was there from the beginning would have by now
  const advance = (): void => {
    const now = nowMs()
    if (inFlight === 0) sharedMs = 0
    else sharedMs += (now - atMs) / inFlight
    atMs = now
  }
  return {
    begin() {
      advance()
      inFlight += 1
      const [beganAtMs, beganSharedMs] = [atMs, sharedMs]
      let share: MachineShare | undefined
      return {
        end() {
          if (share) return share
          advance()
          inFlight -= 1
          return (share = { wallMs: atMs - beganAtMs, shareMs: sharedMs - beganSharedMs })
        },
      }
    },
  }
}

/** The clocks of a process, by connection. */
export function createMachines(): (connectionId: string) => MachineClock {
  const clocks = new Map<string, MachineClock>()
  return (connectionId) => {
    const clock = clocks.get(connectionId) ?? createMachineClock()
    clocks.set(connectionId, clock)
    return clock
  }
}

/**
 * The milliseconds that a call is charged for: what the server itself says that it took (Ollama's `total_duration`), else the time
 * from its sending to its end; of either the part that was its own.
 */
export function chargedMachineMs({ wallMs, shareMs }: MachineShare, reportedMs: number | undefined): number {
  const tookMs = reportedMs !== undefined && reportedMs < wallMs ? reportedMs : wallMs
  const ownMs = wallMs > 0 ? (tookMs * shareMs) / wallMs : 0
  return Math.min(MACHINE_MS_AT_MOST, Math.round(ownMs))
}
