import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killRun, sometimesFailing } from './support/kill-run.ts'

const MINUTES = 60_000
const MOMENTS = ['import', 'planning', 'run', 'run', 'end'] as const

/** Each engine has another mixture, to keep this short; test/kill.long.test.ts has all of them on both. */
const MIXTURE = {
  pglite: { perCall: 5, concurrency: 8, script: sometimesFailing, exitCodes: [0] },
  postgres: { perCall: 1, concurrency: 16, caps: ['0.15', '5.00'], exitCodes: [3, 0] }, // a cap that is reached, then raised
} as const

describeOnEachEngine('kill -9 at five random moments of 1,000 items', (engine, seed) => {
  it(
    'nothing is lost, paid for twice or written twice',
    async () => {
      const { exitCodes, ...mixture } = MIXTURE[engine]
      const summary = await killRun({ engine, seed, products: 1_000, moments: MOMENTS, ...mixture })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(5)
      expect([...new Set(summary.exitCodes)]).toEqual(exitCodes)
    },
    10 * MINUTES,
  )
})
