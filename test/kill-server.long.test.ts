import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killServer } from './support/kill-server.ts'

describeOnEachEngine('a server that is killed (kill -9) some forty times on its way through 2,000 products', (engine, seed) => {
  it('loses nothing, pays for nothing twice, and goes on where it was', async () => {
    const kills = { import: 8, run: 12, decide: 8, undo: 8, redo: 4 }
    const summary = await killServer({ engine, seed, products: 2_000, kills })
    expect(summary.problems).toEqual([])
    expect(summary.kills).toBe(42)
    expect(summary.unanswered).toBeGreaterThan(0)
  }, 1_800_000)
})
