import { readdirSync, readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { storedHeaders } from './headers.ts'
import { readRateLimits, type RateLimit } from './rate-limits.ts'

const NOW = Date.parse('2026-08-19T14:34:01Z')
const read = (headers: Record<string, string>): RateLimit[] => readRateLimits(headers, NOW)

describe('what a provider says of its limits', () => {
  it('Cerebras: requests of a day, tokens of a minute, resets in seconds', () => {
    expect(
      read({
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-remaining-requests-day': '14378',
        'x-ratelimit-reset-requests-day': '33011.382867',
        'x-ratelimit-limit-tokens-minute': '60000',
        'x-ratelimit-remaining-tokens-minute': '59000',
        'x-ratelimit-reset-tokens-minute': '11.38',
      }),
    ).toEqual([
      { kind: 'requests', windowMs: 86_400_000, limit: 14_400, remaining: 14_378, resetsInMs: 33_011_382.867 },
      { kind: 'tokens', windowMs: 60_000, limit: 60_000, remaining: 59_000, resetsInMs: 11_380 },
    ])
  })

  it('Fireworks: input and output, by its own names', () => {
    expect(read({ 'x-ratelimit-limit-tokens-prompt': '60000', 'x-ratelimit-limit-tokens-generated': '600' })).toEqual([
      { kind: 'input-tokens', limit: 60_000 },
      { kind: 'output-tokens', limit: 600 },
    ])
  })

  it('OpenRouter, DigitalOcean: a moment since 1970, in milliseconds or seconds', () => {
    const in20 = NOW + 20_000
    expect(read({ 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(in20) })).toEqual([
      { kind: 'requests', limit: 20, remaining: 0, resetsInMs: 20_000 },
    ])
    expect(read({ 'x-ratelimit-reset-tokens-per-minute': String(in20 / 1000) })).toEqual([
      { kind: 'tokens', windowMs: 60_000, resetsInMs: 20_000 },
    ])
  })

  it('Together’s tokens, and the IETF draft’s names', () => {
    expect(
      read({ 'x-tokenlimit-limit': '1000', 'x-tokenlimit-remaining': '0', 'ratelimit-remaining': '5', 'ratelimit-reset': '7' }),
    ).toEqual([
      { kind: 'tokens', limit: 1000, remaining: 0 },
      { kind: 'requests', remaining: 5, resetsInMs: 7_000 },
    ])
  })

  it('a time is measured on the provider’s own clock, where it says its time', () => {
    const reset = { 'anthropic-ratelimit-requests-reset': '2026-08-19T14:34:11Z' }
    expect(read(reset)).toEqual([{ kind: 'requests', resetsInMs: 10_000 }])
    expect(read({ ...reset, date: 'Wed, 19 Aug 2026 14:34:09 GMT' })).toEqual([{ kind: 'requests', resetsInMs: 2_000 }])
  })

  it.each([
    ['other headers', { 'x-request-id': '1', 'x-ratelimit-key': 'gpt-5', 'x-ratelimit-abusepenalty-active': 'False', date: 'x' }],
    ['costs of one request', { 'x-ratelimit-tokens-query-cost': '11' }],
    ['nonsense', { 'x-ratelimit-limit-tokens': 'many', 'x-ratelimit-remaining-tokens': '-5', 'x-ratelimit-reset-tokens': 'soon' }],
    ['numbers that no limit is', { 'x-ratelimit-limit-tokens': '1e9', 'x-ratelimit-limit-requests': 'Infinity', 'x-ratelimit-limit': '' }],
  ])('nothing is made up from %s', (_, headers) => {
    expect(read(headers as Record<string, string>)).toEqual([])
  })

  const name = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc
      .tuple(
        fc.constantFrom(
          'x-ratelimit-limit',
          'x-ratelimit-remaining',
          'x-ratelimit-reset',
          'x-ratelimit-renewalperiod',
          'x-tokenlimit-reset',
        ),
        fc.constantFrom(
          '',
          '-requests',
          '-tokens',
          '-req-minute',
          '-tokens-0-second',
          '-__proto__',
          '-constructor',
          '-minute',
          '--',
          '-req-9-month',
        ),
      )
      .map((parts) => parts.join('')),
    fc.constantFrom('anthropic-ratelimit-tokens-reset', 'anthropic-ratelimit-tokens-remaining', 'date', 'ratelimit-limit'),
  )
  const value = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.integer().map(String),
    fc.double().map(String),
    fc.constantFrom('0', '6m0s', '12ms', '9'.repeat(15), '2026-08-19T14:34:11Z', '0000-00-00T00:00:00Z', 'Wed, 19 Aug 2026 14:34:09 GMT'),
  )
  test.prop([fc.dictionary(name, value, { maxKeys: 12 })], { numRuns: 2_000 })(
    'whatever comes, figures are finite and not negative',
    (headers) => {
      for (const { kind, windowMs, limit, remaining, resetsInMs } of read(headers)) {
        expect(typeof kind).toBe('string')
        for (const figure of [windowMs, limit, remaining, resetsInMs])
          if (figure !== undefined) expect(figure >= 0 && figure < Infinity).toBe(true)
        if (windowMs !== undefined) expect(windowMs).toBeGreaterThan(0)
      }
    },
  )
})

