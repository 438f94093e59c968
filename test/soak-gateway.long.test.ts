import { expect, it } from 'vitest'
import { onEngine } from './support/load/on-engine.ts'
import { soakGateway } from './support/load/soak.ts'

/** Resident memory swings this much by itself: as much as one half of V8's young generation (as-started.ts). */
const NOISE_MB = 64

it('a gateway under load for ten minutes grows no memory, leaves no call open and answers everything', async () => {
  const summary = await onEngine('pglite', (on) => soakGateway(on, { seconds: 600, perSecond: 300, sampleEveryMs: 500 }))
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  expect(summary.problems).toEqual([])
  expect(summary.answered).toBeGreaterThan(180_000)
  const [first, ...later] = summary.residentMb
  if (first !== undefined) expect(Math.max(...later)).toBeLessThan(first + NOISE_MB) // no /proc, no figure
}, 900_000)
