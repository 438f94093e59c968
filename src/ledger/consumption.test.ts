import { tmpdir } from 'node:os'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { eq, sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, openEmptyPostgres, type TestDatabase } from '../../test/support/databases.ts'
import { type MadeEntry, madeEntry, writeEntries } from '../../test/support/entries.ts'
import type { Grouping } from '../contract/consumption.ts'
import { migrate, readMigrations } from '../db/migrate.ts'
import { openDatabase, openEngine } from '../db/open.ts'
import { ensureRoles } from '../db/roles.ts'
import { rowsOf } from '../db/rows.ts'
import { connections, users, workspaces } from '../db/schema/index.ts'
import { runTransaction } from '../db/session.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { readConsumption, readMonth } from './consumption.ts'
import type { CallFilters } from './filters.ts'
import type { CallIntent } from './intent.ts'
import { createLedger } from './ledger.ts'
import type { PeriodAsked } from './period.ts'
import { sweepInterrupted } from './sweep.ts'

const now = new Date('2026-11-20T12:00:00Z')
const silent = { debug: (): void => undefined, warn: (): void => undefined }

describeOnEachDatabase('consumption', (open) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await open()
  })

  const read = (workspaceId: string, by: Grouping, asked: PeriodAsked = {}, filters: CallFilters = {}) =>
    readConsumption(test.database, { workspaceId, by, now, asked, filters })
  const write = async (workspaceId: string, ...entries: Partial<MadeEntry>[]): Promise<void> => {
    await writeEntries(
      test.database,
      entries.map((more) => madeEntry(workspaceId, more)),
    )
  }

  it('counts what is unknown, estimated, interrupted and failed beside what is known, and leaves out what was not sent', async () => {
    const workspaceId = await test.workspaceId()
    await write(
      workspaceId,
      { costNano: 21_000n },
      { costNano: 9_000n, usageSource: 'estimated' },
      { costNano: null, outcome: 'interrupted', usage: null, usageSource: null, costSource: null },
      { costNano: null, costSource: null },
      { costNano: 0n, outcome: 'failed', usage: null, usageSource: null, costSource: 'not_billed' },
      { costNano: 0n, outcome: 'not_sent', usage: null, usageSource: null, costSource: 'not_billed' },
    )
    const { total, groups } = await read(workspaceId, 'context')
    expect(total).toEqual({
      calls: 5,
      failedCalls: 1,
      interruptedCalls: 1,
      cost: [{ currency: 'USD', amount: '0.00003' }],
      unknownCostCalls: 2,
      estimated: { calls: 1, cost: [{ currency: 'USD', amount: '0.000009' }] },
      tokens: { input: 300, cacheRead: 0, cacheWrite: 0, output: 30 },
      unknownUsageCalls: 1, // the interrupted one; what the provider turned away used nothing
    })
    expect(groups).toEqual([{ key: 'enrichment', name: null, startedAt: null, figures: total }])
  })

  it('says nothing of money, not 0, where no cost is known', async () => {
    const workspaceId = await test.workspaceId()
    await write(workspaceId, { costNano: null, costSource: null })
    const { total } = await read(workspaceId, 'day')
    expect(total).toMatchObject({ calls: 1, cost: [], unknownCostCalls: 1 })
  })

  it('keeps currencies apart', async () => {
    const workspaceId = await test.workspaceId()
    await write(workspaceId, { costNano: 5n, currency: 'EUR' }, { costNano: 7n, currency: 'USD' }, { costNano: 1n, currency: 'EUR' })
    const { total, days } = await read(workspaceId, 'model')
    const cost = [
      { currency: 'EUR', amount: '0.000000006' },
      { currency: 'USD', amount: '0.000000007' },
    ]
    expect(total.cost).toEqual(cost)
    expect(days.flatMap(({ parts }) => parts)).toEqual([{ key: 'gpt-4o-mini', cost, unknownCostCalls: 0, calls: 3, tokens: 330 }])
  })

  it('narrows by everything it groups by, and the parts of a group are the whole of its filter', async () => {
    const workspaceId = await test.workspaceId()
    await write(
      workspaceId,
      { origin: 'run:1', actor: 'user:1', requestedModel: 'a', context: 'enrichment' },
      { origin: 'run:2', actor: 'user:2', requestedModel: 'a', servedModel: 'a-2026', context: 'enrichment' },
      { origin: 'chat:1', actor: 'user:2', requestedModel: 'b', context: 'chat', connectionId: '00000000-0000-7000-8000-00000000c002' },
    )
    const filterOf: Record<Exclude<Grouping, 'day'>, keyof CallFilters> = {
      originKind: 'originKind',
      origin: 'origin',
      context: 'context',
      connection: 'connectionId',
      model: 'model',
      member: 'member',
    }
    for (const [by, filter] of Object.entries(filterOf) as [Grouping, keyof CallFilters][]) {
      for (const { key, figures } of (await read(workspaceId, by)).groups) {
        expect((await read(workspaceId, 'day', {}, { [filter]: key })).total, `${by} ${key}`).toEqual(figures)
      }
    }
    expect((await read(workspaceId, 'originKind')).groups.map(({ key, figures }) => [key, figures.calls])).toEqual([
      ['run', 2],
      ['chat', 1],
    ])
  })

  it('shows the 200 dearest groups and all others in one line, tells seven apart by day, and loses none of their money', async () => {
    const workspaceId = await test.workspaceId()
    await write(workspaceId, ...Array.from({ length: 230 }, (_, index) => ({ origin: `chat:${index}`, costNano: BigInt(1_000 + index) })))
    const { groups, others, series, days, total } = await read(workspaceId, 'origin')
    expect(groups).toHaveLength(200)
    expect(groups[0]!.key).toBe('chat:229')
    expect(others).toMatchObject({ groups: 30, figures: { calls: 30 } })
    expect(series.map(({ key }) => key)).toEqual([229, 228, 227, 226, 225, 224, 223].map((index) => `chat:${index}`))
    const parts = days.flatMap((day) => day.parts)
    expect(new Set(parts.map(({ key }) => key))).toEqual(new Set([...series.map(({ key }) => key), null]))
    expect(parts.reduce((sum, { calls }) => sum + calls, 0)).toBe(230)
    expect(total.cost).toEqual([{ currency: 'USD', amount: '0.000256335' }]) // 230 * 1000 + 0 + 1 + ... + 229
  })

  it('has every day of the period, in the workspace’s time zone', async () => {
    const workspaceId = await test.workspaceId()
    await test.database.asSystem('a time zone for a test', (tx) =>
      tx.update(workspaces).set({ timeZone: 'Pacific/Auckland' }).where(eq(workspaces.id, workspaceId)),
    )
    // 12:00 UTC is 01:00 of the next day in Auckland.
    await write(workspaceId, { intendedAt: new Date('2026-11-19T12:00:00Z') }, { intendedAt: new Date('2026-11-13T10:59:59Z') })
    const week = await read(workspaceId, 'day', { period: '7d' })
    expect(week).toMatchObject({ from: '2026-11-15', to: '2026-11-21', today: '2026-11-21', timeZone: 'Pacific/Auckland' })
    expect(week.days.map(({ day, parts }) => [day.slice(8), parts.length])).toEqual([
      ['15', 0],
      ['16', 0],
      ['17', 0],
      ['18', 0],
      ['19', 0],
      ['20', 1],
      ['21', 0],
    ])
    expect((await read(workspaceId, 'day', { from: '2026-11-13', to: '2026-11-13' })).total.calls).toBe(1)
    const month = await readMonth(test.database, { workspaceId, now })
    expect(month).toMatchObject({ month: '2026-11', timeZone: 'Pacific/Auckland', figures: { calls: 2 } })
  })

  it.each([
    ['ends before it begins', { from: '2026-11-02', to: '2026-11-01' }],
    ['is longer than a year', { from: '2025-11-01', to: '2026-11-02' }],
  ])('refuses a period that %s', async (_, asked) => {
    await expect(read(await test.workspaceId(), 'day', asked)).rejects.toMatchObject({ code: 'request.invalid' })
  })

  it('names connections and people, also those that are gone, and nobody of another workspace’s sums', async () => {
    const [workspaceId, elsewhere] = [await test.workspaceId(), await test.workspaceId()]
    const [connectionId, userId] = [newId(), newId()]
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({
        id: connectionId,
        workspaceId,
        provider: 'openai',
        label: 'Our OpenAI',
        slug: 'openai',
        destination: { baseUrl: 'https://api.openai.com/v1' },
        status: 'deleted',
      }),
    )
    const at = new Date()
    await test.database.asSystem('a person for a test', (tx) =>
      tx
        .insert(users)
        .values({ id: userId, name: 'Ada', email: `${userId}@example.com`, emailVerified: true, createdAt: at, updatedAt: at }),
    )
    await write(workspaceId, { connectionId, actor: `user:${userId}` }, { actor: 'command' })
    await write(elsewhere, { costNano: 1_000_000_000n })
    expect(new Set((await read(workspaceId, 'connection')).groups.map(({ name }) => name))).toEqual(new Set(['Our OpenAI', null]))
    expect((await read(workspaceId, 'member')).groups.map(({ key, name }) => [key, name])).toEqual(
      expect.arrayContaining([
        [`user:${userId}`, 'Ada'],
        ['command', null],
      ]),
    )
    expect((await read(workspaceId, 'day')).total.cost).toEqual([{ currency: 'USD', amount: '0.000042' }])
  })

  it('has every call that the ledger settles or finds left by a crash, in that same commit', async () => {
    const workspaceId = await test.workspaceId()
    const connectionId = newId()
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({
        id: connectionId,
        workspaceId,
        provider: 'openai',
        label: 'O',
        slug: 'o',
        destination: { baseUrl: 'https://x.example' },
      }),
    )
    const instance = newId()
    const clock = { ...systemClock, now: () => now }
    const ledger = createLedger({ database: test.database, clock, instance })
    const intents = Array.from({ length: 40 }, (): CallIntent => ({
      id: newId(now.getTime()),
      workspaceId,
      connectionId,
      actor: 'command',
      origin: 'run:1',
      context: 'enrichment',
      attempt: 1,
      requestedModel: 'gpt-4o-mini',
      worstCaseNano: 1_000n,
      currency: 'USD',
      budgetIds: [],
    }))
    await Promise.all(intents.map((intent) => ledger.intend(intent)))
    await Promise.all(
      intents.slice(0, 33).map((intent) =>
        ledger.settle({
          intent,
          intendedAt: now,
          keyVersion: 0,
          outcome: 'succeeded',
          usage: { input_tokens: 10, reasoning_tokens: 5 },
          usageSource: 'reported',
          cost: { nano: 3n, currency: 'USD', source: 'price_book', rowIds: [] },
          endedAt: now,
        }),
      ),
    )
    const refused = test.database.asSystem('a commit that fails', async (tx) => {
      await tx.execute(sql`insert into ledger_entries select * from ledger_entries where workspace_id = ${workspaceId}::uuid`)
    })
    await expect(refused).rejects.toMatchObject({ sqlState: '23505' })
    await sweepInterrupted({ database: test.database, clock, instance })
    expect((await read(workspaceId, 'origin')).total).toMatchObject({
      calls: 40,
      cost: [{ currency: 'USD', amount: '0.000000099' }],
      interruptedCalls: 7,
      unknownCostCalls: 7,
      tokens: { input: 330, output: 165 },
    })
  })

  it('takes a provider’s most absurd numbers and names without failing the commit', async () => {
    const workspaceId = await test.workspaceId()
    const most = Number.MAX_SAFE_INTEGER
    const absurd = {
      usage: { input_tokens: most, output_tokens: most },
      costNano: 9_000_000_000_000_000_000n,
      servedModel: 'é'.repeat(9_000),
    }
    for (let round = 0; round < 3; round += 1) await write(workspaceId, absurd, absurd)
    const { groups } = await read(workspaceId, 'model')
    expect(groups.map(({ key, figures }) => [key.length, figures.calls, figures.cost[0]!.amount])).toEqual([[200, 6, '54000000000']])
  })

  it('sums the entries that an older version left when the schema is brought up to date', async () => {
    const postgres = test.database.engine === 'postgres' ? await openEmptyPostgres() : undefined
    const dataDir = postgres ? tmpdir() : mkdtempSync(join(tmpdir(), 'latchkey-older-'))
    const migrations = readMigrations()
    const older = migrations.slice(
      0,
      migrations.findIndex(({ tag }) => tag.endsWith('_consumption')),
    )
    const engine = await openEngine({ dataDir, databaseUrl: postgres?.url, log: silent })
    const workspaceId = newId()
    await ensureRoles(engine)
    await migrate(engine, older)
    await runTransaction(engine, 'BEGIN; SET LOCAL ROLE latchkey_system', async (connection) => {
      await connection.query('insert into workspaces (id, name, slug) values ($1, $2, $2)', [workspaceId, 'older'])
      await connection.query(
        `insert into ledger_entries (id, workspace_id, connection_id, key_version, instance, actor, origin, context, attempt, requested_model,
           outcome, currency, budget_ids, charged_nano, cost_nano, usage, intended_at, ended_at)
         select gen_random_uuid(), $1::uuid, $1::uuid, 1, 'i', 'command', 'run:' || n % 3, 'enrichment', 1, 'm', 'succeeded', 'USD', '[]', 0, n,
           '{"input_tokens": 2}', timestamptz '2026-11-01 12:00Z' + n * interval '1 hour', now()
         from generate_series(1, 200) as n`,
        [workspaceId],
      )
    })
    await engine.close()
    const database = await openDatabase({ dataDir, databaseUrl: postgres?.url, log: silent })
    try {
      const { total } = await readConsumption(database, { workspaceId, by: 'origin', now, asked: {}, filters: {} })
      expect(total).toMatchObject({ calls: 200, cost: [{ amount: '0.0000201' }], tokens: { input: 400 } }) // 1 + 2 + ... + 200 nano
      const kept = await database.inWorkspace(workspaceId, (tx) =>
        rowsOf<{ count: string }>(tx, sql`select count(*)::text as count from ledger_entries`),
      )
      expect(kept).toEqual([{ count: '200' }])
    } finally {
      await database.close()
      if (postgres) await postgres.remove()
      else rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
