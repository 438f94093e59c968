import { eq } from 'drizzle-orm'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { settled } from '../../test/support/ledger-call.ts'
import { type LedgerWorld, ledgerWorld } from '../../test/support/ledger-world.ts'
import { ledgerEntries, workspaces } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import type { BudgetNotice } from './budget-holds.ts'
import type { Admission, CallIntent } from './intent.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { changeSetBudget, listBudgets, setBudgetRemoved, windowsOf } from './set-budgets.ts'
import { sweepInterrupted } from './sweep.ts'

describeOnEachDatabase('budgets that people set', (open) => {
  let test: TestDatabase
  let world: LedgerWorld
  let ledger: Ledger
  let nowMs: number
  let told: BudgetNotice[]
  const clock = { now: () => new Date(nowMs), sleep: () => Promise.reject(new Error('nobody sleeps here')) }

  beforeAll(async () => {
    test = await open()
  })
  beforeEach(async () => {
    world = await ledgerWorld(test)
    nowMs = Date.parse('2026-11-20T10:00:00Z')
    told = []
    const tell = (_: unknown, notices: readonly BudgetNotice[]): Promise<void> => Promise.resolve(void told.push(...notices))
    ledger = createLedger({ database: test.database, clock, instance: newId(), tell })
  })

  const kindOf = async (intent: CallIntent): Promise<Admission['kind']> => (await ledger.intend(intent)).kind
  const inTimeZone = (timeZone: string) =>
    test.database.asSystem('a time zone for a test', (tx) =>
      tx.update(workspaces).set({ timeZone }).where(eq(workspaces.id, world.workspaceId)),
    )
  /** A call that costs what it may cost at most. */
  const spend = async (nano: bigint, more: Partial<CallIntent> = {}): Promise<CallIntent> => {
    const intent = world.intent({ worstCaseNano: nano, ...more })
    expect(await ledger.intend(intent)).toMatchObject({ kind: 'admitted' })
    await ledger.settle(settled(intent, { cost: { nano, currency: 'USD', source: 'price_book', rowIds: [] } }))
    return intent
  }

  it('one of the workspace refuses what could go beyond it, and says which it is, what is used and held, and when it begins anew', async () => {
    const id = await world.addBudget({ name: 'November', limit: '0.000005', period: 'month' }, clock.now())
    await spend(3_000n)
    const alive = world.intent()
    expect(await kindOf(alive)).toBe('admitted')
    expect(await ledger.intend(world.intent({ worstCaseNano: 1_001n }))).toEqual({
      kind: 'no_room',
      refusal: {
        budgetId: id,
        name: 'November',
        scope: null,
        currency: 'USD',
        limitNano: 5_000n,
        spentNano: 3_000n,
        heldNano: 1_000n,
        askedNano: 1_001n,
        resetsAt: new Date('2026-12-01T00:00:00Z'),
      },
    })
    expect(await kindOf(world.intent())).toBe('admitted')
    await world.expectCounted()
  })

  it('covers the calls that fit all of its lists, and no other', async () => {
    const other = await world.connect()
    const [context, connection] = [{ contexts: ['chat', 'vision'] }, { connectionIds: [world.connectionId] }]
    const ids = {
      all: await world.addBudget({}),
      context: await world.addBudget({ covers: context }),
      connection: await world.addBudget({ covers: connection }),
      both: await world.addBudget({ covers: { ...context, ...connection } }),
      member: await world.addBudget({ covers: { memberIds: [world.who.userId] } }),
    }
    const covering = async (more: Partial<CallIntent>): Promise<string[]> => {
      const before = await listBudgets(test.database, { workspaceId: world.workspaceId, now: clock.now() })
      await spend(1n, more)
      const after = await listBudgets(test.database, { workspaceId: world.workspaceId, now: clock.now() })
      const changed = after.items.filter(({ window }, index) => window.spent.amount !== before.items[index]!.window.spent.amount)
      return changed.map((budget) => Object.entries(ids).find(([, id]) => id === budget.id)![0])
    }
    expect(await covering({})).toEqual(['all', 'context', 'connection', 'both', 'member'])
    expect(await covering({ context: 'images' })).toEqual(['all', 'connection', 'member'])
    expect(await covering({ connectionId: other })).toEqual(['all', 'context', 'member'])
    expect(await covering({ member: newId(), context: 'vision' })).toEqual(['all', 'context', 'connection', 'both'])
    expect(await covering({ member: undefined, connectionId: other, context: 'images' })).toEqual(['all'])
  })

  it('refuses a call of unknown price by name, unless its owner priced it; then that is what it takes', async () => {
    const strict = await world.addBudget({ name: 'Strict' })
    const unknown = { worstCaseNano: undefined, tokensAtMost: 2_000 }
    expect(await ledger.intend(world.intent(unknown))).toEqual({ kind: 'unpriced', budgetId: strict, name: 'Strict', currency: 'USD' })
    await remove(strict)
    const perCall = await world.addBudget({ ownerPrice: { per: 'call', amount: '0.01' } })
    const perToken = await world.addBudget({ currency: 'EUR', ownerPrice: { per: 'million_tokens', amount: '5' } })
    const call = world.intent(unknown)
    expect(await kindOf(call)).toBe('admitted')
    expect(await world.used(perCall)).toEqual({ spent: '0', held: '0.01' })
    expect(await world.used(perToken)).toEqual({ spent: '0', held: '0.01' })
    await ledger.settle(settled(call, { cost: undefined, usage: { input_tokens: 900, output_tokens: 100 } }))
    expect(await world.used(perCall)).toEqual({ spent: '0.01', held: '0' })
    expect(await world.used(perToken)).toEqual({ spent: '0.005', held: '0' })
    expect(await kindOf(world.intent({ worstCaseNano: undefined }))).toBe('unpriced') // nobody knows its tokens
    await world.expectCounted()
  })

  it('what its owner priced costs what the provider declares, where it does; and nothing when it was not sent', async () => {
    const id = await world.addBudget({ ownerPrice: { per: 'call', amount: '0.01' } })
    const declared = world.intent({ worstCaseNano: undefined })
    const unsent = world.intent({ worstCaseNano: undefined })
    await Promise.all([declared, unsent].map((intent) => ledger.intend(intent)))
    await ledger.settle(settled(declared, { cost: { nano: 2_000_000n, currency: 'USD', source: 'declared', rowIds: [] } }))
    await ledger.settle(settled(unsent, { outcome: 'not_sent', cost: undefined, usage: undefined }))
    expect(await world.used(id)).toEqual({ spent: '0.002', held: '0' })
    await world.expectCounted()
  })

  it('nothing is converted: a call priced in another currency is of unknown price, unless it is free', async () => {
    await world.addBudget({ currency: 'EUR', limit: '1' })
    expect(await kindOf(world.intent())).toBe('unpriced')
    expect(await kindOf(world.intent({ worstCaseNano: 0n }))).toBe('admitted')
  })

  it.each([
    // The clocks go forward in Paris: the day has 23 hours. They go back in Havana, where midnight comes twice.
    ['day', 'Europe/Paris', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z'],
    ['day', 'Europe/Paris', '2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z'],
    ['day', 'America/Havana', '2026-11-01T03:59:59Z', '2026-11-01T04:00:00Z'],
    ['day', 'America/Havana', '2026-11-02T04:59:59Z', '2026-11-02T05:00:00Z'],
    ['week', 'Europe/Paris', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z'], // Monday, after the clocks went back
    ['month', 'Australia/Lord_Howe', '2026-10-31T12:59:59Z', '2026-10-31T13:00:00Z'],
    ['month', 'America/St_Johns', '2026-12-01T03:29:59Z', '2026-12-01T03:30:00Z'],
  ] as const)('a %s in %s ends after %s, and what was spent before does not count from %s on', async (period, zone, last, first) => {
    await inTimeZone(zone)
    nowMs = Date.parse(last)
    const id = await world.addBudget({ limit: '0.000001', period }, clock.now())
    const late = world.intent()
    expect(await kindOf(late)).toBe('admitted')
    expect(await ledger.intend(world.intent())).toMatchObject({ kind: 'no_room', refusal: { resetsAt: new Date(first) } })
    nowMs = Date.parse(first)
    expect(await kindOf(world.intent())).toBe('admitted')
    await ledger.settle(settled(late)) // it was intended in the period before, and is charged to that
    expect(await kindOf(world.intent({ worstCaseNano: 1n }))).toBe('no_room')
    const windows = await windowsOf(test.database, { workspaceId: world.workspaceId, budgetId: id, now: clock.now() })
    expect(windows.map(({ spent, held }) => [spent.amount, held.amount])).toEqual([
      ['0', '0.000001'],
      ['0.0000004', '0'],
    ])
    await world.expectCounted()
  })

  it('the second of two midnights begins no day of its own', async () => {
    await inTimeZone('America/Havana')
    nowMs = Date.parse('2026-11-01T04:30:00Z') // half past midnight, for the first time
    await world.addBudget({ limit: '0.000001', period: 'day' }, clock.now())
    expect(await kindOf(world.intent())).toBe('admitted')
    nowMs = Date.parse('2026-11-01T05:30:00Z') // and again
    expect(await kindOf(world.intent({ worstCaseNano: 1n }))).toBe('no_room')
  })

  it('another time zone, another limit and another name leave what was spent', async () => {
    const id = await world.addBudget({ limit: '0.000002', period: 'month' }, clock.now())
    await spend(1_000n)
    await inTimeZone('Asia/Kathmandu')
    const { workspaceId, who } = world
    const change = { name: 'Renamed', limit: '0.0000015' }
    await test.database.inWorkspace(workspaceId, (tx) => changeSetBudget(tx, { who, budgetId: id, change, now: clock.now() }))
    expect(await ledger.intend(world.intent())).toMatchObject({
      kind: 'no_room',
      refusal: { name: 'Renamed', limitNano: 1_500n, spentNano: 1_000n, resetsAt: new Date('2026-11-30T18:15:00Z') },
    })
    expect(await world.used(id, clock.now())).toEqual({ spent: '0.000001', held: '0' })
  })

  it('one that is removed stops nothing, and put back it has what it had used', async () => {
    const id = await world.addBudget({ limit: '0.000001' })
    await spend(1_000n)
    expect(await kindOf(world.intent())).toBe('no_room')
    await remove(id)
    await spend(5_000n)
    await remove(id, null)
    expect(await kindOf(world.intent())).toBe('no_room')
    expect(await world.used(id)).toEqual({ spent: '0.000001', held: '0' })
  })

  it('a crash charges the window in which a call was intended, although its period is over', async () => {
    const id = await world.addBudget({ period: 'day', ownerPrice: { per: 'call', amount: '0.000003' } }, clock.now())
    const instance = newId()
    const crashed = createLedger({ database: test.database, clock, instance })
    await crashed.intend(world.intent())
    await crashed.intend(world.intent({ worstCaseNano: undefined }))
    nowMs += 86_400_000
    await sweepInterrupted({ database: test.database, clock, instance })
    await spend(1n)
    const windows = await windowsOf(test.database, { workspaceId: world.workspaceId, budgetId: id, now: clock.now() })
    expect(windows.map(({ spent, held }) => [spent.amount, held.amount])).toEqual([
      ['0.000000001', '0'],
      ['0.000004', '0'],
    ])
    const entries = await test.database.inWorkspace(world.workspaceId, (tx) =>
      tx.select({ outcome: ledgerEntries.outcome }).from(ledgerEntries).where(eq(ledgerEntries.instance, instance)),
    )
    expect(entries).toEqual([{ outcome: 'interrupted' }, { outcome: 'interrupted' }])
    await world.expectCounted()
  })

  it('tells of 50, 80 and 100 % once a period, of a full one also when it only refuses, and again under a new limit', async () => {
    const id = await world.addBudget({ name: 'Day', limit: '0.00001', period: 'day' }, clock.now())
    const percents = (): number[] => told.splice(0).map(({ percent }) => percent)
    await spend(4_999n)
    expect(percents()).toEqual([])
    await spend(1n)
    expect(told).toEqual([{ workspaceId: world.workspaceId, budgetId: id, name: 'Day', percent: 50 }])
    expect(percents()).toEqual([50])
    await spend(4_500n)
    expect(percents()).toEqual([80])
    expect(await kindOf(world.intent())).toBe('no_room')
    expect(await kindOf(world.intent())).toBe('no_room')
    expect(percents()).toEqual([100])
    await test.database.inWorkspace(world.workspaceId, (tx) =>
      changeSetBudget(tx, { who: world.who, budgetId: id, change: { limit: '0.0000125' }, now: clock.now() }),
    )
    await spend(500n)
    expect(percents()).toEqual([80])
    nowMs += 86_400_000
    await spend(12_500n)
    expect(percents()).toEqual([100])
  })

  async function remove(budgetId: string, removedAt: Date | null = new Date()): Promise<void> {
    await test.database.inWorkspace(world.workspaceId, (tx) => setBudgetRemoved(tx, { who: world.who, budgetId, removedAt }))
  }
})
