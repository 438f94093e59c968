import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { seeded } from '../support/kill-wire.ts'
import { askAsTenants } from '../support/gateway-tenants.ts'

it('ISO-4: two workspaces with the same questions never hear each other’s answers, though a third of their programs leave', async () => {
  const seed = Number(process.env['LATCHKEY_SEED'] ?? randomInt(2 ** 31))
  const { foreign, calls, left, seen, served } = await askAsTenants({ calls: 1_500, concurrent: 32, random: seeded(seed) })
  process.stdout.write(`ISO-4, seed ${seed}: ${JSON.stringify({ calls, left, seen, served })}\n`)
  expect(foreign, `seed ${seed}`).toEqual([])
  expect(left).toBeGreaterThan(calls / 10)
  // Equal questions are asked of the provider each time: nothing is answered from what another was told.
  for (const [index, count] of served.entries()) expect(seen[index]).toBeGreaterThanOrEqual(count)
  expect(Math.min(...served)).toBeGreaterThan(calls / 4)
}, 120_000)
