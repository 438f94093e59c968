import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PRICED_PROVIDERS, type PriceBook } from '../src/prices/book.ts'
import { assembleBook, disagreements, futureDated, jumps, serialiseBook } from '../tools/price-book/assemble.ts'
import { byHandSchema } from '../tools/price-book/by-hand.ts'
import { multiply, toDecimal } from '../tools/price-book/decimal.ts'
import { gather, readTables, type Tables } from '../tools/price-book/gather.ts'
import { readGenai } from '../tools/price-book/genai-prices.ts'
import { readLitellm } from '../tools/price-book/litellm.ts'
import { describeShared, sharedPath } from './support/shared.ts'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const handOf = (provider: string) => byHandSchema.parse(JSON.parse(read(`tools/price-book/by-hand/${provider}.json`)))
const nothing = { trust: [], observations: [], aliases: [], facts: [] }

describeShared('the price books and the tables they come from', () => {
  it.each(PRICED_PROVIDERS)('src/prices/%s.json is what tools/price-book/build.ts makes of them', (provider) => {
    const book = assembleBook(provider, handOf(provider), gather(provider, readTables(sharedPath('fixtures/prices/'))))
    expect(serialiseBook(book)).toBe(read(`src/prices/${provider}.json`))
  })

  it('leaves out what a table announces for a later day: Sonnet 5 at 3 / 15 from 2026-09-01', () => {
    const { announced } = gather('anthropic', readTables(sharedPath('fixtures/prices/')))
    expect(announced).toContainEqual(
      expect.objectContaining({ model: 'claude-sonnet-5', unit: 'output_tokens', price: '15', validFrom: '2026-09-01' }),
    )
  })

  it('sees where tables contradict each other: the fast price of GPT-5.5, 12.5 or 10', () => {
    const { observations } = gather('openai', readTables(sharedPath('fixtures/prices/')))
    expect(disagreements(observations, 0.01).join('\n')).toMatch(/gpt-5\.5 \(priority\) input_tokens: langfuse 12\.5, litellm 10/)
  })
})

/** Tables of our own that say what a test wants them to say of Cerebras. */
const tablesOf = (litellm: object, modelsDev: object, genai: readonly object[] = []): Tables => ({
  litellm: Object.fromEntries(
    Object.entries(litellm).map(([id, entry]) => [`cerebras/${id}`, { litellm_provider: 'cerebras', mode: 'chat', ...(entry as object) }]),
  ),
  modelsDev: { cerebras: modelsDev },
  genai: [{ id: 'cerebras', models: genai }],
  langfuse: [],
  mistral: [],
})

describe('weighing the tables of a provider', () => {
  const perToken = (input: number, output: number, more: object = {}) => ({
    input_cost_per_token: input / 1e6,
    output_cost_per_token: output / 1e6,
    ...more,
  })
  const inputs = (tables: Tables) =>
    gather('cerebras', tables).observations.map(({ model, unit, price, source }) => `${model} ${unit} ${price} ${source}`)

  it('takes the more trusted price where two differ a little, and still sees both', () => {
    const tables = tablesOf({ m: perToken(1, 2) }, { m: { cost: { input: 1.1, output: 2 } } })
    expect(inputs(tables)).toEqual([
      'm input_tokens 1 litellm',
      'm output_tokens 2 litellm',
      'm input_tokens 1.1 models.dev',
      'm output_tokens 2 models.dev',
    ])
  })

  it('leaves a model unknown where two tables are more than 20 % apart, and lets two outvote one', () => {
    const apart = tablesOf({ m: perToken(1, 6) }, { m: { cost: { input: 1, output: 0.6 } } })
    expect(gather('cerebras', apart)).toMatchObject({ observations: [], contested: { length: 4 } })
    const genai = [{ id: 'm', match: { equals: 'm' }, prices: { input_mtok: 9, output_mtok: 9 } }]
    const outvoted = tablesOf({ m: perToken(1, 2) }, { m: { cost: { input: 1, output: 2 } } }, genai)
    expect(inputs(outvoted).some((line) => line.includes('genai-prices'))).toBe(false)
    expect(inputs(outvoted)).toContain('m input_tokens 1 litellm')
  })

  it('never puts one table’s cache price on another’s input price', () => {
    const tables = tablesOf({ m: perToken(1, 4) }, { m: { cost: { input: 0.9, output: 4, cache_read: 0.09 } } })
    expect(inputs(tables).some((line) => line.includes('cache_read_tokens'))).toBe(false)
  })

  it('reads a zero as unknown, and drops a model of which only the output is priced', () => {
    const tables = tablesOf({ trial: perToken(0, 0), half: perToken(0, 3) }, { 'm-latest': { cost: { input: 1, output: 1 } } })
    expect(inputs(tables)).toEqual([])
  })

  it('takes a name of genai-prices only where it is exact or another table has it: its patterns catch neighbours', () => {
    const genai = [
      { id: 'pattern', match: { starts_with: 'pattern' }, prices: { input_mtok: 1 } },
      { id: 'exact', match: { equals: 'exact' }, prices: { input_mtok: 1 } },
    ]
    expect(inputs(tablesOf({}, {}, genai))).toEqual(['exact input_tokens 1 genai-prices'])
  })
})

