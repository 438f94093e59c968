import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ENVIRONMENT, COMMAND_FLAGS } from '../../test/support/load/as-started.ts'
import { type ProcessSample, sampleProcess } from '../../test/support/load/process-meter.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const IDLE = fileURLToPath(new URL('./idle-program.ts', import.meta.url))
const SAMPLE_EVERY_MS = 100
const IDLE_FOR_MS = 3_000

/** The lines of its log by which the command says how far it is. */
export const PHASES = ['ready', 'imported', 'planned', 'run started', 'run ended', 'exported'] as const
export type Phase = (typeof PHASES)[number]

/** A command that ran to its end: when each phase was reached, and what its process used until then. */
export interface CommandRun {
  readonly report: Readonly<Record<string, unknown>>
  readonly wallMs: number
  readonly reached: ReadonlyMap<Phase, { readonly sinceStartMs: number; readonly sample: ProcessSample | undefined }>
  /** The most resident memory seen in each stretch that ends with the phase. */
  readonly peakMb: ReadonlyMap<Phase, number>
  readonly overallPeakMb: number | undefined
  readonly lastPeakMb: number // after the last phase
  readonly lastSample: ProcessSample | undefined
}

export interface Workplace {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  remove(): void
}

export async function makeWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-bench-'))
  return {
    folder,
    environment: {
      ...ENVIRONMENT,
      HOME: folder,
      LATCHKEY_DATA: join(folder, 'data'),
      LATCHKEY_MASTER_KEY_FILE: join(folder, 'keys', 'master.key'),
      LATCHKEY_LOG_LEVEL: 'info',
      BENCH_KEY: 'sk-bench-0123456789abcdefghijklmnop',
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Runs `latchkey enrich` as a process of its own and watches it from outside. */
export async function runEnrich(
  args: readonly string[],
  { workplace, nodeFlags = [] }: { workplace: Workplace; nodeFlags?: readonly string[] },
): Promise<CommandRun> {
  const startedMs = performance.now()
  const child = spawn(process.execPath, [...COMMAND_FLAGS, ...nodeFlags, MAIN, 'enrich', ...args], {
    env: { ...workplace.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const reached = new Map<Phase, { sinceStartMs: number; sample: ProcessSample | undefined }>()
  const peakMb = new Map<Phase, number>()
  let peakSinceMb = 0
  let overallPeakMb: number | undefined
  let lastSample: ProcessSample | undefined
  const sample = (): ProcessSample | undefined => {
    const taken = sampleProcess(child.pid!)
    if (taken) {
      lastSample = taken
      peakSinceMb = Math.max(peakSinceMb, taken.residentMb)
      overallPeakMb = Math.max(overallPeakMb ?? 0, taken.residentMb)
    }
    return taken
  }
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  const complaints: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    const phase = phaseOf(line)
    if (!phase) {
      complaints.push(line)
      return
    }
    reached.set(phase, { sinceStartMs: performance.now() - startedMs, sample: sample() })
    peakMb.set(phase, peakSinceMb)
    peakSinceMb = 0
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => clearInterval(timer))
  const wallMs = performance.now() - startedMs
  if (stdout === '') throw new Error(`the command ended with ${code} and no report: ${complaints.join('\n').slice(-2_000)}`)
  return {
    report: JSON.parse(stdout) as Record<string, unknown>,
    wallMs,
    reached,
    peakMb,
    overallPeakMb,
    lastPeakMb: peakSinceMb,
    lastSample,
  }
}

/** Resident memory, in MB, of the command with everything open and nothing to do; null where it cannot be read. */
export async function idleMemory(workplace: Workplace): Promise<number | null> {
  const child = fork(IDLE, [], { execArgv: [...COMMAND_FLAGS], env: { ...workplace.environment } })
  await once(child, 'message')
  await sleep(IDLE_FOR_MS)
  const sample = sampleProcess(child.pid!)
  const gone = once(child, 'exit')
  child.send('close')
  await gone
  return sample?.residentMb ?? null
}

function phaseOf(line: string): Phase | undefined {
  if (!line.startsWith('{')) return undefined
  const { msg } = JSON.parse(line) as { msg?: string }
  return PHASES.find((phase) => phase === msg)
}
