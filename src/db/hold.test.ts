import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { holdDataFolder, holdsDataFolder } from './hold.ts'

const PROGRAM = fileURLToPath(new URL('../../test/support/programs/hold-folder.ts', import.meta.url))
let parent: string
let dataDir: string
let started: ChildProcess[] = []

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'latchkey-hold-'))
  dataDir = join(parent, 'data')
})
afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
  started = []
  rmSync(parent, { recursive: true, force: true })
})

interface Starter {
  readonly child: ChildProcess
  /** Its next line of output. */
  line(): Promise<string>
  readonly errors: Promise<string>
}

function start(): Starter {
  const child = spawn(process.execPath, [PROGRAM, dataDir, join(parent, 'go')], { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  const lines = child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })
  let buffered = ''
  const line = async (): Promise<string> => {
    while (!buffered.includes('\n')) buffered += String((await lines.next()).value ?? '\n')
    const end = buffered.indexOf('\n')
    const first = buffered.slice(0, end)
    buffered = buffered.slice(end + 1)
    return first
  }
  return { child, line, errors: text(child.stderr) }
}

async function startHolder(): Promise<Starter> {
  const starter = start()
  writeFileSync(join(parent, 'go'), '')
  expect(await starter.line()).toBe('ready')
  expect(await starter.line()).toBe('held')
  return starter
}

const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })

const ask = (path: string): Promise<string> => text(connect(path))

it('makes the folder for this user alone, and gives it back', async () => {
  const hold = await holdDataFolder({ dataDir, purpose: 'test' })
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  expect(holdsDataFolder(dataDir)).toBe(true)
  await expect(holdDataFolder({ dataDir, purpose: 'again' })).rejects.toMatchObject({ code: 'data.locked' })
  await hold.release()
  await hold.release()
  expect(holdsDataFolder(dataDir)).toBe(false)
  await (await holdDataFolder({ dataDir, purpose: 'test' })).release()
})

it.skipIf(process.platform === 'win32')('refuses a folder that others can read, with the command that closes it', async () => {
  mkdirSync(dataDir)
  chmodSync(dataDir, 0o750)
  await expect(holdDataFolder({ dataDir, purpose: 'test' })).rejects.toMatchObject({
    code: 'data.insecure',
    detail: expect.stringContaining(`chmod 700 '${dataDir}'`),
  })
})

it('tells a second process who holds it, and answers that on its socket', async () => {
  const { child } = await startHolder()
  const error = await holdDataFolder({ dataDir, purpose: 'second' }).catch((caught: unknown) => caught)
  const socket = join(dataDir, 'latchkey.sock')
  const holder = JSON.parse(await ask(socket)) as { since: string }
  expect(holder).toEqual({ pid: child.pid, purpose: 'a test', address: socket, since: expect.any(String), takesCommands: false })
  for (const part of [`process ${child.pid}`, '(a test)', holder.since, socket, `kill ${child.pid}`]) {
    expect(error).toMatchObject({ code: 'data.locked', detail: expect.stringContaining(part) })
  }
})

it('is free at once after kill -9, whatever files the killed process left', async () => {
  const first = await startHolder()
  await kill(first.child)
  expect(existsSync(join(dataDir, 'holder.json')) && existsSync(join(dataDir, 'latchkey.sock'))).toBe(true)
  const hold = await holdDataFolder({ dataDir, purpose: 'heir' })
  expect(JSON.parse(readFileSync(join(dataDir, 'holder.json'), 'utf8'))).toMatchObject({ pid: process.pid, purpose: 'heir' })
  expect(JSON.parse(await ask(join(dataDir, 'latchkey.sock')))).toMatchObject({ purpose: 'heir' })
  await hold.release()
})

it('goes to exactly one of 20 processes that start at once, although a killed one left its files', async () => {
  await kill((await startHolder()).child)
  rmSync(join(parent, 'go'))
  const starters = Array.from({ length: 20 }, start)
  for (const starter of starters) expect(await starter.line()).toBe('ready')
  writeFileSync(join(parent, 'go'), '')
  const outcomes = await Promise.all(starters.map(({ line }) => line()))
  expect(outcomes.filter((outcome) => outcome === 'held')).toHaveLength(1)
  expect(outcomes.filter((outcome) => outcome.startsWith('data.locked'))).toHaveLength(19)
})

it('works without a socket where the path is too long for one, and prints no warning', async () => {
  dataDir = join(parent, 'x'.repeat(100))
  const holder = await startHolder()
  const error = await holdDataFolder({ dataDir, purpose: 'second' }).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code: 'data.locked', detail: expect.stringContaining(`process ${holder.child.pid} (a test) since`) })
  expect(existsSync(join(dataDir, 'latchkey.sock'))).toBe(false)
  await kill(holder.child)
  expect(await holder.errors).toBe('')
})
