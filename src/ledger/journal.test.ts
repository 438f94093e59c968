import { inArray } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { testClock } from '../../test/support/clock.ts'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { callIntents, callJournal, connections, ledgerEntries } from '../db/schema/index.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { addBudget, readBudget, readTotals } from './budgets.ts'
import type { CallIntent } from './intent.ts'
import { createJournal, unpackLeft } from './journal.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Settlement } from './settlement.ts'
import { sweepInterrupted } from './sweep.ts'

const INTENDED_AT = new Date(Date.now() - 2_001)

/** What a journal holds is as good as what the tables hold, whatever happens between. */
describeOnEachDatabase('the journal of calls', (open) => {
  let test: TestDatabase
  let workspaceId: string
  const connectionId = newId()

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
    const connection = {
      id: connectionId,
      workspaceId,
      provider: 'openai',
      label: 'O',
      slug: 'o',
      destination: { baseUrl: 'https://o.example' },
    }
    await test.database.inWorkspace(workspaceId, (tx) => tx.insert(connections).values(connection))
  })

  const ledgerOf = (instance: string): Ledger => createLedger({ database: test.database, clock: systemClock, instance })
  const intent = (more: Partial<CallIntent> = {}): CallIntent => ({
    id: newId(),
    workspaceId,
    connectionId,
    actor: 'user:x',
    origin: 'virtual-key:x',
    context: 'chat',
    attempt: 1,
    requestedModel: 'gpt-4o-mini "é\u0000"',
    worstCaseNano: 1_000n,
    currency: 'USD',
    budgetIds: [],
    byTheThousand: true,
    ...more,
  })
  const settlement = (of: CallIntent, more: Partial<Settlement> = {}): Settlement => ({
    intent: of,
    intendedAt: INTENDED_AT,
    keyVersion: 3,
    outcome: 'succeeded',
    servedModel: 'gpt-4o-mini-2024-07-18',
    usage: { input_tokens: 100, output_tokens: 10 },
    usageSource: 'reported',
    rawUsage: { text: 'it’s "quoted"\n' },
    cost: { nano: 9_007_199_254_740_993n, currency: 'USD', source: 'price_book', rowIds: ['row-1', 'row-2'] },
    sentAt: new Date('2026-11-20T10:00:01.5Z'),
    endedAt: new Date('2026-11-20T10:00:02Z'),
    ...more,
  })
  const budget = async (): Promise<string> => {
    const id = newId()
    const row = { id, workspaceId, scope: `run:${newId()}`, currency: 'USD', limitNano: 10n ** 17n }
    await test.database.inWorkspace(workspaceId, (tx) => addBudget(tx, row))
    return id
  }
  const stored = (ids: readonly string[]) =>
    test.database.asSystem('test', async (tx) => ({
      intents: await tx
        .select()
        .from(callIntents)
        .where(inArray(callIntents.id, [...ids])),
      entries: await tx
        .select()
        .from(ledgerEntries)
        .where(inArray(ledgerEntries.id, [...ids])),
      journal: (await tx.select().from(callJournal)).length,
    }))

  it('a call that went through it has the very entry that it would have had without', async () => {
    const ledger = ledgerOf(newId())
    const [direct, journaled] = [intent({ byTheThousand: undefined as never }), intent()]
    for (const call of [direct, journaled]) {
      await ledger.intend(call)
      await ledger.settle(settlement(call))
    }
    await ledger.caughtUp()
    const { intents, entries, journal } = await stored([direct.id, journaled.id])
    expect({ intents, journal }).toEqual({ intents: [], journal: 0 })
    const [first, second] = [direct, journaled].map(({ id }) => entries.find((entry) => entry.id === id)!)
    expect({ ...second, id: first!.id, instance: first!.instance }).toEqual(first)
  })

  it('whoever reads finds every call that was committed before: those under way as intents, those that ended as entries', async () => {
    const ledger = ledgerOf(newId())
    const calls = Array.from({ length: 300 }, () => intent())
    await Promise.all(calls.map((call) => ledger.intend(call)))
    await Promise.all(calls.slice(0, 100).map((call) => ledger.settle(settlement(call))))
    await ledger.caughtUp()
    const ids = calls.map(({ id }) => id)
    const first = await stored(ids)
    expect(first.intents.map(({ id }) => id).sort()).toEqual(ids.slice(100).sort())
    expect(first.entries.map(({ id }) => id).sort()).toEqual(ids.slice(0, 100).sort())
    await Promise.all(calls.slice(100).map((call) => ledger.settle(settlement(call))))
    await ledger.close()
    const second = await stored(ids)
    expect([second.intents.length, second.entries.length, second.journal]).toEqual([0, 300, 0])
  })

  it('a second settlement of a call changes nothing, at the same moment or later, before it is unpacked or after', async () => {
    const ledger = ledgerOf(newId())
    const budgetId = await budget()
    const call = intent({ budgetIds: [budgetId] })
    await ledger.intend(call)
    const cost = { nano: 400n, currency: 'USD', source: 'price_book', rowIds: [] } as const
    await Promise.all([ledger.settle(settlement(call, { cost })), ledger.settle(settlement(call, { cost: { ...cost, nano: 500n } }))])
    await ledger.settle(settlement(call, { cost: { ...cost, nano: 600n } }))
    await ledger.caughtUp()
    await ledger.settle(settlement(call, { cost: { ...cost, nano: 700n } }))
    await ledger.close()
    const { entries } = await stored([call.id])
    expect(entries).toMatchObject([{ costNano: 400n }])
    const { spentNano, heldNano } = (await test.database.inWorkspace(workspaceId, (tx) => readBudget(tx, budgetId)))!
    expect({ spentNano, heldNano }).toEqual({ spentNano: 400n, heldNano: 0n })
  })

  it('nor does one of a call that is half unpacked: its intent is in its table, its entry is not yet', async () => {
    const ledger = ledgerOf(newId())
    const budgetId = await budget()
    const call = intent({ budgetIds: [budgetId] })
    await ledger.intend(call)
    await ledger.caughtUp()
    const cost = { nano: 400n, currency: 'USD', source: 'price_book', rowIds: [] } as const
    await ledger.settle(settlement(call, { cost }))
    await ledger.settle(settlement(call, { cost: { ...cost, nano: 500n } }))
    await ledger.close()
    expect(await stored([call.id])).toMatchObject({ intents: [], entries: [{ costNano: 400n }], journal: 0 })
    expect(await test.database.inWorkspace(workspaceId, (tx) => readBudget(tx, budgetId))).toMatchObject({ spentNano: 400n, heldNano: 0n })
  })

  it.each(['is unpacked', 'is not yet unpacked'])(
    'a commit whose word was lost on its way counts once, when what it wrote %s',
    async (when) => {
      let isLost = false
      const database: TestDatabase['database'] = {
        ...test.database,
        asSystem: async (reason, work) => {
          const result = await test.database.asSystem(reason, work)
          if (!isLost || !reason.startsWith('group commit')) return result
          isLost = false
          if (when === 'is unpacked') await unpackLeft({ database: test.database, clock: systemClock, instance })
          throw new Error('Connection terminated unexpectedly')
        },
      }
      const instance = newId()
      const ledger = createLedger({ database, clock: systemClock, instance })
      const budgetId = await budget()
      const calls = Array.from({ length: 3 }, () => intent({ budgetIds: [budgetId] }))
      isLost = true
      const admissions = await Promise.all(calls.map((call) => ledger.intend(call)))
      expect(admissions.map(({ kind }) => kind)).toEqual(['admitted', 'admitted', 'admitted'])
      const used = () => test.database.inWorkspace(workspaceId, (tx) => readBudget(tx, budgetId))
      expect(await used()).toMatchObject({ spentNano: 0n, heldNano: 3_000n })
      isLost = true
      const cost = { nano: 400n, currency: 'USD', source: 'price_book', rowIds: [] } as const
      await Promise.all(calls.map((call) => ledger.settle(settlement(call, { cost }))))
      expect(await used()).toMatchObject({ spentNano: 1_200n, heldNano: 0n })
      await ledger.close()
      const { intents, entries, journal } = await stored(calls.map(({ id }) => id))
      expect([intents.length, entries.length, journal]).toEqual([0, 3, 0])
    },
  )

  it('after a crash its calls are where they belong: ended ones paid once, open ones swept, and budgets equal their sums', async () => {
    const instance = newId()
    const ledger = ledgerOf(instance)
    const budgetId = await budget()
    const calls = Array.from({ length: 40 }, () => intent({ budgetIds: [budgetId] }))
    await Promise.all(calls.map((call) => ledger.intend(call)))
    const cost = { nano: 400n, currency: 'USD', source: 'price_book', rowIds: [] } as const
    await Promise.all(calls.slice(0, 30).map((call) => ledger.settle(settlement(call, { cost }))))
    // The process is gone: nothing was unpacked by it. The next one with its data folder:
    await unpackLeft({ database: test.database, clock: systemClock, instance })
    await sweepInterrupted({ database: test.database, clock: systemClock, instance })
    const { intents, entries } = await stored(calls.map(({ id }) => id))
    expect(intents).toEqual([])
    expect(entries.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(30)
    expect(entries.filter(({ outcome }) => outcome === 'interrupted')).toHaveLength(10)
    const { spentNano, heldNano } = (await test.database.inWorkspace(workspaceId, (tx) => readBudget(tx, budgetId)))!
    expect({ spentNano, heldNano }).toEqual({ spentNano: 30n * 400n + 10n * 1_000n, heldNano: 0n })
    expect((await test.database.inWorkspace(workspaceId, (tx) => readTotals(tx))).find(({ id }) => id === budgetId)).toMatchObject({
      spentNano,
      heldNano,
    })
  })

  it('what another instance writes is its own, until it is so old that nobody can be there', async () => {
    const ledger = ledgerOf(newId())
    const call = intent()
    await ledger.intend(call)
    const clock = testClock()
    const here = { database: test.database, instance: newId() }
    await unpackLeft({ ...here, clock: systemClock })
    expect((await stored([call.id])).intents).toEqual([])
    await clock.advance(Date.now() + 16 * 60_000 - clock.nowMs())
    await unpackLeft({ ...here, clock })
    expect((await stored([call.id])).intents).toHaveLength(1)
    await ledger.settle(settlement(call, { intendedAt: new Date(Date.now() - 16 * 60_000) })) // it wakes up, and finds its intent in the table
    await ledger.close()
    expect(await stored([call.id])).toMatchObject({ intents: [], entries: [{ id: call.id }], journal: 0 })
  })

  it('nobody but the system reads it', async () => {
    await expect(test.database.inWorkspace(workspaceId, (tx) => tx.select().from(callJournal))).rejects.toThrow(/permission denied/)
  })
})

