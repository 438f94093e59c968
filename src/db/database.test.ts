import { eq, inArray, ne, sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { auditEntries, budgets, workspaces } from './schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { sqlStateOf } from './statement-error.ts'

describeOnEachDatabase('transactions', (open) => {
  let test: TestDatabase
  let workspaceId: string
  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  const budget = (id = newId()) => ({ id, workspaceId, scope: 'test', currency: 'USD' })
  const count = async (): Promise<number> => test.database.inWorkspace(workspaceId, (tx) => tx.$count(budgets))

  it('commits what work wrote, and rolls back all of it when work throws', async () => {
    const before = await count()
    await test.database.inWorkspace(workspaceId, (tx) => tx.insert(budgets).values(budget()))
    const failure = new Error('after two inserts')
    const failing = test.database.inWorkspace(workspaceId, async (tx) => {
      await tx.insert(budgets).values(budget())
      await tx.insert(budgets).values(budget())
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect(await count()).toBe(before + 1)
  })

  it('refuses to call a transaction saved when a statement in it failed and the error was caught', async () => {
    const id = newId()
    const swallowing = test.database.inWorkspace(workspaceId, async (tx) => {
      await tx.insert(budgets).values(budget(id))
      await tx
        .insert(budgets)
        .values(budget(id))
        .catch(() => undefined)
    })
    await expect(swallowing).rejects.toThrow('nothing was saved')
    expect(await test.database.asSystem('test', (tx) => tx.$count(budgets, eq(budgets.id, id)))).toBe(0)
  })

  it('is clean after a failed statement, and tells which constraint failed without quoting values', async () => {
    const id = newId()
    await test.database.inWorkspace(workspaceId, (tx) => tx.insert(budgets).values(budget(id)))
    const error: unknown = await test.database
      .inWorkspace(workspaceId, (tx) => tx.insert(budgets).values(budget(id)))
      .catch((caught: unknown) => caught)
    expect(sqlStateOf(error)).toBe('23505')
    expect(error).toMatchObject({ constraint: 'budgets_pkey' })
    expect(JSON.stringify(error) + String(error)).not.toContain(id)
    expect(await test.database.inWorkspace(workspaceId, (tx) => tx.select({ one: sql`1` }).from(workspaces))).toEqual([{ one: 1 }])
  })

  it('keeps transactions that run together apart, whatever fails in them', async () => {
    const other = await test.workspaceId()
    const accounts = [workspaceId, other].map((owner) => ({ ...budget(), workspaceId: owner, limitNano: 0n }))
    await test.database.asSystem('test', (tx) => tx.insert(budgets).values(accounts))
    const seen: string[][] = []
    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, (_, turn) => {
        const account = accounts[turn % 2]!
        return test.database.inWorkspace(account.workspaceId, async (tx) => {
          await tx
            .update(budgets)
            .set({ limitNano: sql`${budgets.limitNano} + 1` })
            .where(eq(budgets.id, account.id))
          const foreign = await tx.select({ id: budgets.id }).from(budgets).where(ne(budgets.workspaceId, account.workspaceId))
          seen.push(foreign.map(({ id }) => id))
          if (turn % 10 === 3) throw new Error('cancelled')
          if (turn % 10 === 6) await tx.execute(sql`select 1 / 0`)
        })
      }),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(40)
    expect(seen.flat()).toEqual([])
    const stored = await test.database.asSystem('test', (tx) =>
      tx
        .select({ limit: budgets.limitNano })
        .from(budgets)
        .where(
          inArray(
            budgets.id,
            accounts.map(({ id }) => id),
          ),
        ),
    )
    expect(stored.reduce((sum, { limit }) => sum + limit!, 0n)).toBe(160n)
  })

  it('does not let a statement that ends the transaction reach past its scope', async () => {
    const id = newId()
    const straying = test.database.inWorkspace(workspaceId, async (tx) => {
      await tx.insert(budgets).values(budget(id))
      await tx.execute(sql`rollback`).catch(() => undefined)
      return tx.select().from(budgets)
    })
    await expect(straying).rejects.toThrow('ended it')
    expect(await test.database.asSystem('test', (tx) => tx.$count(budgets, eq(budgets.id, id)))).toBe(0)
    expect(await count()).toBeGreaterThan(0)
  })

  it('refuses a transaction inside another one, and a tx that is used after its end', async () => {
    const nested = test.database.inWorkspace(workspaceId, () => test.database.asSystem('nested', (tx) => tx.$count(budgets)))
    await expect(nested).rejects.toThrow('a transaction inside another one')
    const kept = await test.database.inWorkspace(workspaceId, (tx) => Promise.resolve({ tx }))
    await expect(Promise.resolve(kept.tx.select().from(budgets))).rejects.toMatchObject({
      cause: { message: expect.stringContaining('this transaction is over') },
    })
  })

  it('does not touch the database for work without a statement', async () => {
    expect(await test.database.inWorkspace(newId(), () => Promise.resolve('done'))).toBe('done')
  })

  it('gives every type back as it was, alike on both engines', async () => {
    const at = new Date('2026-03-29T01:59:59.123Z')
    const detail = { text: 'ÄÖ "quoted" \\ \n 日本 👍', number: 1.5e300, zero: -0.25, none: null, list: [1, [true]], empty: {} }
    const id = newId()
    const row = await test.database.inWorkspace(workspaceId, async (tx) => {
      await tx.insert(auditEntries).values({ id, workspaceId, at, actor: 'a', action: 'b', subject: 'c', detail })
      return (await tx.select().from(auditEntries).where(eq(auditEntries.id, id)))[0]
    })
    expect(row).toEqual({ id, workspaceId, at, actor: 'a', action: 'b', subject: 'c', detail })
    const raw = (await test.database.asSystem('test', (tx) =>
      tx.execute(sql`select 9223372036854775807::bigint as big, 0.1::numeric(20,12) as exact, true as yes, null::text as none, 7::int as small, 2.5::float8 as float,
        '{"a":[1]}'::jsonb as json, '\\x00ff'::bytea as bytes, ${id}::uuid as uuid, ${at}::timestamptz at time zone 'UTC' as time, array['a','b"c',null] as list,
        ${sql.param(['x', 'y,"z'])}::text[] as sent, ${new Uint8Array([1, 255])}::bytea as sent_bytes`),
    )) as { rows: Record<string, unknown>[]; rowCount: number }
    expect(raw.rowCount).toBe(1)
    expect({
      ...raw.rows[0],
      bytes: [...(raw.rows[0]!['bytes'] as Uint8Array)],
      sent_bytes: [...(raw.rows[0]!['sent_bytes'] as Uint8Array)],
    }).toEqual({
      big: '9223372036854775807',
      exact: '0.100000000000',
      yes: true,
      none: null,
      small: 7,
      float: 2.5,
      json: { a: [1] },
      bytes: [0, 255],
      uuid: id,
      time: '2026-03-29 01:59:59.123',
      list: ['a', 'b"c', null],
      sent: ['x', 'y,"z'],
      sent_bytes: [1, 255],
    })
  })

  it('goes on answering timers while the database is busy', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    await test.database.asSystem('test', (tx) => tx.execute(sql`select count(*) from generate_series(1, 2000000)`))
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })

  it('waits for transactions under way when it closes, and refuses later ones', async () => {
    const closing = await open()
    const owner = await closing.workspaceId()
    const entered = Promise.withResolvers<void>()
    const leave = Promise.withResolvers<void>()
    const slow = closing.database.inWorkspace(owner, async (tx) => {
      await tx.select().from(workspaces)
      entered.resolve()
      await leave.promise
      return tx.select({ id: workspaces.id }).from(workspaces)
    })
    await entered.promise
    const closed = closing.database.close()
    await expect(closing.database.inWorkspace(owner, (tx) => tx.select().from(workspaces))).rejects.toMatchObject({
      code: 'database.unavailable',
    })
    leave.resolve()
    expect(await slow).toEqual([{ id: owner }])
    await closed
  })
})
