import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { ERROR_STATUS, type ErrorCode } from '../../base/errors.ts'
import { failureOf } from '../failure.ts'
import { protocolOf } from '../asked.ts'
import { findProvider } from '../registry.ts'
import { MAX_RETRY_AFTER_MS, retryAfterOf } from './retry-after.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')

function classified(provider: string, status: number, body: unknown, headers: Record<string, string> = {}) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return failureOf({ protocol: protocolOf(findProvider(provider)), status, headers, bytes })
}

const openai = (code: string | null, type = 'invalid_request_error', message = 'text'): object => ({
  error: { message, type, param: null, code },
})
const anthropic = (type: string, message = 'text'): object => ({ type: 'error', error: { type, message }, request_id: 'req_1' })
const mistral = (code: string, type: string, message = 'text'): object => ({ object: 'error', message, type, param: null, code })

describe('errors', () => {
  const rows: [string, number, unknown, ErrorCode, boolean][] = [
    // OpenAI
    ['openai', 401, openai('invalid_api_key'), 'provider.bad_key', false],
    [
      'openai',
      401,
      openai(null, 'invalid_request_error', 'You have insufficient permissions for this operation. Missing scopes: model.request'),
      'provider.no_permission',
      false,
    ],
    ['openai', 401, openai(null, 'invalid_request_error', 'Your IP address is not authorized'), 'provider.no_permission', false],
    ['openai', 401, openai('ip_not_authorized', 'invalid_request_error', 'IP not authorized'), 'provider.no_permission', false],
    ['openai', 403, openai('unsupported_country_region_territory', 'request_forbidden'), 'provider.no_permission', false],
    ['openai', 429, openai('insufficient_quota', 'insufficient_quota'), 'provider.no_credit', false],
    ['openai', 429, openai('credit_balance_exhausted'), 'provider.no_credit', false],
    ['openai', 429, openai('rate_limit_exceeded', 'tokens'), 'provider.rate_limited', true],
    ['openai', 404, openai('model_not_found'), 'provider.model_missing', false],
    ['openai', 400, openai('context_length_exceeded'), 'provider.request_refused', false],
    ['openai', 400, openai('content_policy_violation'), 'provider.content_refused', false],
    ['openai', 400, openai('content_filter'), 'provider.content_refused', false],
    ['openai', 500, openai(null, 'server_error'), 'provider.failed', true],
    ['openai', 503, openai(null, 'server_error'), 'provider.overloaded', true],
    ['openai', 501, openai(null, 'server_error'), 'provider.failed', false],
    // DeepL
    ['deepl', 403, { message: 'Forbidden' }, 'provider.bad_key', false],
    ['deepl', 403, { message: 'Wrong endpoint. Use https://api-free.deepl.com' }, 'provider.bad_key', false],
    ['deepl', 403, { message: 'The key lacks the scope for this' }, 'provider.no_permission', false],
    ['deepl', 403, { message: 'Sign the addendum for this region first' }, 'provider.no_permission', false],
    ['deepl', 400, { message: 'Value for target_lang not supported.' }, 'provider.request_refused', false],
    ['deepl', 413, { message: 'Request Entity Too Large' }, 'provider.request_refused', false],
    ['deepl', 429, { message: 'Too many requests' }, 'provider.rate_limited', true],
    ['deepl', 456, { message: 'Quota exceeded' }, 'provider.no_credit', false],
    ['deepl', 503, { message: 'Resource currently unavailable' }, 'provider.overloaded', true],
    ['deepl', 529, { message: 'Too many requests' }, 'provider.overloaded', true],
    // Anthropic
    ['anthropic', 401, anthropic('authentication_error'), 'provider.bad_key', false],
    ['anthropic', 402, anthropic('billing_error'), 'provider.no_credit', false],
    [
      'anthropic',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the API.'),
      'provider.no_credit',
      false,
    ],
    ['anthropic', 403, anthropic('permission_error'), 'provider.no_permission', false],
    ['anthropic', 404, anthropic('not_found_error', 'model: claude-nope'), 'provider.model_missing', false],
    ['anthropic', 404, anthropic('not_found_error', 'Not found'), 'provider.bad_key', false],
    ['anthropic', 413, anthropic('request_too_large'), 'provider.request_refused', false],
    ['anthropic', 429, anthropic('rate_limit_error'), 'provider.rate_limited', true],
    ['anthropic', 500, anthropic('api_error'), 'provider.failed', true],
    ['anthropic', 529, anthropic('overloaded_error'), 'provider.overloaded', true],
    // OpenRouter: numbers as codes
    ['openrouter', 401, { error: { code: 401, message: 'User not found.' } }, 'provider.bad_key', false],
    ['openrouter', 402, { error: { code: 402, message: 'Insufficient credits' } }, 'provider.no_credit', false],
    [
      'openrouter',
      403,
      { error: { code: 403, message: 'flagged', metadata: { reasons: ['violence'], flagged_input: 'x' } } },
      'provider.content_refused',
      false,
    ],
    ['openrouter', 403, { error: { code: 403, message: 'Key limit exceeded' } }, 'provider.no_permission', false],
    ['openrouter', 400, { error: { code: 400, message: 'foo/bar is not a valid model ID' } }, 'provider.model_missing', false],
    ['openrouter', 404, { error: { code: 404, message: 'No endpoints found for foo/bar.' } }, 'provider.model_missing', false],
    ['openrouter', 408, { error: { code: 408, message: 'Timed out' } }, 'provider.timeout', true],
    ['openrouter', 502, { error: { code: 502, message: 'Provider returned error' } }, 'provider.failed', true],
    ['openrouter', 503, { error: { code: 503, message: 'No provider' } }, 'provider.overloaded', true],
    // Mistral
    ['mistral', 401, { detail: 'Invalid API Key' }, 'provider.bad_key', false],
    ['mistral', 401, { message: 'Unauthorized', request_id: 'x' }, 'provider.bad_key', false],
    ['mistral', 400, mistral('1500', 'invalid_model', 'Invalid model: nope'), 'provider.model_missing', false],
    [
      'mistral',
      422,
      {
        object: 'error',
        message: { detail: [{ type: 'missing', loc: ['body', 'messages'], msg: 'Field required' }] },
        type: 'invalid_request_error',
      },
      'provider.request_refused',
      false,
    ],
    ['mistral', 429, mistral('1300', 'rate_limited'), 'provider.rate_limited', true],
    ['mistral', 429, mistral('3505', 'service_tier_capacity_exceeded'), 'provider.overloaded', true],
    // servers we do not know
    ['openai-compatible', 404, { error: 'model "llama9" not found, try pulling it first' }, 'provider.model_missing', false],
    ['openai-compatible', 404, '<html><body>404 page not found</body></html>', 'provider.request_refused', false],
    ['openai-compatible', 401, { error: { message: 'Unauthorized' } }, 'provider.bad_key', false],
    ['openai-compatible', 502, '<html>Bad gateway</html>', 'provider.failed', true],
    ['openai-compatible', 504, '', 'provider.timeout', true],
    ['openai-compatible', 400, { error: { message: 'x', code: 'constructor', type: '__proto__' } }, 'provider.request_refused', false],
    ['openai-compatible', 418, 'null', 'provider.request_refused', false],
  ]
  it.each(rows)('%s %i %j is %s', (provider, status, body, code, retryable) => {
    expect(classified(provider, status, body)).toMatchObject({ code, retryable })
  })

  it('give the reason of the provider in few words, ours in full', () => {
    expect(classified('mistral', 422, { detail: [{ msg: 'Field required' }] }).excerpt).toContain('Field required')
    expect(classified('openai-compatible', 404, '<html><body>404 page\n\nnot found</body></html>').excerpt).toBe('404 page not found')
    expect(classified('openai', 500, '')).not.toHaveProperty('excerpt')
    expect(classified('openai', 402, {}).detail).toMatch(/credit/)
  })

  it('heed x-should-retry, except for what no retry mends', () => {
    expect(classified('openai', 500, {}, { 'x-should-retry': 'false' }).retryable).toBe(false)
    expect(classified('openai', 409, {}, { 'x-should-retry': 'true' }).retryable).toBe(true)
    expect(classified('openai', 401, {}, { 'x-should-retry': 'true' }).retryable).toBe(false)
    expect(classified('openai', 429, openai('insufficient_quota'), { 'x-should-retry': 'true' }).retryable).toBe(false)
  })

  test.prop([
    fc.constantFrom('openai', 'anthropic', 'mistral', 'openrouter'),
    fc.integer({ min: 400, max: 599 }),
    fc.oneof(fc.json(), fc.string()),
  ])('any error answer gives one of our codes', (provider, status, body) => {
    const failure = classified(provider, status, body)
    expect(Object.keys(ERROR_STATUS)).toContain(failure.code)
    expect(failure.detail.length).toBeGreaterThan(10)
    expect(failure.detail).not.toMatch(/is tried/) // whether it is, only the caller knows
  })
})

