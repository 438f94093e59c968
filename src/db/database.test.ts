import { eq, sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { budgets, workspaces } from './schema/index.ts'
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
})
