import { expect, it } from 'vitest'
import { newId } from '../src/runtime/ids.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { seeded } from './support/kill-wire.ts'
import { auditLedgers } from './support/load/audit.ts'
import { killGateway } from './support/load/kill.ts'
import { onEngine } from './support/load/on-engine.ts'
import { soakGateway } from './support/load/soak.ts'

describeOnEachEngine('a gateway that is killed (kill -9) twice under load', (engine, seed) => {
  it('has exactly one entry for every request that its upstream received', async () => {
    process.stdout.write(`killing a gateway on ${engine} with seed ${seed}\n`)
    const { problems, ...summary } = await onEngine(engine, (on) => killGateway(on, { kills: 2, withinMs: 500, random: seeded(seed) }))
    process.stdout.write(`on ${engine}: ${JSON.stringify(summary)}\n`)
    expect(problems).toEqual([])
    expect(summary.cut).toBeGreaterThan(0)
    expect(summary.answered).toBeGreaterThan(0)
    expect(summary.received).toBeGreaterThanOrEqual(summary.answered)
  }, 180_000)
})

it('a gateway under a mixed load for a moment answers everything, and leaves no call open', async () => {
  const nobodys = newId()
  const { summary, otherwise } = await onEngine('pglite', async (on) => ({
    summary: await soakGateway(on, { seconds: 3, perSecond: 100, sampleEveryMs: 100 }),
    otherwise: await auditLedgers([on], [nobodys]),
  }))
  expect(summary.problems).toEqual([])
  expect(summary.answered).toBeGreaterThan(300)
  expect(summary.readersThatLeft).toBeGreaterThan(0)
  expect(otherwise.problems).toEqual([`1 requests without intent or entry: ${nobodys}`]) // the audit would tell
}, 120_000)
