import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { fuzzGateway } from '../support/gateway-fuzz.ts'

it('FUZ-1: 100,000 requests of all kinds: no 5xx of ours, no hang, every call in the books once', async () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31))
  const { faults, ...numbers } = await fuzzGateway({ count: 100_000, seed })
  process.stdout.write(`gateway fuzz, seed ${seed}: ${JSON.stringify(numbers)}\n`)
  expect(faults, `seed ${seed}`).toEqual([])
  expect(numbers.sent).toBeGreaterThanOrEqual(100_000)
  expect(numbers.upstream).toBeGreaterThan(10_000)
})
