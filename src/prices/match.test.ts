import { describe, expect, it } from 'vitest'
import { indexBook, type PriceBook } from './book.ts'
import { findPrices, findPricesIn, type PriceQuestion } from './match.ts'
import { listModels, modelFacts } from './models.ts'

const at = new Date('2026-11-20T12:00:00Z')

/** The base prices of one question, as plain decimals; undefined: nobody published any. */
function pricesOf(question: Omit<PriceQuestion, 'at'> & { at?: Date }): Record<string, string> | undefined {
  const rows = findPrices({ at, ...question })?.bands[0]?.rows
  return rows && Object.fromEntries(Object.entries(rows).map(([unit, row]) => [unit, row.price]))
}

describe('which prices hold', () => {
  const book: PriceBook = {
    format: 1,
    provider: 'made-up',
    currency: 'USD',
    sources: { list: { title: 'a list', licence: 'none', checkedAt: '2026-11-01' } },
    tiers: { standard: 'standard', default: 'standard', flex: 'flex' },
    billedAs: {},
    sameInRegions: [],
    aliases: [
      { alias: 'plain-latest', model: 'plain', validTo: '2026-11-20', source: 'list' },
      { alias: 'plain-new', model: 'plain', source: 'list' },
    ],
    models: [],
    prices: [
      { model: 'plain', prices: { input_tokens: '1' }, source: 'list' },
      { model: 'plain-2026-05-01', prices: { input_tokens: '2' }, source: 'list' },
      { model: 'plain-*', prices: { input_tokens: '3' }, source: 'list' },
      { model: 'plain-tuned-*', prices: { input_tokens: '4' }, source: 'list' },
      { model: 'cut', prices: { input_tokens: '9' }, validTo: '2026-11-20', source: 'list' },
      { model: 'cut', prices: { input_tokens: '5' }, validFrom: '2026-11-20', source: 'list' },
      { model: 'by-day', prices: { input_tokens: '1' }, source: 'list' },
      { model: 'by-day', prices: { input_tokens: '2' }, hours: 'Mon-Fri 01:00-04:00 06:00-10:00', source: 'list' },
    ],
  }
  const loaded = indexBook(book)
  const input = (model: string, more: Partial<PriceQuestion> = {}): string | undefined =>
    findPricesIn(loaded, { provider: 'made-up', model, at, ...more })?.bands[0]?.rows.input_tokens?.price

  it('an exact id beats a dated snapshot of a model, which beats the narrowest pattern', () => {
    expect(input('plain-2026-05-01')).toBe('2')
    expect(input('plain-2026-06-01')).toBe('1')
    expect(input('plain-20260601')).toBe('1')
    expect(input('plain@20260601')).toBe('1')
    expect(input('plain@default')).toBe('1')
    expect(input('plain@other')).toBeUndefined()
    expect(input('plain-other')).toBe('3')
    expect(input('plain-tuned-mine')).toBe('4')
  })

  it('a name that fits nothing has no price, and a pattern is no name', () => {
    expect(input('plainer')).toBeUndefined()
    expect(input('Plain')).toBeUndefined()
    expect(input('plain-*')).not.toBe('1')
  })

  it('an alias holds until the day it was last known to, and then names nothing', () => {
    expect(input('plain-latest', { at: new Date('2026-11-19T23:59:59Z') })).toBe('1')
    expect(input('plain-latest')).toBeUndefined()
    expect(input('plain-new')).toBe('1')
  })

  it('a price holds from its first day (UTC) on', () => {
    expect(input('cut', { at: new Date('2026-11-19T23:59:59.999Z') })).toBe('9')
    expect(input('cut', { at: new Date('2026-11-20T00:00:00Z') })).toBe('5')
  })

  it('a price of certain hours stands in for the other one within them (UTC), and not at the minute they end', () => {
    const on = (time: string) => input('by-day', { at: new Date(time) })
    expect(on('2026-11-20T00:59:59Z')).toBe('1') // a Friday
    expect(on('2026-11-20T01:00:00Z')).toBe('2')
    expect(on('2026-11-20T03:59:59Z')).toBe('2')
    expect(on('2026-11-20T04:00:00Z')).toBe('1')
    expect(on('2026-11-20T09:59:00Z')).toBe('2')
    expect(on('2026-11-21T09:00:00Z')).toBe('1') // a Saturday
    expect(on('2026-11-22T09:00:00Z')).toBe('1')
    expect(on('2026-11-23T09:00:00Z')).toBe('2')
  })

  it('where people name what they call, a name says nothing until an answer gives the model', () => {
    const named = indexBook({ ...book, namedByPeople: true })
    expect(findPricesIn(named, { provider: 'made-up', model: 'plain', at })).toBeUndefined()
    expect(findPricesIn(named, { provider: 'made-up', model: 'plain', at, isNamed: true })?.bands[0]?.rows.input_tokens?.price).toBe('1')
  })

  it('a service tier without prices, or one nobody has heard of, has none', () => {
    expect(input('plain', { serviceTier: 'default' })).toBe('1')
    expect(input('plain', { serviceTier: 'flex' })).toBeUndefined()
    expect(input('plain', { serviceTier: 'turbo' })).toBeUndefined()
    expect(input('plain', { batch: true })).toBeUndefined()
    expect(input('plain', { region: 'eu' })).toBeUndefined()
    expect(input('plain', { currency: 'EUR' })).toBeUndefined()
  })
})