/** By a piece of the recording's name: what its provider said. */
const RECORDED: Readonly<Record<string, readonly RateLimit[]>> = {
  'openai/chat-json__test-chat-with-service-tier__2': [
    { kind: 'requests', limit: 15_000, remaining: 14_999, resetsInMs: 4 },
    { kind: 'tokens', limit: 40_000_000, remaining: 39_999_995, resetsInMs: 0 },
  ],
  'groq/chat-json__test-chat-legacy__4': [
    { kind: 'requests', limit: 14_400, remaining: 14_399, resetsInMs: 6_000 }, // of a day: 86,400 s / 14,400
    { kind: 'tokens', limit: 30_000, remaining: 29_987, resetsInMs: 26 },
  ],
  // Azure's bare resets are milliseconds: one request of 120 a minute is 500 ms.
  'azure/chat-json__test-prompt-content-filtering__1': [
    { kind: 'requests', limit: 120, remaining: 119, windowMs: 60_000, resetsInMs: 500 },
    { kind: 'tokens', limit: 120_000, remaining: 119_986, windowMs: 60_000, resetsInMs: 7 },
  ],
  'anthropic/messages-stream__chat-streaming-responses-anthropic-claude-haiku-4-5-supports-streaming__0': [
    { kind: 'input-tokens', limit: 10_000_000, remaining: 10_000_000, resetsInMs: 10_000 },
    { kind: 'output-tokens', limit: 2_000_000, remaining: 2_000_000, resetsInMs: 10_000 },
    { kind: 'requests', limit: 10_000, remaining: 9_999, resetsInMs: 10_000 },
    { kind: 'tokens', limit: 12_000_000, remaining: 12_000_000, resetsInMs: 10_000 },
  ],
  'mistral/embeddings-json__test-mistral-embeddings-with-events-with-content__0': [
    { kind: 'requests', windowMs: 10_000, limit: 60, remaining: 49 },
    { kind: 'tokens', windowMs: 60_000, limit: 20_000_000, remaining: 19_999_980 },
    { kind: 'tokens', windowMs: 30 * 86_400_000, limit: 200_000_000_000, remaining: 199_999_999_980 },
  ],
  'together/chat-json__test-together-chat-legacy__0': [{ kind: 'requests', limit: 2, remaining: 1, resetsInMs: 2_000 }],
  'xai/responses-json__chat-web-search-with-xai-grok-4-3-replays-search-turns-so-the-conversa__1': [
    { kind: 'requests', limit: 1_800, remaining: 1_800 },
    { kind: 'tokens', limit: 10_000_000, remaining: 10_000_000 },
  ],
  'openai/error-400__test-vision-base64__3': [
    { kind: 'input-images', limit: 50_000, remaining: 49_999, resetsInMs: 1 },
    { kind: 'requests', limit: 30_000, remaining: 29_999, resetsInMs: 2 },
    { kind: 'tokens', limit: 150_000_000, remaining: 149_999_227, resetsInMs: 0 },
  ],
}

describeShared('recorded headers of limits', () => {
  const recordings = (folder: string): { name: string; headers: Record<string, string> }[] =>
    readdirSync(sharedPath(`fixtures/http/${folder}`)).map((file) => {
      const { response } = JSON.parse(readFileSync(sharedPath(`fixtures/http/${folder}/${file}`), 'utf8')) as {
        response: { headers: Record<string, string> }
      }
      return { name: `${folder}/${file}`, headers: response.headers }
    })

  it.each(Object.entries(RECORDED))('%s', (name, limits) => {
    const { headers } = recordings(name.split('/')[0]!).find((recording) => recording.name.startsWith(name))!
    const stored = storedHeaders(headers, undefined)
    const byName = (one: RateLimit, other: RateLimit): number => JSON.stringify(one).localeCompare(JSON.stringify(other))
    expect(readRateLimits(stored, NOW).toSorted(byName)).toEqual(limits.toSorted(byName))
  })

  it.each(['ollama', 'gemini', 'deepseek', 'bedrock', 'cohere'])('%s says nothing, and nothing is made up', (folder) => {
    const said = recordings(folder).flatMap(({ headers }) => readRateLimits(storedHeaders(headers, undefined), NOW))
    expect(said).toEqual([])
  })
})
