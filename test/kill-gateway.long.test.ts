import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { seeded } from './support/kill-wire.ts'
import { killGateway } from './support/load/kill.ts'
import { onEngine } from './support/load/on-engine.ts'

describeOnEachEngine('a gateway that is killed (kill -9) a dozen times under load', (engine, seed) => {
  it('has exactly one entry for every request that its upstream received', async () => {
    process.stdout.write(`killing a gateway on ${engine} with seed ${seed}\n`)
    const { problems, ...summary } = await onEngine(engine, (on) => killGateway(on, { kills: 12, withinMs: 3_000, random: seeded(seed) }))
    process.stdout.write(`on ${engine}: ${JSON.stringify(summary)}\n`)
    expect(problems).toEqual([])
    expect(summary.cut).toBeGreaterThan(0)
    expect(summary.interrupted).toBeGreaterThan(0)
  }, 900_000)
})