describe('the books, price by price', () => {
  it.each([
    ['openai', 'gpt-4o-mini', { input_tokens: '0.15', cache_read_tokens: '0.075', output_tokens: '0.6' }],
    ['openai', 'gpt-4o', { input_tokens: '2.5', cache_read_tokens: '1.25', output_tokens: '10' }],
    ['openai', 'gpt-6-astra', { input_tokens: '10', cache_read_tokens: '1', output_tokens: '50' }],
    ['openai', 'gpt-6-luna', { input_tokens: '0.1', cache_read_tokens: '0.01', output_tokens: '0.5', cache_write_tokens: '0.125' }],
    ['openai', 'gpt-6.1-sol', { input_tokens: '2', cache_read_tokens: '0.1', output_tokens: '10' }],
    [
      'openai',
      'gpt-6.1-terra',
      { input_tokens: '1', cache_read_tokens: '0.05', output_tokens: '5', cache_write_tokens: '1.25', cache_write_long_tokens: '2.5' },
    ],
    ['openai', 'gpt-5.6-sol', { input_tokens: '4', cache_read_tokens: '0.4', output_tokens: '20' }],
    ['openai', 'gpt-5.6-terra', { input_tokens: '2', cache_read_tokens: '0.2', output_tokens: '12' }],
    ['openai', 'gpt-5.6-luna', { input_tokens: '0.2', cache_read_tokens: '0.02', output_tokens: '1.2' }],
    ['openai', 'gpt-5.4-mini', { input_tokens: '0.75', cache_read_tokens: '0.075', output_tokens: '4.5' }],
    ['openai', 'gpt-5.4-nano', { input_tokens: '0.2', cache_read_tokens: '0.02', output_tokens: '1.25' }],
    [
      'anthropic',
      'claude-opus-5-5',
      { input_tokens: '4', cache_read_tokens: '0.2', output_tokens: '20', cache_write_tokens: '5', cache_write_long_tokens: '8' },
    ],
    ['anthropic', 'claude-sonnet-5-5', { input_tokens: '2', cache_read_tokens: '0.1', output_tokens: '10' }],
    [
      'anthropic',
      'claude-haiku-5-5',
      { input_tokens: '0.1', cache_read_tokens: '0.01', output_tokens: '0.5', cache_write_tokens: '0.125', cache_write_long_tokens: '0.2' },
    ],
    ['anthropic', 'claude-haiku-4-5-20251001', { input_tokens: '1', cache_read_tokens: '0.1', output_tokens: '5' }],
    ['mistral', 'mistral-small-2603', { input_tokens: '0.15', cache_read_tokens: '0.015', output_tokens: '0.6' }],
    ['mistral', 'mistral-large-2512', { input_tokens: '0.5', cache_read_tokens: '0.05', output_tokens: '1.5' }],
    ['mistral', 'mistral-large-4', { input_tokens: '1.36', output_tokens: '4.18' }],
    ['gemini', 'gemini-3.8-flash', { input_tokens: '0.75', cache_read_tokens: '0.075', output_tokens: '3.75' }],
    ['gemini', 'gemini-3.1-pro-preview', { input_tokens: '2', cache_read_tokens: '0.2', output_tokens: '12' }],
    ['gemini', 'gemini-2.5-flash-lite', { input_tokens: '0.1', cache_read_tokens: '0.01', output_tokens: '0.4' }],
    ['gemini', 'gemini-embedding-2', { input_tokens: '0.2' }],
    ['xai', 'grok-4.7', { input_tokens: '2', cache_read_tokens: '0.5', output_tokens: '6' }],
    ['xai', 'grok-4.3', { input_tokens: '1.25', cache_read_tokens: '0.2', output_tokens: '2.5' }],
    ['deepseek', 'deepseek-v4-flash', { input_tokens: '0.15', cache_read_tokens: '0.003', output_tokens: '0.6' }],
    ['moonshot', 'kimi-k3', { input_tokens: '3', cache_read_tokens: '0.3', output_tokens: '15' }],
    ['moonshot', 'kimi-k2.6', { input_tokens: '0.95', cache_read_tokens: '0.16', output_tokens: '4' }],
    ['zai', 'glm-5.2', { input_tokens: '1.4', cache_read_tokens: '0.26', output_tokens: '4.4' }],
    ['alibaba', 'qwen3.7-max', { input_tokens: '2.5', cache_read_tokens: '0.5', output_tokens: '7.5' }],
    ['minimax', 'MiniMax-M3', { input_tokens: '0.3', cache_read_tokens: '0.06', output_tokens: '1.2' }],
    ['cohere', 'command-a-03-2025', { input_tokens: '2.5', output_tokens: '10' }],
    ['cohere', 'command-r7b-12-2024', { input_tokens: '0.0375', output_tokens: '0.15' }],
    ['perplexity', 'sonar', { input_tokens: '1', output_tokens: '1', requests: '0.005' }],
    ['perplexity', 'sonar-pro', { input_tokens: '3', output_tokens: '15', requests: '0.006' }],
    ['groq', 'openai/gpt-oss-120b', { input_tokens: '0.15', cache_read_tokens: '0.075', output_tokens: '0.6' }],
    ['cerebras', 'gpt-oss-120b', { input_tokens: '0.35', output_tokens: '0.75' }],
    ['voyage', 'voyage-4-large', { input_tokens: '0.12' }],
    ['voyage', 'voyage-4-lite', { input_tokens: '0.02' }],
    ['openai', 'text-embedding-3-large', { input_tokens: '0.13' }],
    ['openai', 'gpt-image-2', { input_tokens: '5', image_input_tokens: '8', image_output_tokens: '30' }],
    ['bedrock', 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0', { input_tokens: '3.3', output_tokens: '16.5' }], // 10 % over global
    ['bedrock', 'global.anthropic.claude-sonnet-4-5-20250929-v1:0', { input_tokens: '3', output_tokens: '15' }],
    ['vertex', 'claude-sonnet-4-5@20250929', { input_tokens: '3', output_tokens: '15' }],
    ['deepl', 'translate', { characters: '0.000025' }],
    ['bfl', 'flux-2-max', { images: '0.04', megapixels: '0.03' }], // the first megapixel 0.07
  ])('%s %s', (provider, model, expected) => {
    expect(pricesOf({ provider, model })).toMatchObject(expected)
  })

  it('service tiers and batches: GPT-4o priority 4.25 / 17, batch 1.25 / 5; Opus 5.5 fast 8 / 40', () => {
    expect(pricesOf({ provider: 'openai', model: 'gpt-4o', serviceTier: 'priority' })).toMatchObject({
      input_tokens: '4.25',
      output_tokens: '17',
    })
    expect(pricesOf({ provider: 'openai', model: 'gpt-4o', serviceTier: 'default' })).toMatchObject({ input_tokens: '2.5' })
    const batch = pricesOf({ provider: 'openai', model: 'gpt-4o', batch: true })
    expect(batch).toMatchObject({ input_tokens: '1.25', output_tokens: '5' })
    expect(batch).not.toHaveProperty('cache_read_tokens') // nobody publishes one
    expect(pricesOf({ provider: 'anthropic', model: 'claude-opus-5-5', serviceTier: 'fast' })).toMatchObject({
      input_tokens: '8',
      output_tokens: '40',
    })
    expect(pricesOf({ provider: 'anthropic', model: 'claude-opus-5-5', serviceTier: 'batch' })).toMatchObject({
      input_tokens: '2',
      output_tokens: '10',
    })
    expect(pricesOf({ provider: 'anthropic', model: 'claude-opus-5-5', serviceTier: 'priority' })).toBeUndefined() // sold by commitment
  })

  it('regions: OpenAI 10 % more from GPT-5.4 on and nothing more before, Anthropic us 1.1, Mistral unpublished', () => {
    expect(pricesOf({ provider: 'openai', model: 'gpt-5.4-mini', region: 'eu' })).toMatchObject({
      input_tokens: '0.825',
      output_tokens: '4.95',
    })
    expect(pricesOf({ provider: 'openai', model: 'gpt-4o', region: 'eu' })).toMatchObject({ input_tokens: '2.5' })
    expect(pricesOf({ provider: 'anthropic', model: 'claude-sonnet-5-5', region: 'us' })).toMatchObject({ input_tokens: '2.2' })
    expect(pricesOf({ provider: 'anthropic', model: 'claude-sonnet-5-5', region: 'global' })).toMatchObject({ input_tokens: '2' })
    expect(pricesOf({ provider: 'mistral', model: 'mistral-small-2603', region: 'eu' })).toBeUndefined()
  })

  it('knows what a price was before: GPT-5.6 Luna 1 / 6 until 2026-07-30, Sonnet 5.5 reads 0.20 until 2026-10-07', () => {
    expect(pricesOf({ provider: 'openai', model: 'gpt-5.6-luna', at: new Date('2026-07-29') })).toMatchObject({
      input_tokens: '1',
      output_tokens: '6',
    })
    expect(pricesOf({ provider: 'openai', model: 'gpt-5.6-sol', at: new Date('2026-08-20') })).toMatchObject({
      input_tokens: '5',
      output_tokens: '30',
    })
    expect(pricesOf({ provider: 'anthropic', model: 'claude-sonnet-5-5', at: new Date('2026-10-06') })).toMatchObject({
      cache_read_tokens: '0.2',
    })
  })
})

describe('what is known of a model', () => {
  it('GPT-4o mini is switched off on 2027-01-14, for GPT-6 Luna', () => {
    expect(modelFacts({ provider: 'openai', model: 'gpt-4o-mini', at })).toMatchObject({
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      shutdownDate: '2027-01-14',
      successor: 'gpt-6-luna',
    })
  })

  it('an alias and a dated snapshot know what their model knows', () => {
    expect(modelFacts({ provider: 'mistral', model: 'mistral-small-latest', at })).toMatchObject({
      id: 'mistral-small-2603',
      contextTokens: 256_000,
    })
    expect(modelFacts({ provider: 'openai', model: 'gpt-6.1-sol-2026-09-29', at })).toMatchObject({ contextTokens: 1_050_000 })
    expect(modelFacts({ provider: 'openai', model: 'gpt-7', at })).toBeUndefined()
  })

  it('a list has every model with its prices, and no pattern', () => {
    const listed = listModels({ provider: 'openai', at })
    expect(listed.find((model) => model.id === 'gpt-4o')).toMatchObject({
      prices: { input_tokens: '2.5', output_tokens: '10' },
      currency: 'USD',
      shutdownDate: '2027-01-14',
      checkedAt: '2026-08-22',
    })
    expect(listed.filter((model) => model.id.includes('*'))).toEqual([])
    expect(listModels({ provider: 'practice', at })).toMatchObject([{ id: 'practice-1', free: true }])
    expect(listModels({ provider: 'somebody-else', at })).toEqual([])
  })
})
