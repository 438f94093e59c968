import { sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { revokeConnection } from '../src/connections/connections.ts'
import { rowsOf } from '../src/db/rows.ts'
import { connections } from '../src/db/schema/index.ts'
import type { CallIntent } from '../src/ledger/intent.ts'
import { createLedger } from '../src/ledger/ledger.ts'
import { systemClock } from '../src/runtime/clock.ts'
import { newId } from '../src/runtime/ids.ts'
import { describeOnEachDatabase, type TestDatabase } from './support/databases.ts'

const ROUNDS = 20
const INSTANCES = 3

// Three processes as far as the database can tell; only PostgreSQL can show the race.
describeOnEachDatabase('KEY-12: revoking while calls are admitted', (open) => {
  let test: TestDatabase
  let workspaceId: string
  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  const connect = async (): Promise<string> => {
    const id = newId()
    const destination = { baseUrl: 'https://api.openai.com/v1' }
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({ id, workspaceId, provider: 'openai', label: 'OpenAI', slug: id, destination }),
    )
    return id
  }
  const intentOn = (connectionId: string): CallIntent => ({
    id: newId(),
    workspaceId,
    connectionId,
    actor: 'test',
    origin: 'test',
    context: 'chat',
    attempt: 1,
    requestedModel: 'm',
    worstCaseNano: 0n,
    currency: 'USD',
    budgetIds: [],
  })
  const countOf = async (connectionId: string): Promise<number> => {
    const [row] = await test.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ count: string }>(tx, sql`select count(*)::text as count from call_intents where connection_id = ${connectionId}`),
    )
    return Number(row!.count)
  }

  it('no call is admitted after the revocation was committed', async () => {
    const ledgers = Array.from({ length: INSTANCES }, () =>
      createLedger({ database: test.database, clock: systemClock, instance: newId() }),
    )
    let [admittedInAll, refusedInAll] = [0, 0]
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = await connect()
      let isOver = false
      const caller = async (ledger: (typeof ledgers)[number]): Promise<string[]> => {
        const kinds: string[] = []
        while (!isOver) kinds.push((await ledger.intend(intentOn(id))).kind)
        return kinds
      }
      const callers = ledgers.flatMap((ledger) => [caller(ledger), caller(ledger)])
      await systemClock.sleep(5 + round)
      await test.database.inWorkspace(workspaceId, (tx) => revokeConnection(tx, { actor: 'test', id }))
      const atRevocation = await countOf(id)
      await systemClock.sleep(20)
      isOver = true
      const kinds = (await Promise.all(callers)).flat()
      expect(await countOf(id)).toBe(atRevocation)
      expect(kinds.filter((kind) => kind === 'admitted')).toHaveLength(atRevocation)
      admittedInAll += atRevocation
      refusedInAll += kinds.filter((kind) => kind === 'revoked').length
    }
    expect(admittedInAll).toBeGreaterThan(ROUNDS)
    expect(refusedInAll).toBeGreaterThan(ROUNDS)
  }, 60_000)
})
