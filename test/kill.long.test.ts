import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { type KillMoment, killRun, sometimesFailing } from './support/kill-run.ts'

const HOUR = 3_600_000

/** While it opens, imports and plans first; in the end while it writes the file; in between mostly while calls are out. */
function moments(kills: number): KillMoment[] {
  const early = Math.floor(kills / 6)
  const late = Math.floor(kills / 10)
  return Array.from({ length: kills }, (_, index) => {
    if (index < early) return 'start'
    if (index >= kills - late) return 'end'
    return index % 8 === 0 ? 'start' : 'run'
  })
}

describeOnEachEngine('kill -9 at fifty random moments of 2,000 items', (engine, seed) => {
  const shared = { engine, seed, products: 2_000, moments: moments(50) }

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
