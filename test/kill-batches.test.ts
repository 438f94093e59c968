import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { type BatchKill, killBatches } from './support/kill-batches.ts'

const MINUTES = 60_000

/** Each engine has others, to keep this short; test/kill-batches.long.test.ts has many on both. */
const KILLS: Readonly<Record<'pglite' | 'postgres', readonly BatchKill[]>> = {
  pglite: [{ step: 'create' }, { step: 'results', afterMs: 60 }],
  postgres: [{ step: 'upload' }, { step: 'look', afterMs: 100 }, { step: 'results', afterMs: 150 }],
}

describeOnEachEngine('kill -9 while a batch is submitted, followed and collected', (engine, seed) => {
  it(
    'no request is paid for twice or without its entry, no product lost or written twice',
    async () => {
      const summary = await killBatches({ engine, seed, products: 100, perCall: 2, kills: KILLS[engine] })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(KILLS[engine].length)
    },
    5 * MINUTES,
  )
})
