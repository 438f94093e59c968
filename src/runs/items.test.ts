import { eq, type SQL, sql } from 'drizzle-orm'
import { beforeAll, expect, it, vi } from 'vitest'
import { administer, describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { Database } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { runItems } from '../db/schema/index.ts'
import { listItems } from './list.ts'
import { newId } from '../runtime/ids.ts'
import {
  addItems,
  countItems,
  heldItems,
  LEASE_MS,
  leaseItems,
  releaseAbandoned,
  renewLeases,
  retryFailed,
  returnItems,
  settleItems,
} from './items.ts'
import type { LeasedItem } from './run-kind.ts'
import { addRun, cancelRun, readRun } from './runs.ts'

const START = new Date('2026-01-05T10:00:00Z')
const after = (ms: number): Date => new Date(START.getTime() + ms)

describeOnEachDatabase('items of a run', (open) => {
  let test: TestDatabase
  let workspaceId: string

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  /** A run with items 1 to `count`, all waiting. */
  async function run(count: number): Promise<string> {
    return test.database.inWorkspace(workspaceId, async (tx) => {
      const settings = { workspaceId, kind: 'test', fingerprint: newId(), series: 'test', settings: {}, currency: 'USD', capNano: null }
      const { id: runId } = await addRun(tx, settings)
      const items = Array.from({ length: count }, (_, index) => ({
        position: index + 1,
        subjectId: newId(),
        workHash: `hash ${index + 1}`,
      }))
      await addItems(tx, { runId, workspaceId, items })
      return runId
    })
  }

  const lease = (
    runId: string,
    limit: number,
    { instance = 'one', now = START, upTo = null as number | null } = {},
  ): Promise<LeasedItem[]> => test.database.inWorkspace(workspaceId, (tx) => leaseItems(tx, { runId, instance, now, limit, upTo }))

  const release = (runId: string, { instance = 'one', now = START } = {}): Promise<void> =>
    test.database.inWorkspace(workspaceId, (tx) => releaseAbandoned(tx, { runId, instance, now }))

  /** Ends items as `done`. @returns the positions that counted. */
  const settle = (items: readonly LeasedItem[], state: 'done' | 'failed' = 'done'): Promise<number[]> =>
    test.database.asSystem('a test settles', async (tx) => {
      const counted = await settleItems(
        tx,
        items.map((item) => ({ item, state, ...(state === 'failed' ? { errorCode: 'output.invalid' as const } : {}) })),
      )
      return items.filter(counted).map(({ position }) => position)
    })

  const counts = (runId: string) => test.database.inWorkspace(workspaceId, (tx) => countItems(tx, runId))
  const rows = (runId: string) =>
    test.database.inWorkspace(workspaceId, (tx) => tx.select().from(runItems).where(eq(runItems.runId, runId)).orderBy(runItems.position))
  const positions = (items: readonly { position: number }[]): number[] => items.map(({ position }) => position)

  it('hands out waiting items in order, up to a limit and a position, each with what it was planned from', async () => {
    const runId = await run(10)
    const first = await lease(runId, 3)
    expect(positions(first)).toEqual([1, 2, 3])
    expect(first[0]).toMatchObject({ runId, workHash: 'hash 1', attempt: 1 })
    expect(positions(await lease(runId, 10, { upTo: 5 }))).toEqual([4, 5])
    expect(await lease(runId, 10, { upTo: 5 })).toEqual([])
    expect(positions(await lease(runId, 10))).toEqual([6, 7, 8, 9, 10])
  })

  it('workers that ask at once share no item, and together get all', async () => {
    const runId = await run(300)
    const workers = Array.from({ length: 12 }, async (_, index) => {
      const mine: LeasedItem[] = []
      for (;;) {
        const items = await lease(runId, 7, { instance: `worker ${index}` })
        if (items.length === 0) return mine
        mine.push(...items)
      }
    })
    const leased = (await Promise.all(workers)).flat()
    expect(positions(leased).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
  })

  it('reads as many items as it hands out, however many are done', async () => {
    const runId = await run(50_000) // fewer are read whole at less cost
    const inDatabase = <T>(statement: SQL): Promise<T[]> => test.database.asSystem('a test looks', (tx) => rowsOf<T>(tx, statement))
    // The planner knows the table as it was before anything was done: it is tended again when half of it has changed.
    if (test.url) await administer(test.url, 'analyze run_items')
    await vi.waitFor(async () => {
      const [table] = await inDatabase<{ rows: number }>(sql`select reltuples::integer as rows from pg_class where relname = 'run_items'`)
      expect(table!.rows).toBeGreaterThan(40_000)
    }, 20_000)
    await inDatabase(sql`update run_items set state = 'done' where run_id = ${runId}::uuid and position <= 10000`)
    const read = async (): Promise<number> => {
      await inDatabase(sql`select pg_stat_force_next_flush()`)
      const [sum] = await inDatabase<{ read: string }>(
        sql`select ((select seq_tup_read from pg_stat_user_tables where relname = 'run_items')
          + (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'run_items'))::text as read`,
      )
      return Number(sum!.read)
    }
    await lease(runId, 100) // passes over what the index still remembers of items that waited once
    // PostgreSQL's sessions hand in what they have read when they are idle: what one of the former statements read may come late.
    const costs: number[] = []
    for (let round = 1; round <= 4; round += 1) {
      const before = await read()
      expect(positions(await lease(runId, 100))).toEqual(Array.from({ length: 100 }, (_, index) => 10_001 + round * 100 + index))
      costs.push((await read()) - before)
    }
    expect(Math.min(...costs)).toBeLessThan(1_000)
  })

  it('adding the same items again changes nothing', async () => {
    const runId = await run(2)
    const [item] = await lease(runId, 1)
    await test.database.inWorkspace(workspaceId, (tx) =>
      addItems(tx, { runId, workspaceId, items: [{ position: 1, subjectId: newId(), workHash: 'other' }] }),
    )
    expect((await rows(runId))[0]).toMatchObject({ subjectId: item!.subjectId, workHash: 'hash 1', state: 'leased' })
  })

  it("a commit with an old attempt counts for nothing: the item is someone else's by then", async () => {
    const runId = await run(2)
    const late = await lease(runId, 2, { instance: 'slow' })
    await release(runId, { instance: 'slow' })
    const [taken] = await lease(runId, 1, { instance: 'quick' })
    expect(taken).toMatchObject({ position: 1, attempt: 2 })
    expect(await settle(late)).toEqual([]) // 1 is leased anew, 2 waits
    expect(await counts(runId)).toMatchObject({ waiting: 1, leased: 1, done: 0 })
    expect(await settle([taken!])).toEqual([1])
    expect(await settle([taken!])).toEqual([]) // ended once, and for all
    await test.database.inWorkspace(workspaceId, (tx) => returnItems(tx, late))
    expect(await counts(runId)).toMatchObject({ waiting: 1, leased: 0, done: 1 })
  })

  it("tells which items are still this worker's: leased, and at the same attempt", async () => {
    const runId = await run(4)
    const items = await lease(runId, 3)
    await settle([items[0]!])
    await release(runId)
    const [again] = await lease(runId, 1) // 2 is leased anew, 3 waits
    const held = await test.database.asSystem('a test asks', (tx) => heldItems(tx, [...items, again!]))
    expect(again).toMatchObject({ position: 2, attempt: 2 })
    expect(await test.database.asSystem('a test asks', async (tx) => [...items].map(await heldItems(tx, items)))).toEqual([
      false,
      false,
      false,
    ])
    expect(held(again!)).toBe(true)
  })

  it('of one commit, only the results count whose lease still holds', async () => {
    const runId = await run(3)
    const items = await lease(runId, 3)
    await test.database.inWorkspace(workspaceId, (tx) => returnItems(tx, [items[1]!]))
    expect(await settle(items)).toEqual([1, 3])
  })

  it("a lease that ended is anyone's, one that was renewed is not", async () => {
    const runId = await run(4)
    await lease(runId, 1, { instance: 'silent' })
    await lease(runId, 1, { instance: 'alive' })
    await test.database.inWorkspace(workspaceId, (tx) => renewLeases(tx, { runId, instance: 'alive', now: after(LEASE_MS / 2) }))
    await release(runId, { instance: 'other', now: after(LEASE_MS - 1) })
    expect(await counts(runId)).toMatchObject({ waiting: 2, leased: 2 })
    await release(runId, { instance: 'other', now: after(LEASE_MS + 1) })
    expect((await rows(runId)).map(({ state, leasedBy }) => [state, leasedBy])).toEqual([
      ['waiting', null],
      ['leased', 'alive'],
      ['waiting', null],
      ['waiting', null],
    ])
  })

  it('what a process left leased when it died waits again at its next start, before the lease ends', async () => {
    const runId = await run(3)
    await lease(runId, 2, { instance: 'crashed' })
    await release(runId, { instance: 'crashed' })
    expect(await counts(runId)).toMatchObject({ waiting: 3, leased: 0 })
  })

  it('failed items wait again on request, without their error; others stay as they are', async () => {
    const runId = await run(3)
    const [bad, good] = await lease(runId, 2)
    await settle([bad!], 'failed')
    await settle([good!])
    expect(await retryFailed(test.database, { workspaceId, runId })).toBe(1)
    const [first, second] = await rows(runId)
    expect(first).toMatchObject({ state: 'waiting', errorCode: null })
    expect(second).toMatchObject({ state: 'done' })
    const listed = await test.database.inWorkspace(workspaceId, (tx) => listItems(tx, { runId, state: 'waiting', after: 0, limit: 10 }))
    expect(listed.filter(({ settledAt }) => settledAt !== null)).toEqual([])
  })

  it('what an item cost counts all its tries, and is unknown where the cost of one is', async () => {
    const runId = await run(2)
    const cost = async (states: readonly ('failed' | 'done')[], nanos: readonly (bigint | undefined)[]): Promise<void> => {
      const items = await lease(runId, 2)
      await test.database.asSystem('a test settles', (tx) =>
        settleItems(
          tx,
          items.map((item, at) => ({ item, state: states[at]!, ...(nanos[at] === undefined ? {} : { costNano: nanos[at] }) })),
        ),
      )
    }
    await cost(['failed', 'failed'], [5n, undefined])
    await retryFailed(test.database, { workspaceId, runId })
    await cost(['done', 'done'], [7n, 7n])
    expect((await rows(runId)).map(({ costNano }) => costNano)).toEqual([12n, null])
  })

  it('many items are retried and dropped in several short transactions; what has ended stays', async () => {
    const runId = await run(25_001)
    await test.database.asSystem('a test settles', (tx) =>
      tx.execute(sql`update run_items set state = case when position = 3 then 'done' else 'failed' end where run_id = ${runId}::uuid`),
    )
    let transactions = 0
    const counted: Database = {
      ...test.database,
      inWorkspace: (id, work) => {
        transactions += 1
        return test.database.inWorkspace(id, work)
      },
    }
    expect(await retryFailed(counted, { workspaceId, runId })).toBe(25_000)
    expect(await counts(runId)).toMatchObject({ waiting: 25_000, done: 1 })
    expect(transactions).toBe(4) // the last finds none
    await lease(runId, 5)
    await cancelRun(counted, { workspaceId, runId })
    expect(await counts(runId)).toEqual({ waiting: 0, leased: 0, done: 1, flagged: 0, failed: 0 })
    expect(transactions).toBe(4 + 1 + 4)
    expect(await test.database.inWorkspace(workspaceId, (tx) => readRun(tx, runId))).toMatchObject({ state: 'cancelled' })
  })

  it('items of another workspace are out of reach', async () => {
    const runId = await run(2)
    const foreign = await test.workspaceId()
    const items = await test.database.inWorkspace(foreign, (tx) =>
      leaseItems(tx, { runId, instance: 'thief', now: START, limit: 10, upTo: null }),
    )
    expect(items).toEqual([])
    expect(await counts(runId)).toMatchObject({ waiting: 2 })
  })
})
