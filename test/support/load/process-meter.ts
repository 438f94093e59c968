import { readdirSync, readFileSync } from 'node:fs'

/** What Linux says of a process. Undefined where there is no /proc. */
export interface ProcessSample {
  readonly atMs: number // performance.now()
  readonly cpuMs: number // user and system, all threads
  readonly residentMb: number
}

const TICKS_PER_SECOND = 100 // what Linux shows to programs, whatever the kernel's own

export function sampleProcess(pid: number): ProcessSample | undefined {
  try {
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    if (resident === undefined) return undefined // it is ending
    return { atMs: performance.now(), cpuMs: cpuMsOf(`/proc/${pid}/stat`), residentMb: Number(resident) / 1_024 }
  } catch {
    return undefined
  }
}

/** Processor time of each thread, in ms, under the name that the thread has; what does not name itself is added up. */
export function sampleThreads(pid: number): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const folder = `/proc/${pid}/task/${thread}`
      const name = Number(thread) === pid ? 'main' : readFileSync(`${folder}/comm`, 'latin1').trim()
      times.set(name, (times.get(name) ?? 0) + cpuMsOf(`${folder}/stat`))
    }
  } catch {
    return times // no /proc, or it is ending
  }
  return times
}

function cpuMsOf(statFile: string): number {
  const fields = readFileSync(statFile, 'latin1').split(') ').at(-1)!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}
