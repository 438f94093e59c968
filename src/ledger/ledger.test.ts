import { eq, sql } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { callIntents, connections, ledgerEntries } from '../db/schema/index.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { addBudget, readBudget, readTotals } from './budgets.ts'
import type { CallIntent } from './intent.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { receiptOf } from './receipt.ts'
import { resultWrite, type Settlement } from './settlement.ts'
import { sweepInterrupted } from './sweep.ts'

describeOnEachDatabase('ledger', (open) => {
  let test: TestDatabase
  let workspaceId: string
  let connectionId: string
  let ledger: Ledger
  const instance = newId()

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
    connectionId = newId()
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({
        id: connectionId,
        workspaceId,
        provider: 'openai',
        label: 'OpenAI',
        slug: 'openai',
        destination: { baseUrl: 'https://api.openai.com/v1' },
      }),
    )
    ledger = createLedger({ database: test.database, clock: systemClock, instance })
  })

  const intent = (more: Partial<CallIntent> = {}): CallIntent => ({
    id: newId(),
    workspaceId,
    connectionId,
    actor: 'command',
    origin: 'test',
    context: 'enrichment',
    attempt: 1,
    requestedModel: 'gpt-4o-mini',
    worstCaseNano: 1_000n,
    currency: 'USD',
    budgetIds: [],
    ...more,
  })

  const settlement = (of: CallIntent, more: Partial<Settlement> = {}): Settlement => ({
    intent: of,
    intendedAt: new Date(),
    keyVersion: 0,
    outcome: 'succeeded',
    usage: { input_tokens: 100, output_tokens: 10 },
    usageSource: 'reported',
    cost: { nano: 400n, currency: 'USD', source: 'price_book', rowIds: ['row-1'] },
    endedAt: new Date(),
    ...more,
  })

  const budget = async (limitNano: bigint | null): Promise<string> => {
    const id = newId()
    await test.database.inWorkspace(workspaceId, (tx) =>
      addBudget(tx, { id, workspaceId, scope: `run:${newId()}`, currency: 'USD', limitNano }),
    )
    return id
  }

  const budgetState = async (id: string) => (await test.database.inWorkspace(workspaceId, (tx) => readBudget(tx, id)))!

  it('an admitted call leaves an intent, and settling replaces it by one entry', async () => {
    const call = intent()
    const admission = await ledger.intend(call)
    expect(admission).toMatchObject({ kind: 'admitted', connection: { id: connectionId, slug: 'openai' } })
    const read = () =>
      test.database.asSystem('test', async (tx) => ({
        intents: await tx.select().from(callIntents).where(eq(callIntents.id, call.id)),
        entries: await tx.select().from(ledgerEntries).where(eq(ledgerEntries.id, call.id)),
      }))
    expect(await read()).toMatchObject({ intents: [{ worstCaseNano: 1_000n, instance }], entries: [] })
    await ledger.settle(settlement(call))
    expect(await read()).toMatchObject({
      intents: [],
      entries: [{ costNano: 400n, chargedNano: 400n, outcome: 'succeeded', usage: { input_tokens: 100 } }],
    })
  })

  it('a provider that says what the database cannot hold is recorded all the same', async () => {
    const call = intent()
    await ledger.intend(call)
    await ledger.settle(settlement(call, { servedModel: 'model\0', rawUsage: { 'no\0te': 'nul \0 half \ud800' } }))
    const [entry] = await test.database.asSystem('test', (tx) => tx.select().from(ledgerEntries).where(eq(ledgerEntries.id, call.id)))
    expect(entry).toMatchObject({ costNano: 400n, servedModel: 'model\uFFFD', rawUsage: { 'no\uFFFDte': 'nul \uFFFD half \uFFFD' } })
  })

  it("settling twice counts once, and writes the caller's results once", async () => {
    const budgetId = await budget(null)
    const call = intent({ budgetIds: [budgetId] })
    await ledger.intend(call)
    const written: string[] = []
    const writer = async (_tx: unknown, rows: readonly string[]): Promise<void> => void written.push(...rows)
    await ledger.settle(settlement(call, { writes: [resultWrite(writer, ['result'])] }))
    await ledger.settle(settlement(call, { writes: [resultWrite(writer, ['result'])] }))
    expect(written).toEqual(['result'])
    expect(await budgetState(budgetId)).toMatchObject({ spentNano: 400n, heldNano: 0n })
  })

  it('results and entry are committed together or not at all', async () => {
    const call = intent()
    await ledger.intend(call)
    const writer = async (tx: { execute(query: unknown): Promise<unknown> }): Promise<void> => {
      await tx.execute(sql`insert into nowhere values (1)`)
    }
    const other = intent()
    await ledger.intend(other)
    const failing = ledger.settle(settlement(call, { writes: [resultWrite(writer as never, ['row'])] }))
    const fine = ledger.settle(settlement(other))
    await expect(failing).rejects.toThrow(/nowhere/)
    await fine
    const entries = await test.database.asSystem('test', (tx) => tx.select({ id: ledgerEntries.id }).from(ledgerEntries))
    expect(entries.map(({ id }) => id)).toContain(other.id)
    expect(entries.map(({ id }) => id)).not.toContain(call.id)
    await ledger.settle(settlement(call, { outcome: 'failed' }))
  })

  it('200 calls asked at once against a cap that holds 50: exactly 50 are admitted', async () => {
    const budgetId = await budget(50_000n)
    const calls = Array.from({ length: 200 }, () => intent({ budgetIds: [budgetId] }))
    const admissions = await Promise.all(calls.map((call) => ledger.intend(call)))
    const admitted = calls.filter((_, index) => admissions[index]!.kind === 'admitted')
    expect(admitted).toHaveLength(50)
    expect(admissions.filter(({ kind }) => kind === 'no_room')).toHaveLength(150)
    expect(admissions.find(({ kind }) => kind === 'no_room')).toMatchObject({
      refusal: { limitNano: 50_000n, askedNano: 1_000n },
    })
    await Promise.all(
      admitted.map((call) =>
        ledger.settle(settlement(call, { cost: { nano: 1_000n, currency: 'USD', source: 'price_book', rowIds: [] } })),
      ),
    )
    expect(await budgetState(budgetId)).toMatchObject({ spentNano: 50_000n, heldNano: 0n })
    expect(await ledger.intend(intent({ budgetIds: [budgetId] }))).toMatchObject({
      kind: 'no_room',
      refusal: { spentNano: 50_000n, heldNano: 0n },
    })
  })

  it('a capped budget refuses a call of unknown price, and one that caps nothing takes it', async () => {
    expect(await ledger.intend(intent({ worstCaseNano: undefined, budgetIds: [await budget(1_000n)] }))).toMatchObject({ kind: 'unpriced' })
    expect(await ledger.intend(intent({ worstCaseNano: undefined, budgetIds: [await budget(null)] }))).toMatchObject({ kind: 'admitted' })
  })

  it('an unknown cost charges the whole reservation, and a call that was not sent charges nothing', async () => {
    const budgetId = await budget(10_000n)
    const unknown = intent({ budgetIds: [budgetId] })
    const notSent = intent({ budgetIds: [budgetId] })
    await Promise.all([ledger.intend(unknown), ledger.intend(notSent)])
    await ledger.settle(settlement(unknown, { outcome: 'failed', cost: undefined, usage: undefined }))
    await ledger.settle(settlement(notSent, { outcome: 'not_sent', cost: undefined, usage: undefined }))
    expect(await budgetState(budgetId)).toMatchObject({ spentNano: 1_000n, heldNano: 0n })
  })

  it('a revoked connection admits nothing from the commit of its revocation on', async () => {
    const id = newId()
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({
        id,
        workspaceId,
        provider: 'openai',
        label: 'x',
        slug: 'gone',
        status: 'revoked',
        destination: { baseUrl: 'https://x.example' },
      }),
    )
    expect(await ledger.intend(intent({ connectionId: id }))).toEqual({ kind: 'revoked', slug: 'gone' })
  })

  it("another workspace's connection does not exist for a call", async () => {
    const foreign = await test.workspaceId()
    expect(await ledger.intend(intent({ workspaceId: foreign }))).toEqual({ kind: 'missing' })
  })

  it('intents that a crash left become entries marked interrupted, and their budgets are charged the worst case', async () => {
    const budgetId = await budget(10_000n)
    const crashed = newId()
    const dead = createLedger({ database: test.database, clock: systemClock, instance: crashed })
    const calls = [intent({ budgetIds: [budgetId] }), intent({ budgetIds: [budgetId] })]
    await Promise.all(calls.map((call) => dead.intend(call)))
    const alive = intent({ budgetIds: [budgetId] })
    await ledger.intend(alive)
    expect(await sweepInterrupted({ database: test.database, clock: systemClock, instance: crashed })).toBe(2)
    expect(await sweepInterrupted({ database: test.database, clock: systemClock, instance: crashed })).toBe(0)
    const entries = await test.database.asSystem('test', (tx) => tx.select().from(ledgerEntries).where(eq(ledgerEntries.instance, crashed)))
    expect(entries.map(({ outcome, costNano, chargedNano }) => ({ outcome, costNano, chargedNano }))).toEqual([
      { outcome: 'interrupted', costNano: null, chargedNano: 1_000n },
      { outcome: 'interrupted', costNano: null, chargedNano: 1_000n },
    ])
    expect(await budgetState(budgetId)).toMatchObject({ spentNano: 2_000n, heldNano: 1_000n })
    await ledger.settle(settlement(alive))
  })

  it('a receipt sums usage and cost of one origin, counts unknown costs, and leaves out what was not sent', async () => {
    const origin = `run:${newId()}`
    const calls = [intent({ origin }), intent({ origin }), intent({ origin }), intent({ origin })]
    await Promise.all(calls.map((call) => ledger.intend(call)))
    await ledger.settle(settlement(calls[0]!))
    await ledger.settle(settlement(calls[1]!, { usage: { input_tokens: 1, cache_read_tokens: 5 } }))
    await ledger.settle(settlement(calls[2]!, { outcome: 'failed', usage: undefined, cost: undefined }))
    await ledger.settle(settlement(calls[3]!, { outcome: 'not_sent', usage: undefined, cost: undefined }))
    const receipt = await test.database.inWorkspace(workspaceId, (tx) => receiptOf(tx, origin))
    expect(receipt).toMatchObject({
      calls: 3,
      usage: { input_tokens: 101, cache_read_tokens: 5, output_tokens: 10 },
      cost: [{ currency: 'USD', nano: 800n }],
      costUnknownCalls: 1,
    })
  })

  it('spent and held always equal what entries and intents say', async () => {
    const rows = await test.database.asSystem('test', async (tx) => {
      const all = await readTotals(tx)
      const entries = await tx.select().from(ledgerEntries)
      const intents = await tx.select().from(callIntents)
      return all.map((row) => ({
        spent: [row.spentNano, sum(entries.filter(({ budgetIds }) => budgetIds.includes(row.id)).map(({ chargedNano }) => chargedNano))],
        held: [
          row.heldNano,
          sum(intents.filter(({ budgetIds }) => budgetIds.includes(row.id)).map(({ worstCaseNano }) => worstCaseNano ?? 0n)),
        ],
      }))
    })
    expect(rows.length).toBeGreaterThan(3)
    for (const { spent, held } of rows) {
      expect(spent[0]).toBe(spent[1])
      expect(held[0]).toBe(held[1])
    }
  })
})

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)
