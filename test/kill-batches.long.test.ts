import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { type BatchKill, killBatches } from './support/kill-batches.ts'
import { seeded } from './support/kill-wire.ts'

const MINUTES = 60_000

/** At whatever it asks the provider for next, or soon after; it gets a little further each time. */
function manyKills(seed: number): BatchKill[] {
  const random = seeded(seed)
  return Array.from({ length: 25 }, () => ({ nth: 1 + Math.floor(random() * 2), afterMs: random() * 400 }))
}

describeOnEachEngine('kill -9 at up to 25 moments of batches', (engine, seed) => {
  it(
    'no request is paid for twice or without its entry, no product lost or written twice',
    async () => {
      const summary = await killBatches({ engine, seed, products: 5_000, perCall: 2, kills: manyKills(seed) })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBeGreaterThan(5)
    },
    40 * MINUTES,
  )
})
