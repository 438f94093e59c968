import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { type BatchKill, killBatches } from './support/kill-batches.ts'
import { seeded } from './support/kill-wire.ts'

const MINUTES = 60_000
const STEPS = ['upload', 'create', 'look', 'results'] as const

/** In an order in which each can come: a batch is submitted once, and looked at and collected after that. */
function manyKills(seed: number): BatchKill[] {
  const random = seeded(seed)
  return STEPS.flatMap((step) => Array.from({ length: step === 'create' ? 1 : 8 }, () => ({ step, afterMs: random() * 400 })))
}

describeOnEachEngine('kill -9 at 25 moments of batches', (engine, seed) => {
  it(
    'no request is paid for twice or without its entry, no product lost or written twice',
    async () => {
      const kills = manyKills(seed)
      const summary = await killBatches({ engine, seed, products: 2_000, perCall: 2, kills })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(kills.length)
    },
    40 * MINUTES,
  )
})
