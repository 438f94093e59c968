import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'

const PRODUCTS = 12

describe('a file that is its own output', () => {
  let installation: Installation
  let mock: MockProvider
  beforeAll(async () => {
    installation = await makeInstallation()
    mock = await startMockProvider({ usage: { input: 500, output: 200 } })
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })

  it('keeps one run and one cap over several commands, and pays nothing once it is done', async () => {
    const file = writeCatalogue(installation.home.file('self.csv'), madeProducts(PRODUCTS))
    const command = (...more: string[]): string[] => [
      file,
      '--out',
      file,
      '--provider',
      'openai',
      '--model',
      'gpt-4.1-mini',
      '--fields',
      'title,description',
      '--concurrency',
      '2',
      ...atAddress(mock.url),
      ...more,
    ]
    const first = await installation.enrich(command('--cap', '0.004'))
    expect(first.code).toBe(3)
    expect(first.report.succeeded).toBeGreaterThan(0)
    expect(first.report.waiting).toBeGreaterThan(0)

    const again = await installation.enrich(command('--cap', '0.004'))
    expect(again.code).toBe(3)
    expect(again.report).toMatchObject({ resumed: true, succeeded: first.report.succeeded, calls: first.report.calls })
    expect(parseNano(again.report.cost.amount!)).toBeLessThanOrEqual(parseNano('0.004'))

    const rest = await installation.enrich(command('--cap', '1'))
    expect(rest.code).toBe(0)
    expect(rest.report).toMatchObject({ resumed: true, succeeded: PRODUCTS, calls: PRODUCTS })
    expect(mock.requests()).toHaveLength(PRODUCTS)

    const done = await installation.enrich(command())
    expect(done.report).toMatchObject({ calls: 0, succeeded: PRODUCTS })
    expect(mock.requests()).toHaveLength(PRODUCTS)
  })
})
