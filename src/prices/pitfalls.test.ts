import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import type { Usage } from '../base/usage.ts'
import { protocolOf } from '../providers/asked.ts'
import type { MeteredUsage } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import { createEventReader } from '../providers/sse.ts'
import { loadBook, PRICED_PROVIDERS } from './book.ts'
import { costOf } from './cost.ts'
import { findPrices, type PriceQuestion } from './match.ts'

// How gateways get a cost wrong: the sixteen ways that were found in the field, each with its number, at the figures of real
// bills where they are known. What is no matter of prices is named at the end with the test that keeps it.

const at = new Date('2026-11-20T12:00:00Z')

const pricesOf = (provider: string, model: string, more: Partial<PriceQuestion> = {}) => findPrices({ provider, model, at, ...more })

function nanoOf(provider: string, model: string, usage: Usage | undefined, more: Partial<PriceQuestion> = {}): bigint | undefined {
  const cost = costOf({ usage, prices: pricesOf(provider, model, more) })
  return cost.kind === 'known' ? cost.nano : undefined
}

const perUnit = (provider: string, model: string, more: Partial<PriceQuestion> = {}) => {
  const rows = pricesOf(provider, model, more)?.bands[0]?.rows
  return rows && Object.fromEntries(Object.entries(rows).map(([unit, row]) => [unit, row.price]))
}

const usageOf = (provider: string) => protocolOf(findProvider(provider)).usage

it('1: Anthropic’s cache tokens are beside input_tokens, charged once each (litellm #9812: 0.0913 reported, 0.0544 billed)', () => {
  const block = { input_tokens: 1_000, cache_read_input_tokens: 10_000, cache_creation_input_tokens: 2_000, output_tokens: 100 }
  const { usage } = usageOf('anthropic').whole({ model: 'claude-sonnet-4-6', stop_reason: 'end_turn', usage: block })
  // 3 / 0.30 / 3.75 / 15 per million: 1,000 + 10,000 + 2,000 + 100
  expect(nanoOf('anthropic', 'claude-sonnet-4-6', usage)).toBe(3_000_000n + 3_000_000n + 7_500_000n + 1_500_000n)
})

it('2: cache writes of a stream are those of its end, not of message_start (litellm #42663: 31,490 of 184,457 priced)', () => {
  const reader = usageOf('anthropic').stream()
  const start = { input_tokens: 10, cache_creation_input_tokens: 31_490, cache_read_input_tokens: 0, output_tokens: 1 }
  reader.push({ type: 'message_start', message: { id: 'msg_1', model: 'claude-sonnet-4-6', usage: start } })
  reader.push({
    type: 'message_delta',
    delta: { stop_reason: 'end_turn' },
    usage: { ...start, cache_creation_input_tokens: 184_457, output_tokens: 50 },
  })
  reader.push({ type: 'message_stop' })
  const { usage } = reader.end()
  expect(usage).toMatchObject({ cache_write_tokens: 184_457, output_tokens: 50 })
  // 184,457 writes at 3.75 are 0.69171375
  expect(nanoOf('anthropic', 'claude-sonnet-4-6', { cache_write_tokens: usage?.cache_write_tokens ?? 0 })).toBe(691_713_750n)
})

it('4: a cache write for an hour costs 2 times input, for five minutes 1.25; a read a tenth or less, by model', () => {
  expect(perUnit('anthropic', 'claude-sonnet-4-6')).toMatchObject({
    input_tokens: '3',
    cache_write_tokens: '3.75',
    cache_write_long_tokens: '6',
    cache_read_tokens: '0.3',
  })
  expect(perUnit('anthropic', 'claude-fable-5-1')).toMatchObject({ input_tokens: '10', cache_read_tokens: '0.25' }) // 0.025 times
  expect(perUnit('anthropic', 'claude-opus-5-5')).toMatchObject({ input_tokens: '4', cache_read_tokens: '0.2' }) // 0.05 times
})

