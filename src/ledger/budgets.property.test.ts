import { fc } from '@fast-check/vitest'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { settled } from '../../test/support/ledger-call.ts'
import { type LedgerWorld, ledgerWorld } from '../../test/support/ledger-world.ts'
import type { CoversInput } from '../contract/budgets.ts'
import { newId } from '../runtime/ids.ts'
import type { CallIntent } from './intent.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { changeSetBudget, setBudgetRemoved } from './set-budgets.ts'
import { sweepInterrupted } from './sweep.ts'

const budget = fc.record({
  limit: fc.constantFrom('0', '0.000001', '0.000005', '0.00002', '1'),
  period: fc.constantFrom('day' as const, 'week' as const, 'month' as const, 'total' as const),
  currency: fc.constantFrom('USD', 'USD', 'EUR'),
  ownerPrice: fc.constantFrom(null, { per: 'call' as const, amount: '0.0000007' }, { per: 'million_tokens' as const, amount: '0.0031' }),
  covers: fc.constantFrom<CoversInput>({}, { contexts: ['chat'] }, { contexts: ['vision', 'images'] }),
})

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('intend' as const), calls: fc.array(callShape(), { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), how: endShape() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), instance: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 20, 200) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('change' as const), which: fc.nat(2), limit: fc.constantFrom('0', '0.000003', '2') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(2), back: fc.boolean() }) },
)

function callShape() {
  return fc.record({
    instance: fc.nat(1),
    context: fc.constantFrom('chat', 'vision'),
    worstCaseNano: fc.constantFrom(undefined, 0n, 700n, 1_000n, 9_000n),
    currency: fc.constantFrom('USD', 'USD', 'EUR'),
    tokensAtMost: fc.constantFrom(undefined, 1_000),
  })
}

function endShape() {
  return fc.record({
    outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'not_sent' as const, 'cancelled' as const),
    usage: fc.constantFrom(undefined, { input_tokens: 313, output_tokens: 7 }),
    cost: fc.constantFrom(undefined, { nano: 650n, currency: 'USD' }, { nano: 20_000n, currency: 'EUR' }),
  })
}

// Two instances, which crash and start again; whatever happens, counters are sums, and no admission goes beyond a limit.
describeOnEachDatabase('counters of budgets', (open) => {
  let test: TestDatabase
  let world: LedgerWorld
  let nowMs = Date.parse('2026-01-30T10:00:00Z')
  const clock = { now: () => new Date(nowMs), sleep: () => Promise.reject(new Error('nobody sleeps here')) }
  beforeAll(async () => {
    test = await open()
  })

  it('equal what entries and intents say after any order of intents, ends, crashes, changes and new periods', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(budget, { minLength: 1, maxLength: 3 }), fc.array(step, { maxLength: 25 }), async (given, steps) => {
        world = await ledgerWorld(test)
        const ids = await Promise.all(given.map((more) => world.addBudget(more, clock.now())))
        const instances = [newId(), newId()]
        const start = (at: number): Ledger => createLedger({ database: test.database, clock, instance: instances[at]! })
        const ledgers = [start(0), start(1)]
        const live: { intent: CallIntent; instance: number }[] = []
        for (const one of steps) {
          if (one.kind === 'wait') nowMs += one.hours * 3_600_000
          if (one.kind === 'intend') {
            await Promise.all(
              one.calls.map(async ({ instance, ...more }) => {
                const intent = world.intent(more)
                if ((await ledgers[instance]!.intend(intent)).kind === 'admitted') live.push({ intent, instance })
              }),
            )
          }
          if (one.kind === 'settle' && live.length > 0) {
            const [ended] = live.splice(one.which % live.length, 1)
            const { outcome, usage, cost } = one.how
            const known = cost && { ...cost, source: 'price_book' as const, rowIds: [] }
            await ledgers[ended!.instance]!.settle(settled(ended!.intent, { outcome, usage, cost: known }))
          }
          if (one.kind === 'crash') {
            ledgers[one.instance] = start(one.instance)
            await sweepInterrupted({ database: test.database, clock, instance: instances[one.instance]! })
            live.splice(0, live.length, ...live.filter(({ instance }) => instance !== one.instance))
          }
          const budgetId = one.kind === 'change' || one.kind === 'remove' ? ids[one.which % ids.length]! : ''
          if (one.kind === 'remove')
            await change((tx) => setBudgetRemoved(tx, { who: world.who, budgetId, removedAt: one.back ? null : clock.now() }))
          if (one.kind === 'change')
            await change((tx) => changeSetBudget(tx, { who: world.who, budgetId, change: { limit: one.limit }, now: clock.now() }))
          await world.expectCounted()
        }
      }),
      { numRuns: 25 },
    )
  }, 60_000)

  /** A budget that was removed cannot be changed or removed again: that is refused, and nothing else. */
  async function change(work: Parameters<TestDatabase['database']['inWorkspace']>[1]): Promise<void> {
    await test.database
      .inWorkspace(world.workspaceId, work)
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'budget.missing' }))
  }
})
