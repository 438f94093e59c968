import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { seeded } from '../support/kill-wire.ts'
import { askAsTenants } from '../support/gateway-tenants.ts'

it('ISO-4: 10,000 calls of two workspaces, a third of them left in the middle: no foreign word', async () => {
  const seed = Number(process.env['LATCHKEY_SEED'] ?? randomInt(2 ** 31))
  const { foreign, ...numbers } = await askAsTenants({ calls: 10_000, concurrent: 64, random: seeded(seed) })
  process.stdout.write(`ISO-4, seed ${seed}: ${JSON.stringify(numbers)}\n`)
  expect(foreign, `seed ${seed}`).toEqual([])
  expect(numbers.left).toBeGreaterThan(1_000)
})
