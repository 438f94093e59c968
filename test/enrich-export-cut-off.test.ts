import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'

const PRODUCTS = 6

describe('a command that ends after the last answer and before the file', () => {
  let installation: Installation
  let mock: MockProvider
  let onLastAnswer: () => void = () => undefined
  beforeAll(async () => {
    installation = await makeInstallation()
    mock = await startMockProvider({
      usage: { input: 500, output: 200 },
      script: ({ number }) => {
        if (number === PRODUCTS) onLastAnswer()
        return undefined
      },
    })
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })

  it('is continued by the same command: the file, nothing paid again, and a receipt with every call that was paid for', async () => {
    const file = writeCatalogue(installation.home.file('in.csv'), madeProducts(PRODUCTS))
    const out = join(installation.home.file('folder'), 'out.csv')
    mkdirSync(dirname(out))
    onLastAnswer = () => rmSync(dirname(out), { recursive: true })
    const args = ['enrich', file, '--out', out, '--provider', 'openai', '--model', 'gpt-4.1-mini', '--fields', 'title', '--per-call', '1']
    const command = [...args, '--concurrency', '1', ...atAddress(mock.url), '--json']
    const failed = await installation.run([...command, '--yes'])
    expect(failed.stderr).toContain('folder does not exist')
    expect(failed.code).not.toBe(0)

    mkdirSync(dirname(out))
    const again = await installation.run(command) // nothing is left to approve
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 })
    // gpt-4.1-mini: 0.40 and 1.60 US dollars per million tokens; 500 * 400 + 200 * 1,600 nano-dollars a call
    expect(JSON.parse(again.stdout)).toMatchObject({
      calls: PRODUCTS,
      succeeded: PRODUCTS,
      resumed: true,
      cost: { currency: 'USD', amount: '0.00312' },
    })
    expect(mock.callIds()).toHaveLength(PRODUCTS)
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(PRODUCTS + 2)

    const third = await installation.run([...command, '--yes'])
    expect(JSON.parse(third.stdout)).toMatchObject({ calls: 0, resumed: false, succeeded: PRODUCTS })
  })
})