it('5: reasoning is charged where it stands beside the completion: xAI, 2 + 62 of 268 tokens', () => {
  const block = {
    prompt_tokens: 204,
    completion_tokens: 2,
    total_tokens: 268,
    prompt_tokens_details: { cached_tokens: 128 },
    completion_tokens_details: { reasoning_tokens: 62 },
  }
  const { usage } = usageOf('xai').whole({ model: 'grok-4.3', usage: block })
  // a batch at 0.8: 76 at 1.00, 128 at 0.16, 64 at 2.00; xAI charged 2,244,800 ticks of a tenth of a nano-dollar
  expect(nanoOf('xai', 'grok-4.3', usage, { batch: true })).toBe(224_480n)
})

it('5: and Gemini, where thoughts are beside the candidates', () => {
  const usageMetadata = { promptTokenCount: 100, candidatesTokenCount: 10, thoughtsTokenCount: 90, totalTokenCount: 200 }
  const candidates = [{ finishReason: 'STOP', content: { parts: [{ text: 'a' }] } }]
  const { usage } = usageOf('gemini').whole({ modelVersion: 'gemini-2.5-flash', candidates, usageMetadata })
  expect(nanoOf('gemini', 'gemini-2.5-flash', usage)).toBe(30_000n + 250_000n) // 100 at 0.30, 10 + 90 at 2.50
})

it('6: what Gemini’s tools put into the prompt is charged as input', () => {
  const usageMetadata = { promptTokenCount: 100, toolUsePromptTokenCount: 900, candidatesTokenCount: 10, totalTokenCount: 1_010 }
  const candidates = [{ finishReason: 'STOP', content: { parts: [{ text: 'a' }] } }]
  const { usage } = usageOf('gemini').whole({ modelVersion: 'gemini-2.5-flash', candidates, usageMetadata })
  expect(nanoOf('gemini', 'gemini-2.5-flash', usage)).toBe(300_000n + 25_000n)
})

it('6: Perplexity’s fee per request is most of the cost, 0.005 of 0.00507, and grows with the search context', () => {
  const block = { prompt_tokens: 11, completion_tokens: 62, total_tokens: 73 }
  const { usage } = usageOf('perplexity').whole({ model: 'sonar', usage: block })
  expect(nanoOf('perplexity', 'sonar', usage)).toBe(11_000n + 62_000n + 5_000_000n)
  expect(nanoOf('perplexity', 'sonar', usage, { serviceTier: 'high' })).toBe(11_000n + 62_000n + 12_000_000n)
})

it('7: a model that nobody prices is unknown, at every provider, and never 0', () => {
  for (const provider of PRICED_PROVIDERS.filter((id) => id !== 'practice')) {
    expect(costOf({ usage: { input_tokens: 1_000 }, prices: pricesOf(provider, 'a-model-of-tomorrow', { isNamed: true }) })).toEqual({
      kind: 'unknown',
      missing: 'no price',
    })
  }
})

it('7: nor has a name that only resembles a priced one its price', () => {
  for (const [provider, model] of [
    ['openai', 'gpt-6-luna-preview'],
    ['anthropic', 'claude-opus-5-7'],
    ['somebody-else', 'gpt-4o'],
  ] as const) {
    expect(pricesOf(provider, model), model).toBeUndefined()
  }
})

it.each([
  ['mistral-small-latest', '0.15', '0.6'], // others: .1/.3 and .06/.18
  ['mistral-medium-latest', '1.5', '7.5'], // four of five tables: .4/2
  ['ministral-8b-latest', '0.15', '0.15'], // others: .1/1
  ['codestral-latest', '0.3', '0.9'], // others: 1/3
])('8: %s is what it stands for now, %s / %s', (model, input, output) => {
  expect(perUnit('mistral', model)).toMatchObject({ input_tokens: input, output_tokens: output })
})

