import { expect, it } from 'vitest'
import { openEmptyPostgres } from './support/databases.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { seeded } from './support/kill-wire.ts'
import { makeInstallation } from './support/load/installation.ts'
import { killGateway } from './support/load/kill.ts'

describeOnEachEngine('a gateway that is killed (kill -9) under load', (engine, seed) => {
  it('has exactly one entry for every request that its upstream received', async () => {
    process.stdout.write(`killing a gateway on ${engine} with seed ${seed}\n`)
    const postgres = engine === 'postgres' ? await openEmptyPostgres() : undefined
    const installation = await makeInstallation({ databaseUrl: postgres?.url })
    try {
      const summary = await killGateway(installation, { kills: 2, withinMs: 600, random: seeded(seed) })
      process.stdout.write(`on ${engine}: ${JSON.stringify(summary)}\n`)
      expect(summary.problems).toEqual([])
      expect(summary.cut).toBeGreaterThan(0)
      expect(summary.received).toBeGreaterThanOrEqual(summary.answered)
    } finally {
      installation.remove()
      await postgres?.remove()
    }
  }, 180_000)
})