describe('errors inside an answer of status 200', () => {
  const inside = (provider: string, body: unknown) =>
    protocolOf(findProvider(provider)).classifyBodyError({ status: 200, headers: {}, body })
  const rows: [string, unknown, ErrorCode][] = [
    ['openrouter', { error: { code: 429, message: 'slow down' } }, 'provider.rate_limited'],
    [
      'openrouter',
      { id: 'gen-1', error: { code: 502, message: 'Upstream died' }, choices: [{ finish_reason: 'error' }] },
      'provider.failed',
    ],
    ['openrouter', { choices: [{ finish_reason: 'error', error: { code: 502, message: 'Upstream died' } }] }, 'provider.failed'],
    ['openrouter', { choices: [{ finish_reason: 'error' }] }, 'provider.failed'],
    ['openrouter', { error: { code: 'server_error', message: 'Provider disconnected' } }, 'provider.failed'],
    ['openrouter', { error: { code: 402, message: 'x' } }, 'provider.no_credit'],
    ['openai', { choices: [{ finish_reason: 'content_filter' }] }, 'provider.content_refused'],
    ['openai', { error: { message: 'x', type: 'server_error', code: null } }, 'provider.failed'],
    ['openai-compatible', { error: 'out of memory' }, 'provider.failed'],
    ['anthropic', { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'provider.overloaded'],
    ['anthropic', { type: 'error', error: { type: 'api_error', message: 'x' } }, 'provider.failed'],
    ['anthropic', { type: 'error', error: { type: 'rate_limit_error', message: 'x' } }, 'provider.rate_limited'],
    ['anthropic', { type: 'message', stop_reason: 'refusal' }, 'provider.content_refused'],
    ['anthropic', { type: 'message_delta', delta: { stop_reason: 'refusal' } }, 'provider.content_refused'],
  ]
  it.each(rows)('%s %j is %s', (provider, body, code) => {
    expect(inside(provider, body)).toMatchObject({ code })
  })

  it.each([
    ['openai', { choices: [{ finish_reason: 'stop', message: { content: 'error' } }], error: null }],
    ['openai', { choices: [{ finish_reason: 'length' }] }],
    ['anthropic', { type: 'message', stop_reason: 'end_turn' }],
    ['anthropic', { type: 'content_block_delta', delta: { text: 'refusal' } }],
    ['anthropic', null],
    ['openai', 'text'],
  ])('%s: %j is none', (provider, body) => {
    expect(inside(provider, body)).toBeUndefined()
  })
})

describe('how long to wait', () => {
  const rows: [string, Record<string, string>, number | undefined][] = [
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a fraction', { 'retry-after': '0.5' }, 500],
    ['an HTTP date', { 'retry-after': 'Fri, 20 Nov 2026 10:00:30 GMT' }, 30_000],
    [
      'an HTTP date against the provider’s own clock',
      { 'retry-after': 'Fri, 20 Nov 2026 12:00:30 GMT', date: 'Fri, 20 Nov 2026 12:00:00 GMT' },
      30_000,
    ],
    ['a date in the past', { 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT' }, 0],
    ['milliseconds first', { 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    ['days, cut to an hour', { 'retry-after': '259200' }, MAX_RETRY_AFTER_MS],
    ['OpenAI: 12ms', { 'x-ratelimit-reset-requests': '12ms' }, 12],
    ['OpenAI: 1m30s', { 'x-ratelimit-reset-tokens': '1m30s' }, 90_000],
    ['OpenAI: 6h0m0s, cut', { 'x-ratelimit-reset-tokens': '6h0m0s' }, MAX_RETRY_AFTER_MS],
    ['Groq: 17.39s', { 'x-ratelimit-reset-tokens': '17.39s' }, 17_390],
    [
      'the exhausted limit of several',
      {
        'x-ratelimit-reset-requests': '50s',
        'x-ratelimit-remaining-requests': '99',
        'x-ratelimit-reset-tokens': '2s',
        'x-ratelimit-remaining-tokens': '0',
      },
      2000,
    ],
    ['the longest when none says what remains', { 'x-ratelimit-reset-requests': '5s', 'x-ratelimit-reset-tokens': '2s' }, 5000],
    [
      'a limit that has room, not even on a 429',
      { 'x-ratelimit-reset-requests': '8m38s', 'x-ratelimit-remaining-requests': '99' },
      undefined,
    ],
    [
      'Anthropic: RFC 3339',
      { 'anthropic-ratelimit-output-tokens-reset': '2026-11-20T10:00:12Z', 'anthropic-ratelimit-output-tokens-remaining': '0' },
      12_000,
    ],
    ['nothing said', {}, undefined],
    ['nonsense', { 'retry-after': 'soon', 'x-ratelimit-reset-tokens': 'later', 'anthropic-ratelimit-tokens-reset': 'never' }, undefined],
    ['negative', { 'retry-after': '-5' }, undefined],
    ['Infinity', { 'retry-after': 'Infinity', 'retry-after-ms': '1e309' }, undefined],
  ]
  it.each(rows)('%s', (_, headers, expected) => {
    expect(retryAfterOf(headers, { nowMs: NOW, isLimit: true })).toBe(expected)
  })

  // Providers send their limits with every answer: on a 500 they say nothing of when to come back.
  it.each<[string, Record<string, string>, number | undefined]>([
    ['limits that have room', { 'x-ratelimit-reset-requests': '8m38s', 'x-ratelimit-remaining-requests': '99' }, undefined],
    ['limits that do not say what remains', { 'x-ratelimit-reset-requests': '12ms' }, undefined],
    ['a limit that is used up', { 'x-ratelimit-reset-requests': '20s', 'x-ratelimit-remaining-requests': '0' }, 20_000],
    ['what is asked for', { 'retry-after': '3', 'x-ratelimit-reset-requests': '8m38s' }, 3000],
  ])('after a failure of the server: %s', (_, headers, expected) => {
    expect(classified('openai', 500, {}, headers).retryAfterMs).toBe(expected)
  })

  it('after a 429 limits that do not say what remains count', () => {
    const headers = { 'x-ratelimit-reset-requests': '12s' }
    expect(classified('openai', 429, openai('rate_limit_exceeded'), headers).retryAfterMs).toBe(12_000)
    expect(classified('mistral', 429, mistral('3505', 'service_tier_capacity_exceeded'), headers).retryAfterMs).toBe(12_000)
  })

  it('is said only with failures that may be tried again', () => {
    expect(classified('openai', 429, openai('rate_limit_exceeded'), { 'retry-after': '3' })).toMatchObject({ retryAfterMs: 3000 })
    expect(classified('openai', 429, openai('insufficient_quota'), { 'retry-after': '3' })).not.toHaveProperty('retryAfterMs')
  })

  test.prop([
    fc.dictionary(
      fc.constantFrom('retry-after', 'retry-after-ms', 'x-ratelimit-reset-tokens', 'anthropic-ratelimit-tokens-reset', 'date'),
      fc.string(),
    ),
  ])('is never negative, fractional or above the cap', (headers) => {
    const wait = retryAfterOf(headers, { nowMs: NOW, isLimit: true })
    if (wait !== undefined) expect(Number.isSafeInteger(wait) && wait >= 0 && wait <= MAX_RETRY_AFTER_MS).toBe(true)
  })
})
