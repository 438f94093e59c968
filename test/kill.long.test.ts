import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import type { KillMoment } from './support/kill-moments.ts'
import { killRun, sometimesFailing } from './support/kill-run.ts'

const HOUR = 3_600_000
const times = (count: number, moment: KillMoment): KillMoment[] => Array.from({ length: count }, () => moment)

/** First while it opens, imports and plans, last while it writes the file; in between mostly while calls are out. */
const MOMENTS = [
  ...times(2, 'start'),
  ...times(5, 'import'),
  ...times(5, 'planning'),
  ...times(3, 'start'),
  ...Array.from({ length: 5 }, () => [...times(5, 'run'), ...times(1, 'start')]).flat(),
  ...times(5, 'end'),
]

describeOnEachEngine('kill -9 at fifty random moments of 2,000 items', (engine, seed) => {
  const shared = { engine, seed, products: 2_000, moments: MOMENTS }

  it(
    'one product a call: nothing is lost, paid for twice or written twice',
    async () => {
      const summary = await killRun({ ...shared, perCall: 1, concurrency: 16 })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(50)
      expect([...new Set(summary.exitCodes)]).toEqual([0])
    },
    HOUR,
  )

  it(
    'five a call, a provider that fails now and then, a cap that is reached: the same',
    async () => {
      const summary = await killRun({ ...shared, perCall: 5, concurrency: 8, caps: ['0.05', '5.00'], script: sometimesFailing })
      expect(summary.problems).toEqual([])
      expect(summary.kills).toBe(50)
      expect(summary.exitCodes).toContain(3)
    },
    HOUR,
  )
})