describe('building a price book', () => {
  const hand = {
    ...handOf('practice'),
    free: undefined,
    sources: { list: { title: 'a list', licence: 'none', checkedAt: '2026-11-01' } },
    models: [],
  }
  const entry = { models: ['m'], prices: { input_tokens: '1', output_tokens: '4' }, source: 'list' }
  const build = (more: object): PriceBook =>
    assembleBook('made-up', byHandSchema.parse({ ...JSON.parse(JSON.stringify(hand)), ...more }), nothing)

  it('reads binary floats as the decimals their authors wrote', () => {
    expect(toDecimal(2.5e-7, 6)).toBe('0.25')
    expect(toDecimal(3.1249999999999997e-6, 6)).toBe('3.125')
    expect(toDecimal(0.00003, 6)).toBe('30')
    expect(toDecimal(5, -3)).toBe('0.005')
    expect(toDecimal(0, 6)).toBe('0')
    expect(multiply('0.15', '0.1')).toBe('0.015')
  })

  it('reads every condition out of a LiteLLM field name', () => {
    const found = readLitellm(
      'm',
      { cache_read_input_token_cost_above_272k_tokens_flex: 5e-7, output_cost_per_token_batches: 3e-6, max_tokens: 5 },
      'litellm',
    )
    expect(found).toEqual([
      { model: 'm', source: 'litellm', unit: 'cache_read_tokens', price: '0.5', fromInputTokens: 272_001, serviceTier: 'flex' },
      { model: 'm', source: 'litellm', unit: 'output_tokens', price: '3', batch: true },
    ])
  })

  it('reads bands of a tiered table, each from above where the one before ends', () => {
    const steps = [
      { input_cost_per_token: 1.2e-6, range: [0, 32_000] },
      { input_cost_per_token: 2.4e-6, range: [32_000, 128_000] },
    ]
    expect(readLitellm('m', { tiered_pricing: steps }, 'litellm')).toEqual([
      { model: 'm', source: 'litellm', unit: 'input_tokens', price: '1.2' },
      { model: 'm', source: 'litellm', unit: 'input_tokens', price: '2.4', fromInputTokens: 32_001 },
    ])
  })

  it('sorts a table with history into what was, what is and what is only announced', () => {
    const prices = [
      { prices: { input_mtok: 3 } },
      { constraint: { start_date: '2026-03-13' }, prices: { input_mtok: 2 } },
      { constraint: { start_date: '2026-09-01' }, prices: { input_mtok: 4 } },
    ]
    const { past, current, announced } = readGenai({ model: 'm', entry: { prices }, source: 'genai-prices', snapshotDay: '2026-08-21' })
    expect(past).toMatchObject([{ price: '3', validTo: '2026-03-13' }])
    expect(current).toMatchObject([{ price: '2', validFrom: '2026-03-13' }])
    expect(announced).toMatchObject([{ price: '4', validFrom: '2026-09-01' }])
  })

  it('reports entries by hand that begin after their source was read', () => {
    expect(futureDated(build({ prices: [{ ...entry, validFrom: '2026-11-01' }] }))).toEqual([])
    expect(futureDated(build({ prices: [{ ...entry, validFrom: '2026-11-02' }] }))).toEqual([
      'm from 2026-11-02, checked 2026-11-01 (list)',
    ])
  })

  it('reports a price that moved by more than 20 %, and not one that moved by 20 %', () => {
    const before = build({ prices: [entry] })
    const moved = (output: string) =>
      jumps({
        before,
        after: build({ prices: [{ ...entry, prices: { input_tokens: '1', output_tokens: output } }] }),
        day: '2026-11-20',
        share: 0.2,
      })
    expect(moved('5')).toEqual([])
    expect(moved('5.01')).toEqual([expect.stringMatching(/output_tokens: 4 -> 5\.01$/)])
    expect(moved('3.19')).toHaveLength(1)
  })

  it('derives what a provider publishes as a multiple, and keeps what it states', () => {
    const derive = [{ models: ['*'], to: { batch: true }, by: '0.5', source: 'list' }]
    const stated = { ...entry, batch: true, prices: { output_tokens: '3' } }
    const batch = build({ prices: [entry, stated], derive }).prices.filter((line) => line.batch)
    expect(batch).toMatchObject([{ prices: { input_tokens: '0.5', output_tokens: '3' } }])
  })
})