it('8: where nobody has checked what "-latest" stands for now, it is unknown: Mistral Large was 0.5 / 1.5 until Large 4 came out', () => {
  const before = { at: new Date('2026-09-01') }
  expect(perUnit('mistral', 'mistral-large-latest', before)).toMatchObject({ input_tokens: '0.5', output_tokens: '1.5' })
  for (const [provider, model] of [
    ['mistral', 'mistral-large-latest'],
    ['gemini', 'gemini-flash-latest'],
    ['xai', 'grok-4-latest'],
    ['alibaba', 'qwen-plus-latest'],
    ['moonshot', 'kimi-latest'],
  ] as const) {
    expect(perUnit(provider, model), model).toBeUndefined()
  }
})

it('9: Azure’s prices are its own: none is taken from OpenAI, and GPT-5.6 Luna, once five times apart, is unknown', () => {
  expect(perUnit('openai', 'gpt-5.6-luna')).toMatchObject({ input_tokens: '0.2' })
  expect(perUnit('azure', 'gpt-5.6-luna', { isNamed: true })).toBeUndefined()
  expect(perUnit('azure', 'gpt-6-luna', { isNamed: true })).toBeUndefined()
  expect(perUnit('azure', 'gpt-5.4', { isNamed: true })).toMatchObject({ input_tokens: '2.5' })
  expect(perUnit('azure', 'gpt-5.4', { isNamed: true, region: 'eu' })).toMatchObject({ input_tokens: '2.75' })
})

it('10: OpenRouter’s list prices are for OpenRouter alone: GPT-5.6 Luna is 0.20 / 1.20 with an own key, not 0.10 / 0.60', () => {
  expect(perUnit('openai', 'gpt-5.6-luna')).toMatchObject({ input_tokens: '0.2', output_tokens: '1.2' })
  expect(perUnit('openrouter', 'openai/gpt-5.6-luna')).toBeUndefined() // its list is older than the model
  for (const provider of PRICED_PROVIDERS.filter((id) => id !== 'openrouter')) {
    expect(Object.keys(loadBook(provider)!.sources).filter((source) => source.startsWith('openrouter'))).toEqual([])
  }
})

it('11: an announced price is no price: Sonnet 5 stayed at 2 / 10, and Gemini 3.6 Flash after its half price is unknown', () => {
  for (const day of ['2026-08-31', '2026-09-01', '2026-11-20'])
    expect(perUnit('anthropic', 'claude-sonnet-5', { at: new Date(day) })).toMatchObject({ input_tokens: '2', output_tokens: '10' })
  expect(perUnit('gemini', 'gemini-3.6-flash')).toMatchObject({ input_tokens: '0.75', output_tokens: '3.75' })
  expect(perUnit('gemini', 'gemini-3.6-flash', { at: new Date('2027-01-01T00:00:00Z') })).toBeUndefined()
})

it('12: euros are no dollars times a rate: Mistral Small 4 is USD 0.15 / 0.60 and EUR 0.12 / 0.50', () => {
  expect(perUnit('mistral', 'mistral-small-2603')).toMatchObject({ input_tokens: '0.15', output_tokens: '0.6' })
  for (const model of ['mistral-small-2603', 'mistral-small-latest'])
    expect(perUnit('mistral', model, { currency: 'EUR' })).toMatchObject({ input_tokens: '0.12', output_tokens: '0.5' })
  expect(pricesOf('scaleway', 'llama-3.3-70b-instruct')?.currency).toBe('EUR')
  expect(perUnit('scaleway', 'llama-3.3-70b-instruct', { currency: 'USD' })).toBeUndefined()
  expect(perUnit('ovhcloud', 'gpt-oss-120b')).toMatchObject({ input_tokens: '0.09', output_tokens: '0.47' }) // and not its euros, 0.08 / 0.40
})

