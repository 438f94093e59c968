import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseNano } from '../src/base/money.ts'
import { madeProducts, writeCatalogue } from './support/catalogue.ts'
import { atAddress, type Enriched, type Installation, makeInstallation } from './support/installation.ts'
import { goodAnswer, type MockProvider, type Reply, startMockProvider } from './support/mock-provider.ts'

const FIELDS = ['--fields', 'title,description,attributes']
const isSecond = (text: string): boolean => text.includes('An earlier answer was not accepted')

/** All fields but the description pass. */
const broken = (user: string): Reply => ({
  content: JSON.stringify({ ...(JSON.parse(goodAnswer([], user)) as object), description: 7 }),
})

describe('a second question about what was not right', () => {
  let installation: Installation
  let mock: MockProvider
  let first: (user: string) => Reply = broken
  let second: () => Reply | undefined = () => undefined
  beforeAll(async () => {
    installation = await makeInstallation({ on: 'postgres' })
    mock = await startMockProvider({ latencyMs: 20, script: ({ user }) => (isSecond(user) ? second() : first(user)) })
  })
  afterAll(async () => {
    await mock?.stop()
    await installation?.remove()
  })
  const enrich = (name: string, products: number, ...more: string[]): Promise<Enriched> => {
    const file = writeCatalogue(installation.home.file(`${name}.csv`), madeProducts(products))
    const args = [file, '--out', `${file}.out`, '--provider', 'openai', '--model', 'gpt-4.1-mini', ...FIELDS, ...atAddress(mock.url)]
    return installation.enrich([...args, ...more])
  }
  /** How many first and second questions the provider was asked since it was last looked at. */
  const asked = (): [number, number] => {
    const seconds = mock.requests().filter(({ body }) => isSecond(JSON.stringify(body))).length
    const firsts = mock.requests().length - seconds
    mock.mock.clearRequests()
    return [firsts, seconds]
  }
  /** The accepted values of the file's products by attribute, and whether the call that each names is one that answered. */
  const written = async (name: string): Promise<Record<string, unknown>[]> =>
    installation.rows(sql`
      select attribute, count(*)::integer as count, bool_and(ledger_entries.outcome = 'succeeded') as answered
      from value_changes join products on products.id = product_id join sources on sources.id = products.source_id
      left join ledger_entries on ledger_entries.id::text = provenance->>'callId'
      where value_changes.state = 'accepted' and sources.location like ${`%${name}.csv`} group by 1 order by 1`)

  it('waits for room in the budget; the first is not asked again, and nobody says "cap reached"', async () => {
    const { report, code } = await enrich('narrow', 24, '--cap', '0.03', '--concurrency', '16')
    expect(asked()).toEqual([24, 24])
    expect(report).toMatchObject({ succeeded: 24, failed: 0, calls: 48, paused: null })
    expect(code).toBe(0)
  })

  it('that never finds room takes nothing of the first answer back: what passed is written, the product waits', async () => {
    const none = await enrich('capped', 3, '--cap', '0.00001')
    const [, , worstCase] = [...none.report.paused!.detail.matchAll(/\$(\d+(?:\.\d+)?)/g)].map(([, amount]) => amount!)
    const { report, code } = await enrich('capped', 3, '--cap', worstCase!)
    expect(asked()).toEqual([1, 0])
    expect(code).toBe(3)
    expect(report).toMatchObject({ succeeded: 0, failed: 0, waiting: 3, paused: { code: 'budget.exceeded' } })
    expect(parseNano(report.cost.amount!)).toBe(520_000n)
    expect(await written('capped')).toEqual([
      { attribute: 'attributes', count: 1, answered: true },
      { attribute: 'title', count: 1, answered: true },
    ])
    const resumed = await enrich('capped', 3, '--cap', '1')
    expect(resumed.report).toMatchObject({ succeeded: 3, waiting: 0, resumed: true })
    asked()
  })

  it.each([
    ['that is answered with an error', { status: 400, message: 'Bad request' }, { failed: 2, waiting: 0 }],
    ['whose key is refused', { status: 401, message: 'Incorrect API key', code: 'invalid_api_key' }, { failed: 0, waiting: 2 }],
  ])('%s takes nothing of the first answer back: what passed is written', async (name, reply, ends) => {
    second = () => reply
    const file = `second ${reply.status}`
    const { report } = await enrich(file, 2, '--concurrency', '1')
    second = () => undefined
    expect(report, name).toMatchObject({ succeeded: 0, ...ends })
    expect((await written(file)).map(({ attribute }) => attribute)).toEqual(['attributes', 'title'])
    asked()
  })

  const limits = (): number[] => {
    const bodies = mock.requests().map(({ body }) => body as { max_tokens?: number })
    mock.mock.clearRequests()
    return bodies.map((body) => body.max_tokens!)
  }

  it('about an answer that was cut short may be longer, and the failure says that it was cut short', async () => {
    const cut = (): Reply => ({ content: '{"title":"Arven arti', finishReason: 'length' })
    first = cut
    const { report } = await enrich('cut', 1)
    expect(report).toMatchObject({ succeeded: 1, calls: 2 })
    const [usual, wider] = limits()
    expect(wider).toBe(4 * usual!)
    second = cut
    const { report: again } = await enrich('cut again', 1)
    const reason = `the answer was cut short by the output limit of ${wider} tokens`
    expect(again.failures).toMatchObject([{ code: 'output.invalid', reason }])
    limits()

    // What the second question may cost is reserved: a cap that holds one of the usual length does not hold it.
    const none = await enrich('cut, capped', 1, '--cap', '0.00001')
    const [, , worstCase] = [...none.report.paused!.detail.matchAll(/\$(\d+(?:\.\d+)?)/g)].map(([, amount]) => amount!)
    const capped = await enrich('cut, capped', 1, '--cap', String(2 * Number(worstCase)))
    expect(capped.report).toMatchObject({ waiting: 1, calls: 1, paused: { code: 'budget.exceeded' } })
    ;[first, second] = [broken, () => undefined]
    limits()
  })

  it('is not needed for a model of unknown name that was seen to think: the next first question leaves room for it', async () => {
    first = (user) => ({ content: goodAnswer([], user), usage: { completion_tokens_details: { reasoning_tokens: 150 } } })
    const file = writeCatalogue(installation.home.file('thinking.csv'), madeProducts(2))
    const args = [file, '--out', `${file}.out`, '--provider', 'openrouter', '--model', 'acme/of-tomorrow', '--concurrency', '1']
    await installation.enrich([...args, ...FIELDS, ...atAddress(mock.url, '/api/v1')])
    first = broken
    const [before, after] = limits()
    expect(after).toBe(before! + 4 * 150)
  })
})
