import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killSiblings } from './support/kill-siblings.ts'

const MINUTES = 60_000

describeOnEachEngine('kill -9 at 25 moments while siblings are filled in', (engine, seed) => {
  it(
    'in usual calls: no product is lost or written twice, and each sibling is filled in once',
    async () => {
      const summary = await killSiblings({ engine, seed, kinds: 500, kills: 25 })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(25)
      expect(summary.between).toBeGreaterThan(0)
    },
    40 * MINUTES,
  )

  it(
    'in batches, while results are taken in: the same',
    async () => {
      for (let number = 0; number < 5; number += 1) {
        const summary = await killSiblings({ engine, seed: seed + number, kinds: 500, kills: 2, batch: true })
        expect(summary.problems).toEqual([])
        expect(summary.kills).toBe(2)
      }
    },
    40 * MINUTES,
  )
})