it('13: a million calls of 7 tokens at 0.004 per million cost 28 nano-dollars each and 0.028 together, without drift', () => {
  const one = nanoOf('perplexity', 'pplx-embed-v1-0.6b', { input_tokens: 7 })!
  expect(Array.from({ length: 1_000_000 }, () => one).reduce((sum, nano) => sum + nano, 0n)).toBe(28_000_000n)
})

it('14: the tier of the answer counts, and the row that was used says its conditions and its price', () => {
  const asked = costOf({ usage: { input_tokens: 1_000 }, prices: pricesOf('openai', 'gpt-6-luna', { serviceTier: 'priority' }) })
  expect(asked).toMatchObject({
    nano: 200_000n,
    rowIds: ['openai/gpt-6-luna priority input_tokens=0.2 USD since 2026-09-22'],
  })
  expect(nanoOf('openai', 'gpt-6-luna', { input_tokens: 1_000 }, { serviceTier: 'default' })).toBe(100_000n)
  // asked for as fast: served as priority it is 4 / 24, served as default 2 / 12
  const terra = (serviceTier: string) => perUnit('openai', 'gpt-5.6-terra', { serviceTier })
  expect(terra('priority')).toMatchObject({ input_tokens: '4', output_tokens: '24' })
  expect(terra('default')).toMatchObject({ input_tokens: '2', output_tokens: '12' })
  // and a price of certain hours names them: DeepSeek at noon and at 09:00 UTC of the same Friday
  const peak = pricesOf('deepseek', 'deepseek-v4-pro', { at: new Date('2026-11-20T09:00:00Z') })
  expect(peak?.bands[0]?.rows.input_tokens?.id).toBe(
    'deepseek/deepseek-v4-pro Mon-Fri 01:00-04:00 06:00-10:00 input_tokens=1.32 USD since 2026-10-27',
  )
  expect(perUnit('deepseek', 'deepseek-v4-pro')).toMatchObject({ input_tokens: '0.66' })
})

describeShared('pitfalls, at recorded answers', () => {
  it('3: an answer that compacted its conversation charges that too: 60,385 tokens of input beside the 612 on top', () => {
    const reader = usageOf('anthropic').stream()
    const lines = readFileSync(sharedPath('fixtures/vercel-ai/anthropic/anthropic-compaction.1.chunks.txt'), 'utf8').trim().split('\n')
    for (const line of lines) reader.push(JSON.parse(line))
    const { usage } = reader.end()
    expect(usage?.input_tokens).toBe(60_385 + 612)
  })

  it('16: an advisor on another model is priced as that model, beside the one that was asked', () => {
    const metered = readRecordedStream('http/anthropic/messages-stream__test-anthropic-advisor-tool-stream__0.json')
    const [advisor] = metered.other ?? []
    expect(advisor).toBeDefined()
    expect(advisor!.usage).toMatchObject({ input_tokens: 2_543, output_tokens: 18 })
    expect(advisor!.model).not.toBe(metered.servedModel)
    const [own, other] = [nanoOf('anthropic', metered.servedModel!, metered.usage), nanoOf('anthropic', advisor!.model, advisor!.usage)]
    expect(own).toBeGreaterThan(0n)
    expect(other).toBeGreaterThan(0n)
  })
})

function readRecordedStream(path: string): MeteredUsage {
  const recording = JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as { response: { body: string } }
  const reader = usageOf('anthropic').stream()
  const events = createEventReader(({ data }) => reader.push(JSON.parse(data)))
  events.push(Buffer.from(recording.response.body))
  events.end()
  return reader.end()
}

/** No matter of a price list: the test that keeps it, by its name. */
const ELSEWHERE = [
  [14, 'the model of the answer, not the one asked for', 'src/calls/price.test.ts', 'prices an answer by the model that served it'],
  [15, 'usage while streaming', 'src/calls/streamed-usage.test.ts', '15: $id gets stream_options where that is known'],
] as const

it.each(ELSEWHERE)('%s: %s, in %s', (_number, _what, file, name) => {
  expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toContain(name)
})
