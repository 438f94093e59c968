import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { inArray, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openOnPglite, type TestDatabase } from '../../test/support/databases.ts'
import { openDatabase, openEngine, prepareEngine } from './open.ts'
import { budgets } from './schema/index.ts'
import { runStatement, runTransaction, type Engine } from './session.ts'

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const COMMIT_ROWS = fileURLToPath(new URL('../../test/support/programs/commit-rows.ts', import.meta.url))
const WATCH_FSYNC = new URL('../../test/support/programs/watch-fsync.mjs', import.meta.url).href

/** A database whose folder is free for another process. */
async function closedDatabase(): Promise<TestDatabase & { dataDir: string; workspace: string }> {
  const test = await openOnPglite()
  const workspace = await test.workspaceId()
  await test.database.close()
  return { ...test, dataDir: test.dataDir!, workspace }
}

describe('one PGlite session for everybody', () => {
  let test: TestDatabase
  let engine: Engine
  beforeAll(async () => {
    test = await closedDatabase()
    engine = await openEngine({ dataDir: test.dataDir!, databaseUrl: undefined, log: silent })
    await prepareEngine(engine)
    await runTransaction(engine, 'BEGIN; SET LOCAL ROLE none', (connection) => connection.query('create table public.notes (text text)'))
    await runTransaction(engine, 'BEGIN; SET LOCAL ROLE none', (connection) =>
      connection.query('grant all on public.notes to latchkey_workspace'),
    )
  })
  afterAll(async () => {
    await engine.close()
    await test.destroy()
  })
  const notes = async (): Promise<unknown[]> =>
    (await runStatement(engine, { text: 'select text from notes order by text', rowMode: 'array' })).rows.flat()

  it.each(['rollback', 'commit', `insert into notes values ('outside')`])(
    'a stray %s waits until the running transaction is over',
    async (stray) => {
      const entered = Promise.withResolvers<void>()
      const order: string[] = []
      const before = await notes()
      const transaction = runTransaction(engine, 'BEGIN', async (connection) => {
        await connection.query(`insert into notes values ('inside, first')`)
        entered.resolve()
        await sleep(50) // long enough for the stray statement to arrive
        await connection.query(`insert into notes values ('inside, second')`)
        order.push('transaction')
        throw new Error('changed my mind')
      })
      const outcome = transaction.catch((error: unknown) => String(error))
      await entered.promise
      await runStatement(engine, stray).then(() => order.push('stray'))
      expect(await outcome).toContain('changed my mind')
      expect(order).toEqual(['transaction', 'stray'])
      expect(await notes()).toEqual([...before, ...(stray.startsWith('insert') ? ['outside'] : [])])
    },
  )

  it('is opened once: a second session in this process would destroy the folder', async () => {
    await expect(openEngine({ dataDir: test.dataDir!, databaseUrl: undefined, log: silent })).rejects.toMatchObject({ code: 'data.locked' })
  })

  it('rolls back a transaction that a statement outside one began', async () => {
    await expect(runStatement(engine, 'begin')).rejects.toMatchObject({ code: 'database.mismatch' })
    await expect(runStatement(engine, 'savepoint here')).rejects.toMatchObject({ sqlState: '25P01' }) // not in a transaction
  })

  it('runs a kept statement again after its table has changed', async () => {
    const read = () => runStatement(engine, 'select * from notes where text = $1', ['none'])
    expect((await read()).fields).toHaveLength(1)
    await runTransaction(engine, 'BEGIN; SET LOCAL ROLE none', (connection) => connection.query('alter table notes add column more text'))
    await read().catch(() => undefined) // PostgreSQL refuses the old plan once
    expect((await read()).fields).toHaveLength(2)
  })

  it('keeps working over more statements than it keeps prepared', async () => {
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 150; n++)
        expect((await runStatement(engine, `select ${n} + $1::int as sum`, ['1'])).rows).toEqual([{ sum: n + 1 }])
    }
  })
})

describe('durability of PGlite', () => {
  it('keeps every acknowledged commit whole over kill -9, five times', async () => {
    const { dataDir, workspace, destroy } = await closedDatabase()
    const acknowledged: string[] = []
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, [COMMIT_ROWS, dataDir, workspace], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      let output = ''
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        output += chunk
        if (output.split('\n').length > 40 + 37 * round) child.kill('SIGKILL')
      }
      await ended
      acknowledged.push(...(output.match(/^\S{36} \S{36}$/gm) ?? []).flatMap((line) => line.split(' ')))

      const database = await openDatabase({ dataDir, databaseUrl: undefined, log: silent })
      const { found, halves } = await database.inWorkspace(workspace, async (tx) => ({
        found: await tx.$count(budgets, inArray(budgets.id, acknowledged)),
        halves: (await tx.execute(sql`select scope from budgets group by scope having count(*) <> 2`)) as { rows: unknown[] },
      }))
      await database.close()
      expect(acknowledged.length).toBeGreaterThan(60 * (round + 1))
      expect(found).toBe(acknowledged.length)
      expect(halves.rows).toEqual([])
    }
    await destroy()
  }, 180_000)

  it('syncs the log to the disk before each commit is acknowledged', async () => {
    const { dataDir, workspace, destroy } = await closedDatabase()
    const { output, syncs } = await watched(dataDir, workspace)
    expect(output).toContain('closed')
    expect(syncs).toBeGreaterThanOrEqual(50)
    await destroy()
  })

  it('acknowledges nothing after a sync that failed, says so, and does not hang', async () => {
    const { dataDir, workspace, destroy } = await closedDatabase()
    const { output } = await watched(dataDir, workspace, 20)
    const acknowledged = output.match(/^\S{36} \S{36}$/gm) ?? []
    expect(output).toMatch(/error database\.unavailable\n$/)
    expect(acknowledged.length).toBeLessThanOrEqual(20)
    const database = await openDatabase({ dataDir, databaseUrl: undefined, log: silent })
    const ids = acknowledged.flatMap((line) => line.split(' '))
    expect(await database.inWorkspace(workspace, (tx) => tx.$count(budgets, inArray(budgets.id, ids)))).toBe(ids.length)
    await database.close()
    await destroy()
  })

  /** Commits 50 pairs of rows in another process, counting its syncs. */
  async function watched(dataDir: string, workspace: string, failsAfter?: number): Promise<{ output: string; syncs: number }> {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-fsync-'))
    const log = join(folder, 'log')
    const env = { ...process.env, FSYNC_LOG: log, ...(failsAfter !== undefined && { FSYNC_FAILS_AFTER: String(failsAfter) }) }
    const child = spawn(process.execPath, ['--import', WATCH_FSYNC, COMMIT_ROWS, dataDir, workspace, '50'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    })
    const output = await text(child.stdout)
    const syncs = readFileSync(log, 'utf8').length
    rmSync(folder, { recursive: true })
    return { output, syncs }
  }
})
