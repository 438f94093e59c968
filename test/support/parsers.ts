import { readdirSync, readFileSync } from 'node:fs'

export const canSeeProcesses = process.platform === 'linux'

/** The parsers that a process started: their memory in bytes by their number. Linux only. */
export function parsersOf(parent: number): Map<number, number> {
  const found = new Map<number, number>()
  if (!canSeeProcesses) return found
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue
      if (!readFileSync(`/proc/${name}/cmdline`, 'latin1').includes('parser-worker')) continue
      found.set(Number(name), Number(readFileSync(`/proc/${name}/statm`, 'latin1').split(' ')[1]) * 4096)
    } catch {
      // it ended while it was looked at
    }
  }
  return found
}

/** Whether a process is there and not just waiting to be buried. */
export function isThere(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}
