import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { rowsOf } from '../src/db/rows.ts'
import { createLedger, type Ledger } from '../src/ledger/ledger.ts'
import { changeSetBudget, setBudgetRemoved } from '../src/ledger/set-budgets.ts'
import { sweepInterrupted } from '../src/ledger/sweep.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { newId } from '../src/runtime/ids.ts'
import { tellBudgets } from '../src/server/tell-budgets.ts'
import { describeOnEachDatabase, type TestDatabase } from './support/databases.ts'
import { settled } from './support/ledger-call.ts'
import { type LedgerWorld, ledgerWorld } from './support/ledger-world.ts'

const INSTANCES = 3
const PROGRAM = new URL('./support/programs/spend-budget.ts', import.meta.url)

// Three processes as far as the database can tell; only PostgreSQL can show the races.
describeOnEachDatabase('budgets and rate limits over three instances', (open) => {
  let test: TestDatabase
  let world: LedgerWorld
  let ledgers: Ledger[]
  beforeAll(async () => {
    test = await open()
    world = await ledgerWorld(test)
    const options = { database: test.database, clock: systemClock, tell: tellBudgets }
    ledgers = Array.from({ length: INSTANCES }, () => createLedger({ ...options, instance: newId() }))
  })

  const remove = (budgetId: string) =>
    test.database.inWorkspace(world.workspaceId, (tx) => setBudgetRemoved(tx, { who: world.who, budgetId, removedAt: new Date() }))

  it('of 200 concurrent calls under caps that 50 exhaust exactly 50 are served and 150 refused, and nothing drifts', async () => {
    const caps = await Promise.all(
      [{}, { covers: { contexts: ['chat'] } }, { covers: { connectionIds: [world.connectionId] } }].map((more) =>
        world.addBudget({ limit: '0.00005', period: 'month', ...more }),
      ),
    )
    const calls = Array.from({ length: 200 }, () => world.intent())
    const admissions = await Promise.all(calls.map((call, index) => ledgers[index % INSTANCES]!.intend(call)))
    const served = calls.flatMap((call, index) => (admissions[index]!.kind === 'admitted' ? [{ call, index }] : []))
    expect(served).toHaveLength(50)
    expect(admissions.filter(({ kind }) => kind === 'no_room')).toHaveLength(150)
    await world.expectCounted()
    const cost = { nano: 1_000n, currency: 'USD', source: 'price_book', rowIds: [] } as const
    await Promise.all(served.map(({ call, index }) => ledgers[index % INSTANCES]!.settle(settled(call, { cost }))))
    for (const id of caps) expect(await world.used(id)).toEqual({ spent: '0.00005', held: '0' })
    await world.expectCounted()
    await Promise.all(caps.map(remove))
  })

  it('a budget that was added holds from its commit on, in every instance, and so does another limit', async () => {
    const more = { limit: '0', period: 'day' } as const
    for (let round = 0; round < 10; round += 1) {
      let [isSet, isOver] = [false, false]
      const callers = ledgers.map(async (ledger) => {
        while (!isOver) {
          const isLate = isSet
          const admission = await ledger.intend(world.intent())
          if (isLate && isSet) expect(admission).toMatchObject({ kind: 'no_room', refusal: { limitNano: 0n } })
        }
      })
      await systemClock.sleep(3 + round)
      const id = await world.addBudget(more)
      isSet = true
      await systemClock.sleep(10)
      isSet = false
      await test.database.inWorkspace(world.workspaceId, (tx) =>
        changeSetBudget(tx, { who: world.who, budgetId: id, change: { limit: '100' }, now: new Date() }),
      )
      const afterwards = await Promise.all(ledgers.map((ledger) => ledger.intend(world.intent())))
      expect(afterwards.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'admitted'])
      isOver = true
      await Promise.all(callers)
      await remove(id)
    }
    await world.expectCounted()
  }, 30_000)

  it('people are told of each share of a budget once, however many instances use it up', async () => {
    const id = await world.addBudget({ name: 'Told', limit: '0.0001', period: 'week' })
    await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const call = world.intent()
        const ledger = ledgers[index % INSTANCES]!
        const { kind } = await ledger.intend(call)
        const cost = { nano: 1_000n, currency: 'USD', source: 'price_book', rowIds: [] } as const
        if (kind === 'admitted') await ledger.settle(settled(call, { cost }))
      }),
    )
    const notices = await test.database.inWorkspace(world.workspaceId, (tx) =>
      rowsOf<{ subject: string; count: string }>(
        tx,
        sql`select subject, count(*)::text as count from notices where subject like ${`budget:${id}:%`} group by subject order by subject`,
      ),
    )
    expect(notices.every(({ count }) => count === '1')).toBe(true)
    expect(notices.at(0)).toEqual({ subject: `budget:${id}:100`, count: '1' })
    await remove(id)
  })

  it('a rate limit is one for all instances', async () => {
    await world.addRateLimit({ perMinute: 1, burst: 20 })
    const admissions = await Promise.all(Array.from({ length: 60 }, (_, index) => ledgers[index % INSTANCES]!.intend(world.intent())))
    expect(admissions.filter(({ kind }) => kind === 'admitted')).toHaveLength(20)
    expect(admissions.filter(({ kind }) => kind === 'limited')).toHaveLength(40)
  })

  it('processes that are killed in the middle of their calls leave counters that equal entries and intents, and the sweep charges what they held', async (context) => {
    if (test.url === undefined) return context.skip('one process alone holds a data folder')
    const other = await ledgerWorld(test)
    const id = await other.addBudget({ limit: '1', period: 'month' })
    const instances = Array.from({ length: INSTANCES }, () => newId())
    const programs = instances.map((instance) =>
      spawn(process.execPath, [PROGRAM.pathname, test.url!, other.workspaceId, other.connectionId, instance]),
    )
    await Promise.all(programs.map(({ stdout }) => once(stdout, 'data')))
    await systemClock.sleep(100)
    for (const program of programs) program.kill('SIGKILL')
    await Promise.all(programs.map((program) => once(program, 'exit')))
    await other.expectCounted()
    expect((await other.used(id)).held).not.toBe('0')
    const swept = await Promise.all(
      instances.map((instance) => sweepInterrupted({ database: test.database, clock: systemClock, instance })),
    )
    expect(swept.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0)
    await other.expectCounted()
    expect((await other.used(id)).held).toBe('0')
  }, 60_000)
})
