import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Installation, makeInstallation } from './support/installation.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'

const FIELDS = ['--fields', 'title,description,attributes']
const PRODUCTS = 24
const CALL_NANO = 520_000n // 500 tokens at 0.40 and 200 at 1.60 US dollars per million

describe('money', () => {
  let installation: Installation
  let mock: MockProvider
  let most = 0
  let inFlight = 0
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'postgres' })
    mock = await startMockProvider({
      latencyMs: 50,
      usage: { input: 500, output: 200 },
      onRequest: (_, response) => {
        most = Math.max(most, (inFlight += 1))
        response.on('close', () => (inFlight -= 1))
      },
    })
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })
  const command = (name: string, ...more: string[]): string[] => [
    writeCatalogue(installation.home.file(`${name}.csv`), madeProducts(PRODUCTS)),
    '--out',
    installation.home.file(`${name}.out.csv`),
    '--provider',
    'openai',
    '--model',
    'gpt-4.1-mini',
    ...FIELDS,
    ...atAddress(mock.url),
    ...more,
  ]
  const received = (): number => {
    const { length } = mock.requests()
    mock.mock.clearRequests()
    return length
  }

  it('a cap is a cap: the run fills it under concurrency, pauses with 3 and the remedy, and continues with a higher one', async () => {
    const { report, code } = await installation.enrich(command('capped', '--cap', '0.01', '--concurrency', '8'))
    expect(code).toBe(3)
    expect(report).toMatchObject({ failed: 0, flagged: 0, paused: { code: 'budget.exceeded' }, costUnknownCalls: 0 })
    expect(report.succeeded + report.waiting).toBe(PRODUCTS)
    expect(parseNano(report.cost.amount!)).toBe(CALL_NANO * BigInt(report.succeeded))
    expect(parseNano(report.cost.amount!)).toBeLessThanOrEqual(parseNano('0.01'))
    expect(report.paused!.detail).toContain('--cap')
    // It was said only when nothing was in flight, and when the next call alone would not have fitted.
    const [budget] = await installation.rows(
      sql`select limit_nano::text as cap, spent_nano::text as spent, held_nano::text as held from budgets join budget_windows on budget_windows.budget_id = budgets.id`,
    )
    expect(budget).toEqual({ cap: '10000000', spent: String(CALL_NANO * BigInt(report.succeeded)), held: '0' })
    const [cap, spent, next] = [...report.paused!.detail.matchAll(/\$(\d+(?:\.\d+)?)/g)].map(([, amount]) => parseNano(amount!))
    expect([cap, spent]).toEqual([10_000_000n, CALL_NANO * BigInt(report.succeeded)])
    expect(spent! + next!).toBeGreaterThan(cap!)
    expect(next!).toBeGreaterThanOrEqual(CALL_NANO)
    expect(most).toBeGreaterThan(1)
    expect(received()).toBe(report.succeeded)

    const resumed = await installation.enrich(command('capped', '--cap', '1.00'))
    expect(resumed.code).toBe(0)
    expect(resumed.report).toMatchObject({ succeeded: PRODUCTS, waiting: 0, resumed: true, paused: null, calls: PRODUCTS })
    expect(parseNano(resumed.report.cost.amount!)).toBe(CALL_NANO * BigInt(PRODUCTS))
    expect(resumed.report.quoted).toEqual(report.quoted) // the receipt stands beside the run's first quote
    expect(received()).toBe(PRODUCTS - report.succeeded)
  })

  it('a cap too small for one call sends nothing', async () => {
    const { report, code } = await installation.enrich(command('nothing', '--cap', '0.00001'))
    expect([code, report.waiting, report.calls, report.cost.amount]).toEqual([3, PRODUCTS, 0, '0'])
    expect(received()).toBe(0)
  })

  it('a capped run needs a price: an unknown one is refused until it is entered, and zero may be', async () => {
    const unknown = command('unpriced', '--limit', '3').map((word) => (word === 'gpt-4.1-mini' ? 'model-of-tomorrow' : word))
    const refused = await installation.run(['enrich', ...unknown, '--cap', '1', '--yes', '--json'])
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'price.unknown' } })
    expect(JSON.parse(refused.stdout)).toHaveProperty('error.detail', expect.stringContaining('--price'))
    expect(refused.code).toBe(2)
    expect(received()).toBe(0)

    const free = await installation.enrich([...unknown, '--cap', '1', '--price', '0/0'])
    expect(free.code).toBe(0)
    expect(free.report).toMatchObject({ succeeded: 3, cost: { amount: '0' }, costUnknownCalls: 0, quoted: { low: '0', high: '0' } })

    const priced = await installation.enrich([...unknown, '--locale', 'fr', '--cap', '1', '--price', '0.15/2'])
    expect(priced.report.cost.amount).toBe('0.001425') // 3 x (500 x 0.15 + 200 x 2) / 1,000,000
    expect(priced.code).toBe(0)
    received()
  })

  it('an answer without usage costs what nobody knows; the budget is charged the worst case, so that the cap still holds', async () => {
    const silent = await startMockProvider({ script: ({ number }) => (number % 2 ? { fault: 'malformed' } : undefined) })
    const args = command('silent', '--limit', '4', '--cap', '1', '--concurrency', '1').map((word) => word.replace(mock.url, silent.url))
    const { report, code } = await installation.enrich(args)
    await silent.stop()
    expect([code, report.succeeded, report.calls, report.costUnknownCalls]).toEqual([0, 4, 8, 4])
    expect(parseNano(report.cost.amount!)).toBe(4n * CALL_NANO)
    const [budget] = await installation.rows(sql`select spent_nano::text as spent, held_nano::text as held,
      (select sum(charged_nano)::text from ledger_entries where budget_ids ? budget_windows.id::text) as charged from budget_windows order by spent_nano desc limit 1`)
    expect(budget!['spent']).toBe(budget!['charged'])
    expect(BigInt(String(budget!['spent']))).toBeGreaterThan(8n * CALL_NANO)
    expect(budget!['held']).toBe('0')
  })

  it('a canary runs first, and the quote after it is narrower', async () => {
    const args = command('canary', '--canary', '4', '--concurrency', '8')
    const { code, stderr, stdout } = await installation.run(['enrich', ...args, '--yes'])
    const quotes = [...stderr.matchAll(/will cost \$(\d+(?:\.\d+)?)(?: to \$(\d+(?:\.\d+)?))?/g)].map(([, low, high]) => ({
      low: Number(low),
      high: Number(high ?? low),
    }))
    expect(quotes).toHaveLength(2)
    expect(quotes[0]!.low).toBeGreaterThan(0)
    expect(quotes[1]!.high - quotes[1]!.low).toBeLessThan(quotes[0]!.high - quotes[0]!.low)
    expect(stderr).toContain('After 4 products')
    expect(stdout).toMatch(/24: 24 succeeded/)
    expect(stdout).toContain('cost       $0.01248') // 24 x 0.00052
    expect(code).toBe(0)
    const first = mock
      .requests()
      .slice(0, 4)
      .map(({ body }) => /SKU-\d+/.exec(JSON.stringify(body))![0])
    expect(first.toSorted()).toEqual(['SKU-0001', 'SKU-0002', 'SKU-0003', 'SKU-0004'])
    expect(received()).toBe(PRODUCTS)
  })
})
