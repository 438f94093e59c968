import { readFileSync } from 'node:fs'

/** What Linux says of a process. Undefined where there is no /proc. */
export interface ProcessSample {
  readonly atMs: number // performance.now()
  readonly cpuMs: number // user and system, all threads
  readonly residentMb: number
}

const TICKS_PER_SECOND = 100 // what Linux shows to programs, whatever the kernel's own

export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    const ticks = Number(fields[11]) + Number(fields[12])
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    if (resident === undefined) return undefined // it is ending
    return { atMs: performance.now(), cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, residentMb: Number(resident) / 1_024 }
  } catch {
    return undefined
  }
}
