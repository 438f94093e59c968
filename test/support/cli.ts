import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What processes of ours have compiled: the next one starts sooner. */
export const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/latchkey-test/compiled', import.meta.url))
export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A place of its own for one installation: data folder, master key, files. */
export interface Home {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  file(name: string): string
  remove(): void
}

/** `databaseUrl`: on PostgreSQL instead of the data folder's own database. */
export function makeHome({ databaseUrl }: { databaseUrl?: string | undefined } = {}): Home {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-home-'))
  return {
    folder,
    environment: {
      LATCHKEY_DATA: join(folder, 'data'),
      LATCHKEY_MASTER_KEY_FILE: join(folder, 'keys', 'master.key'),
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    },
    file: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCli {
  readonly child: ChildProcess
  readonly result: Promise<CliResult>
}

/** Starts the command as a person's shell would, as a process of its own. */
export function startCli(
  args: readonly string[],
  { home, environment = {}, cwd, main = MAIN }: { home: Home; environment?: Readonly<Record<string, string>>; cwd?: string; main?: string },
): RunningCli {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    // The compile cache is what ./latchkey sets too: a start costs less.
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home.folder,
      TZ: 'UTC',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...home.environment,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, result }
}

/** The object that `--json` printed. */
export function reportOf({ stdout, stderr }: CliResult): Record<string, unknown> {
  try {
    return JSON.parse(stdout) as Record<string, unknown>
  } catch {
    throw new Error(`no JSON on standard output; standard error said: ${stderr.slice(-2_000)}`)
  }
}
