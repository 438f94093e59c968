import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killServer } from './support/kill-server.ts'

describeOnEachEngine('a server that is killed (kill -9) while it imports, runs, decides and undoes', (engine, seed) => {
  it('loses nothing, pays for nothing twice, and goes on where it was', async () => {
    const kills = { import: 1, run: 2, decide: 1, undo: 1, redo: 1 }
    const summary = await killServer({ engine, seed, products: 400, kills })
    expect(summary.problems).toEqual([])
    expect(summary.kills).toBe(8)
  }, 180_000)
})