it('who reads waits for what was committed before, and not for what comes meanwhile', async () => {
  let unpacked = 0
  const database = {
    // With each row that goes, two come: for long, but not for ever, so that this test ends also where it fails.
    asSystem: () => {
      unpacked += 1
      if (unpacked < 500) for (const rows of [CALL, CALL]) journal.committed(rows)
      return Promise.resolve(1)
    },
  } as unknown as TestDatabase['database']
  const journal = createJournal({ database, clock: testClock(), instance: newId() })
  for (let row = 0; row < 5; row += 1) journal.committed(CALL)
  await journal.caughtUp()
  expect(unpacked).toBe(5)
})

it('who asks all the time makes a busy server no busier: what came in the last moments stays where it is for that reader alone', async () => {
  let unpacked = 0
  const clock = testClock()
  const database = {
    asSystem: () => {
      unpacked += 1
      return Promise.resolve(1)
    },
  } as unknown as TestDatabase['database']
  const journal = createJournal({ database, clock, instance: newId() })
  const calls = 60 // in a quarter of a second
  for (let call = 0; call < calls; call += 1) journal.committed(CALL)
  await clock.advance(250)
  await journal.caughtUp({ unlessBusy: true })
  expect(unpacked).toBe(0)
  await journal.caughtUp()
  expect(unpacked).toBe(calls)
  // Nothing came for seconds: what came before them waits for nobody.
  journal.committed(CALL)
  await clock.advance(5_000)
  await journal.caughtUp({ unlessBusy: true })
  expect(unpacked).toBe(calls + 1)
})

