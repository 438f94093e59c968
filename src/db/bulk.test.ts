import fc from 'fast-check'
import { eq, inArray, sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { newId } from '../runtime/ids.ts'
import { givenRows, insertMany, updateMany } from './bulk.ts'
import { auditEntries, budgets, dataKeys, masterKeys } from './schema/index.ts'

describeOnEachDatabase('many rows in one statement', (open) => {
  let test: TestDatabase
  let workspaceId: string
  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  const budget = (limitNano: bigint | null) => ({ id: newId(), workspaceId, scope: 'run:test', currency: 'EUR', limitNano })

  it('inserts bigints beyond 2^53, nulls and defaults as single inserts would', async () => {
    const rows = [budget(9_223_372_036_854_775_807n), budget(-9_007_199_254_740_993n), budget(null)]
    expect(await test.database.inWorkspace(workspaceId, (tx) => insertMany(tx, budgets, rows))).toBe(3)
    const stored = await test.database.inWorkspace(workspaceId, (tx) =>
      tx
        .select()
        .from(budgets)
        .where(
          inArray(
            budgets.id,
            rows.map(({ id }) => id),
          ),
        )
        .orderBy(budgets.id),
    )
    expect(stored).toMatchObject(
      rows.map((row) => ({ ...row, period: 'total', removedAt: null })).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    )
  })

  it('stores any text and JSON exactly as a single insert does', async () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '').toWellFormed())
    const json = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text)), {
      noNullPrototype: true,
    })
    const arbitrary = fc.array(fc.record({ action: text, detail: json }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(arbitrary, async (values) => {
        const rows = values.map((value) => ({
          ...value,
          workspaceId,
          at: new Date('2026-02-03T04:05:06.789Z'),
          actor: 'test',
          subject: 'test',
        }))
        const single = rows.map((row) => ({ ...row, id: newId() }))
        const bulk = rows.map((row) => ({ ...row, id: newId() }))
        const read = (ids: string[]) =>
          test.database.inWorkspace(workspaceId, (tx) =>
            tx.select().from(auditEntries).where(inArray(auditEntries.id, ids)).orderBy(auditEntries.id),
          )
        await test.database.inWorkspace(workspaceId, async (tx) => {
          await tx.insert(auditEntries).values(single)
          await insertMany(tx, auditEntries, bulk)
        })
        const withoutIds = (entries: { id: string; action: string }[]) =>
          entries.map((entry) => JSON.stringify({ ...entry, id: '' })).toSorted()
        expect(withoutIds(await read(bulk.map(({ id }) => id)))).toEqual(withoutIds(await read(single.map(({ id }) => id))))
      }),
      { numRuns: 30 },
    )
  })

  it('stores bytes and times exactly', async () => {
    const wrapped = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const masterKeyId = newId()
    const createdAt = new Date('2026-02-03T04:05:06.789Z')
    const [key] = await test.database.asSystem('test', async (tx) => {
      await tx.insert(masterKeys).values({ id: masterKeyId, source: 'file', checkValue: wrapped, status: 'active' })
      await insertMany(tx, dataKeys, [{ id: newId(), workspaceId, version: 1, masterKeyId, wrapped, status: 'active', createdAt }])
      return tx.select().from(dataKeys).where(eq(dataKeys.masterKeyId, masterKeyId))
    })
    expect(key).toMatchObject({ createdAt, seals: 0n })
    expect(key!.wrapped).toEqual(wrapped)
  })

  it('leaves out rows that exist already, and says how many it inserted', async () => {
    const first = budget(1n)
    const inserted = await test.database.inWorkspace(workspaceId, async (tx) => {
      await insertMany(tx, budgets, [first])
      return insertMany(tx, budgets, [first, budget(2n)], { onConflict: 'nothing' })
    })
    expect(inserted).toBe(1)
  })

  it('updates each row with its own values, narrowed by a condition on old and new', async () => {
    const rows = [budget(1n), budget(2n), budget(3n)]
    const updated = await test.database.inWorkspace(workspaceId, async (tx) => {
      await insertMany(tx, budgets, rows)
      const changes = rows.map(({ id }, index) => ({ id, limitNano: BigInt(index + 1) * 10n ** 15n, name: `budget ${index + 1}` }))
      return updateMany(tx, budgets, { key: ['id'], rows: changes, where: sql`${budgets.limitNano} >= 2 and given.limit_nano > 0` })
    })
    expect(updated).toBe(2)
    const stored = await test.database.inWorkspace(workspaceId, (tx) =>
      tx
        .select({ limit: budgets.limitNano, name: budgets.name })
        .from(budgets)
        .where(
          inArray(
            budgets.id,
            rows.map(({ id }) => id),
          ),
        )
        .orderBy(budgets.limitNano),
    )
    expect(stored).toEqual([
      { limit: 1n, name: null },
      { limit: 2n * 10n ** 15n, name: 'budget 2' },
      { limit: 3n * 10n ** 15n, name: 'budget 3' },
    ])
  })

  it('gives rows to a statement of one’s own', async () => {
    const rows = [budget(5n)]
    const result = await test.database.inWorkspace(workspaceId, (tx) =>
      tx.execute(sql`select given.limit_nano + 1 as more from ${givenRows(budgets, rows)}`),
    )
    expect((result as { rows: unknown[] }).rows).toEqual([{ more: '6' }])
  })

  it('does nothing with no rows, and refuses a column with a default that only some rows have', async () => {
    await test.database.inWorkspace(workspaceId, async (tx) => {
      expect(await insertMany(tx, budgets, [])).toBe(0)
      await expect(insertMany(tx, budgets, [budget(1n), { ...budget(1n), period: 'day' }])).rejects.toThrow('period has a default')
    })
  })
})
