import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { parse } from 'csv-parse/sync'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { newSecret } from './support/sweep.ts'

const FIELDS = ['--fields', 'title,description,attributes']
const PRODUCTS = 6

/** List prices in nano-dollars per token, from the price book's sources; the compatible servers' own prices are given with --price. */
const PROVIDERS = [
  { id: 'openai', model: 'gpt-4.1-mini', base: '/v1', input: 400n, output: 1_600n, keyHeader: 'authorization' },
  { id: 'anthropic', model: 'claude-haiku-4-5', base: '/v1', input: 1_000n, output: 5_000n, keyHeader: 'x-api-key' },
  { id: 'mistral', model: 'mistral-small-2603', base: '/v1', input: 150n, output: 600n, keyHeader: 'authorization' },
  { id: 'openai-compatible', model: 'local-one', base: '/v1', input: 30n, output: 70n, keyHeader: 'authorization', price: '0.03/0.07' },
  { id: 'anthropic-compatible', model: 'local-two', base: '/v1/', input: 40n, output: 90n, keyHeader: 'x-api-key', price: '0.04/0.09' },
] as const

describe('latchkey enrich on each provider, at a mock of it', () => {
  let installation: Installation
  let mock: MockProvider
  let file: string
  let out: string
  const wire: { url: string; headers: IncomingHttpHeaders }[] = [] // the mock's own journal blanks the headers that carry keys
  const keys = PROVIDERS.map(({ id }) => newSecret({ prefix: `key-${id.slice(0, 6)}-`, odd: true }))
  beforeAll(async () => {
    installation = await makeInstallation()
    mock = await startMockProvider({
      usage: { input: 500, output: 200 },
      onRequest: ({ url, headers }) => void wire.push({ url: url ?? '', headers }),
    })
    file = writeCatalogue(installation.home.file('products.csv'), madeProducts(PRODUCTS))
    out = installation.home.file('out.csv')
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })
  const received = (): ReturnType<MockProvider['requests']> => {
    const requests = mock.requests()
    mock.mock.clearRequests()
    return requests
  }
  const inFile = (provider: string, model: string): string[] => [
    file,
    '--out',
    out,
    '--provider',
    provider,
    '--model',
    model,
    '--key-env',
    'MY_KEY',
    ...FIELDS,
  ]
  const asOpenai = (...more: string[]): string[] => [
    file,
    '--out',
    out,
    '--provider',
    'openai',
    '--model',
    'gpt-4.1-mini',
    ...atAddress(mock.url),
    ...more,
  ]

  it.each(PROVIDERS.map((provider, index) => ({ ...provider, key: keys[index]! })))(
    '$id: the cost is usage x list price, worked by hand; the key is in its header and nowhere else',
    async ({ id, model, base, input, output, keyHeader, key, ...own }) => {
      const { code, report, stderr } = await installation.enrich(
        [...inFile(id, model), ...atAddress(mock.url, base), ...('price' in own ? ['--price', own.price] : [])],
        { MY_KEY: key },
      )
      expect(report, stderr).toMatchObject({ products: PRODUCTS, succeeded: PRODUCTS, failed: 0, calls: PRODUCTS, costUnknownCalls: 0 })
      expect(report.usage).toEqual({ input_tokens: 500 * PRODUCTS, output_tokens: 200 * PRODUCTS })
      expect(report.cost).toEqual({ currency: 'USD', amount: formatNano(BigInt(PRODUCTS) * (500n * input + 200n * output)) })
      expect(code).toBe(0)
      expect(received().map(({ body }) => JSON.stringify(body).includes(key))).toEqual(Array.from({ length: PRODUCTS }, () => false))
      const sent = wire.splice(0)
      expect(sent).toHaveLength(PRODUCTS)
      for (const { url, headers } of sent) {
        const { [keyHeader]: carrier, ...others } = headers
        expect(carrier).toBe(keyHeader === 'authorization' ? `Bearer ${key}` : key)
        expect(JSON.stringify([url, others])).not.toContain(key.slice(0, 12))
      }
    },
  )

  it('openrouter: what it declares to have charged is the cost', async () => {
    const charging = await startMockProvider({
      script: ({ user }) => ({ content: JSON.stringify(answerOf(user)), usage: { cost: 0.000_123 } }),
    })
    const key = newSecret()
    keys.push(key)
    const { code, report } = await installation.enrich(
      [...inFile('openrouter', 'openai/gpt-4.1-mini'), ...atAddress(charging.url, '/api/v1')],
      { MY_KEY: key },
    )
    await charging.stop()
    expect(report).toMatchObject({ succeeded: PRODUCTS, cost: { currency: 'USD', amount: '0.000738' }, costUnknownCalls: 0 })
    expect(code).toBe(0)
  })

  it('a model of unknown price costs an unknown amount, which is counted and never zero', async () => {
    const { code, report } = await installation.enrich(asOpenai('--limit', '2', ...FIELDS).with(6, 'gpt-of-tomorrow'))
    expect(report).toMatchObject({
      succeeded: 2,
      calls: 2,
      costUnknownCalls: 2,
      cost: { currency: 'USD', amount: null },
      quoted: { low: null, high: null },
    })
    expect(code).toBe(0)
    received()
  })

  it('run again unchanged pays nothing, and writes the same file', async () => {
    await installation.enrich(asOpenai(...FIELDS))
    const bytes = readFileSync(out)
    received()
    const { code, report } = await installation.enrich(asOpenai(...FIELDS))
    expect(report).toMatchObject({ calls: 0, succeeded: PRODUCTS, cost: { amount: '0' }, resumed: false, usage: {} })
    expect(code).toBe(0)
    expect(readFileSync(out).equals(bytes)).toBe(true)
    expect(received()).toEqual([])
  })

  it('one changed row is one call; a changed column that the model is not shown is none, and is in the file', async () => {
    const changed = madeProducts(PRODUCTS, (_, index) => (index === 2 ? { colour: 'orange' } : { price: `${index}.55` }))
    writeCatalogue(file, changed)
    const { report } = await installation.enrich(asOpenai(...FIELDS))
    expect(report).toMatchObject({ calls: 1, succeeded: PRODUCTS })
    expect(received().map(({ body }) => JSON.stringify(body).includes('orange'))).toEqual([true])
    const rows: Record<string, string>[] = parse(readFileSync(out), { columns: true })
    expect(rows.map(({ price }) => price)).toEqual(changed.map(({ price }) => price))
  })

  it('another model or another recipe is every product again; another number of products per call is none', async () => {
    const otherModel = await installation.enrich(asOpenai(...FIELDS).with(6, 'gpt-4o-mini'))
    const otherLocale = await installation.enrich(asOpenai(...FIELDS, '--locale', 'fr'))
    const perCall = await installation.enrich(asOpenai(...FIELDS, '--locale', 'fr', '--per-call', '3'))
    expect(otherModel.report.calls).toBe(PRODUCTS)
    expect(otherLocale.report.calls).toBe(PRODUCTS)
    expect(perCall.report.calls).toBe(0)
    expect(received().filter(({ body }) => JSON.stringify(body).includes('French (fr)'))).toHaveLength(PRODUCTS)
  })

  it('values were accepted by the command, and each knows the call that made it', async () => {
    const rows = await installation.rows(sql`
      select state, decision, provenance->>'kind' as kind, count(*)::integer as count, count(ledger_entries.id)::integer as known
      from value_changes left join ledger_entries on ledger_entries.id::text = provenance->>'callId' group by 1, 2, 3`)
    expect(rows).toEqual([
      {
        state: 'accepted',
        decision: 'accepted by command',
        kind: 'generated',
        count: expect.any(Number) as number,
        known: rows[0]!['count'],
      },
    ])
    const left = await installation.rows(sql`select (select count(*) from call_intents)::integer as intents,
      (select sum(held_nano) from budget_windows)::text as held`)
    expect(left).toEqual([{ intents: 0, held: '0' }])
  })

  it('leaves the keys in no file, no row and no output (KEY-1)', async () => {
    await expect(installation.expectNoSecret(keys)).resolves.toBeUndefined()
  })
})

function answerOf(record: string): object {
  const brand = /^brand: *(.+)$/im.exec(record)![1]!
  return {
    title: `${brand} article`,
    description: `${brand} offers this article, which serves well at home and at work.`,
    attributes: [{ name: 'Brand', value: brand }],
  }
}
