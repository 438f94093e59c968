import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where this test run keeps its PostgreSQL cluster, if a suite asks for one; set by the global setup, read by the test processes. */
export const CLUSTER_VARIABLE = 'LATCHKEY_TEST_CLUSTER'
/** "on": the cluster's own writes are durable too, which tests have no use for and benchmarks must have. */
export const FSYNC_VARIABLE = 'LATCHKEY_TEST_CLUSTER_FSYNC'
const PREFIX = 'latchkey-cluster-'
const OWNER = 'latchkey_owner'
const START_TIMEOUT_MS = 60_000

/** Vitest's global setup: names the folder; the first suite that needs PostgreSQL starts it there; it is stopped when all tests are over. */
export default function setup(): () => void {
  for (const name of readdirSync(tmpdir())) if (isLeftOver(name)) removeCluster(join(tmpdir(), name))
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  process.env[CLUSTER_VARIABLE] = folder
  return () => removeCluster(folder)
}

/** Left by a test run that was killed. */
function isLeftOver(name: string): boolean {
  const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Why PostgreSQL cannot be used here; undefined when it can. */
export function postgresAbsence(): string | undefined {
  if (!binaries()) return 'PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)'
  if (process.getuid?.() === 0 && !serverUser()) return 'PostgreSQL does not run as root, and there is no user "postgres"'
  if (process.env[CLUSTER_VARIABLE] === undefined) return 'the test run has no global setup'
  return undefined
}

/** Starts the cluster unless another test process has. @returns the URL of a database in it, as an ordinary role that owns it. */
export async function startCluster(): Promise<(database: string, user?: string) => string> {
  const folder = process.env[CLUSTER_VARIABLE]!
  const ready = join(folder, 'ready')
  await onceFor(folder, 'start', () => {
    createCluster(folder)
    writeFileSync(ready, '')
  })
  return (database, user = OWNER) => `postgres://${user}@localhost/${database}?host=${encodeURIComponent(folder)}`
}

/** Runs `work` in the first test process that comes here; the others wait for it. */
export async function onceFor(folder: string, name: string, work: () => void | Promise<void>): Promise<void> {
  const done = join(folder, `${name}.done`)
  const mine = tryMakeFolder(join(folder, `${name}.lock`))
  if (mine) {
    try {
      await work()
      writeFileSync(done, 'ok')
    } catch (error) {
      writeFileSync(done, String(error))
      throw error
    }
    return
  }
  const endsAt = Date.now() + START_TIMEOUT_MS
  while (!existsSync(done)) {
    if (Date.now() > endsAt) throw new Error(`${name} took more than ${START_TIMEOUT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const outcome = readFileSync(done, 'utf8')
  if (outcome !== 'ok') throw new Error(outcome || `${name} did not finish`)
}

function tryMakeFolder(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function createCluster(folder: string): void {
  const user = process.getuid?.() === 0 ? serverUser() : undefined
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  run('initdb', ['--pgdata', data, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'])
  // The server's own durability is not under test, the client's is: fsync off, synchronous_commit as ever.
  const fsync = process.env[FSYNC_VARIABLE] ?? 'off'
  const settings = [`-k ${folder}`, '-c listen_addresses=', `-c fsync=${fsync}`, '-c max_connections=300', '-c shared_buffers=64MB'].join(
    ' ',
  )
  run('pg_ctl', ['--pgdata', data, '--log', join(folder, 'server.log'), '--wait', '--options', settings, 'start'])
  run('psql', ['-h', folder, '-U', 'postgres', '-d', 'postgres', '-qc', `create role ${OWNER} login createdb createrole`])
}

function removeCluster(folder: string): void {
  if (existsSync(join(folder, 'data', 'postmaster.pid'))) {
    try {
      run('pg_ctl', ['--pgdata', join(folder, 'data'), '--mode', 'immediate', '--wait', 'stop'])
    } catch {
      // it ended by itself
    }
  }
  rmSync(folder, { recursive: true, force: true })
}

function run(program: string, args: readonly string[]): void {
  const user = process.getuid?.() === 0 ? serverUser() : undefined
  const { status, stderr, error } = spawnSync(join(binaries()!, program), args, {
    ...(user && { uid: user.uid, gid: user.gid }),
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', program === 'pg_ctl' ? 'ignore' : 'pipe'], // the server inherits pg_ctl's streams and would hold a pipe open
    encoding: 'utf8',
  })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} failed with ${status}: ${stderr}`)
}

/** The folder with initdb, pg_ctl and psql: the newest of Debian's, or the one in PATH. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(delimiter)]
  return folders.find((folder) => ['initdb', 'pg_ctl', 'psql'].every((program) => existsSync(join(folder, program))))
}

function serverUser(): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}
