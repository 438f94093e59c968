import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { settled } from '../../test/support/ledger-call.ts'
import { type LedgerWorld, ledgerWorld } from '../../test/support/ledger-world.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { openIntentsOf } from './open-intents.ts'
import { sweepInterrupted } from './sweep.ts'

describeOnEachDatabase('calls of a batch', (open) => {
  let test: TestDatabase
  let world: LedgerWorld
  let ledger: Ledger
  const instance = newId()
  beforeAll(async () => {
    test = await open()
    world = await ledgerWorld(test)
    ledger = createLedger({ database: test.database, clock: systemClock, instance })
  })

  it('are no crash’s when a process starts anew, and are settled by whoever follows the batch', async () => {
    const budgetId = await world.addBudget()
    const batchId = newId()
    const calls = [world.intent({ batchId }), world.intent({ batchId }), world.intent()]
    await Promise.all(calls.map((call) => ledger.intend(call)))
    expect(await sweepInterrupted({ database: test.database, clock: systemClock, instance })).toBe(1)
    const later = createLedger({ database: test.database, clock: systemClock, instance: newId() })
    const left = await test.database.inWorkspace(world.workspaceId, (tx) => openIntentsOf(tx, batchId))
    expect(left.map(({ intent }) => intent.id)).toEqual(
      calls
        .slice(0, 2)
        .map(({ id }) => id)
        .toSorted(),
    )
    // twice, as when it is collected twice
    for (const one of [...left, ...left]) await later.settle(settled(one.intent, one))
    expect(await world.used(budgetId)).toEqual({ spent: '0.0000018', held: '0' }) // two for 400, and the crash's for the 1,000 it may have cost
    expect(await test.database.inWorkspace(world.workspaceId, (tx) => openIntentsOf(tx, batchId))).toEqual([])
    await world.expectCounted()
  })

  it('do not count for a rate limit per minute, and do for a budget', async () => {
    const other = await ledgerWorld(test)
    await other.addRateLimit({ counts: 'requests', perMinute: 1, burst: 1 })
    await other.addBudget({ limit: '0.0000025' })
    const batchId = newId()
    const kinds: string[] = []
    for (let number = 1; number <= 3; number += 1) kinds.push((await ledger.intend(other.intent({ batchId }))).kind)
    expect(kinds).toEqual(['admitted', 'admitted', 'no_room'])
  })
})
