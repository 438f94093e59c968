import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killSiblings } from './support/kill-siblings.ts'

const MINUTES = 60_000

/** Usual calls on one engine and batches on the other, to keep this short; test/kill-siblings.long.test.ts has both on both. */
describeOnEachEngine('kill -9 while siblings are filled in', (engine, seed) => {
  it(
    'no product is lost or written twice, and each sibling is filled in once',
    async () => {
      const mixture = engine === 'postgres' ? { batch: true } : { looksEachTime: false } // a look at PGlite's copy costs seconds
      const summary = await killSiblings({ engine, seed, kinds: 40, kills: 2, ...mixture })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(2)
    },
    5 * MINUTES,
  )
})