it('what was put off for a quiet moment stops as soon as calls come again, and is done in pieces that nobody waits long for', async () => {
  let unpacked = 0
  const asked: number[] = []
  const clock = testClock()
  const database = {
    asSystem: (_: string, work: (tx: unknown) => Promise<number>) => {
      unpacked += 1
      if (unpacked === 3) for (let call = 0; call < 60; call += 1) journal.committed(CALL)
      const step = {
        from: () => step,
        where: () => step,
        orderBy: () => step,
        limit: (rows: number) => (asked.push(rows), step),
        for: () => [],
      }
      return work({ select: () => step }).then(() => asked.at(-1)!)
    },
  } as unknown as TestDatabase['database']
  const journal = createJournal({ database, clock, instance: newId() })
  const hundred = { intents: [], entries: Array.from({ length: 100 }, () => CALL.entries[0]!) }
  for (let row = 0; row < 10; row += 1) journal.committed(hundred)
  await clock.advance(2_250) // nothing came for two seconds
  expect(asked).toEqual([2, 2, 2]) // and then sixty at once: the rest stays
  await journal.caughtUp()
  expect(asked.slice(3)).toEqual(Array.from({ length: 64 }, () => 1))
})

const CALL = { intents: [], entries: [{} as typeof ledgerEntries.$inferInsert] }
