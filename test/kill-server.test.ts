import { expect, it } from 'vitest'
import { describeOnEachEngine } from './support/engines.ts'
import { killServer } from './support/kill-server.ts'

describeOnEachEngine('a server that is killed (kill -9) while it imports, runs, decides and undoes', (engine, seed) => {
  it('loses nothing, pays for nothing twice, and goes on where it was', async () => {
    const kills = { import: 2, run: 2, decide: 2, undo: 2, redo: 1 }
    const summary = await killServer({ engine, seed, products: 400, kills })
    expect(summary.problems).toEqual([])
    expect(summary.kills).toBe(11)
  }, 180_000)
})
