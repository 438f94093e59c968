import { writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openDatabase } from '../../../src/db/open.ts'
import { createLedger } from '../../../src/ledger/ledger.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { newId } from '../../../src/runtime/ids.ts'
import { settled } from '../ledger-call.ts'

/**
 * Calls of 1,000 nano-dollars each, twenty at a time, until it is killed; "admitted" is printed once the first is. It waits a
 * little in each call, so that a kill finds some that are under way.
 */
const [databaseUrl, workspaceId, connectionId, instance] = process.argv.slice(2) as [string, string, string, string]
const database = await openDatabase({ dataDir: tmpdir(), databaseUrl, log: { debug: () => undefined, warn: () => undefined } })
const ledger = createLedger({ database, clock: systemClock, instance })
const common = {
  workspaceId,
  connectionId,
  actor: 'command',
  origin: 'test',
  context: 'chat',
  attempt: 1,
  requestedModel: 'm',
  budgetIds: [],
}
let isSaid = false
await Promise.all(
  Array.from({ length: 20 }, async (_, index) => {
    for (;;) {
      const intent = { ...common, id: newId(), worstCaseNano: 1_000n, currency: 'USD' }
      const { kind } = await ledger.intend(intent)
      if (kind !== 'admitted') throw new Error(`the test's budget is too small: ${kind}`)
      if (!isSaid) writeSync(1, 'admitted\n')
      isSaid = true
      await systemClock.sleep(10 + index)
      await ledger.settle(settled(intent, { cost: { nano: 700n, currency: 'USD', source: 'price_book', rowIds: [] } }))
    }
  }),
)
