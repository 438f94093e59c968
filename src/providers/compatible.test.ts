import { describe, expect, it } from 'vitest'
import { failureOf } from './failure.ts'
import { protocolOf } from './asked.ts'
import { findProvider } from './registry.ts'

// What recordings do not show: answers as the providers' documentation gives them.

const usageOf = (provider: string, usage: Readonly<Record<string, unknown>>) =>
  protocolOf(findProvider(provider)).usage.whole({ id: 'a', model: 'm', usage })

describe('the test of a key', () => {
  it.each([
    ['deepseek', { is_available: true, balance_infos: [{ currency: 'USD', total_balance: '110.00' }] }, 'ok'],
    ['deepseek', { is_available: false, balance_infos: [] }, 'no_credit'],
    ['moonshot', { code: 0, data: { available_balance: 49.58894, voucher_balance: 46.58893, cash_balance: 3.00001 } }, 'ok'],
    ['moonshot', { code: 0, data: { available_balance: 0, voucher_balance: 0, cash_balance: -2 } }, 'no_credit'],
    [
      'xai',
      { redacted_api_key: 'xai-...b14o', api_key_id: 'ae1e', api_key_blocked: false, api_key_disabled: false, team_blocked: false },
      'ok',
    ],
    ['xai', { redacted_api_key: 'xai-...b14o', api_key_id: 'ae1e', api_key_disabled: true }, 'blocked'],
    ['xai', { redacted_api_key: 'xai-...b14o', api_key_id: 'ae1e', team_blocked: true }, 'blocked'],
    ['together', [{ id: 'openai/gpt-oss-20b', type: 'chat', context_length: 131_072 }], 'ok'],
    ['together', { data: [] }, 'ok'],
    ['groq', { object: 'list', data: [{ id: 'llama' }] }, 'ok'],
    ['deepinfra', { stripe_balance: -66.6, recent: 5.5, limit: 200, suspended: false }, 'ok'],
    ['deepinfra', { stripe_balance: 12.4, suspended: true }, 'no_credit'],
    ['deepinfra', { data: [] }, 'elsewhere'],
    ['fireworks', { accounts: [{ name: 'accounts/mine', suspendState: 'UNSUSPENDED' }] }, 'ok'],
    ['fireworks', { accounts: [{ suspendState: 'CREDIT_DEPLETED' }, { suspendState: 'UNSUSPENDED' }] }, 'ok'],
    ['fireworks', { accounts: [{ suspendState: 'CREDIT_DEPLETED' }] }, 'no_credit'],
    ['fireworks', { data: [] }, 'elsewhere'],
  ])('%s: %j', (provider, body, found) => {
    expect(findProvider(provider).checkKey.read(body)).toBe(found)
  })

  it.each(['huggingface', 'nvidia', 'ovhcloud', 'perplexity'])(
    '%s: a list that is public, or may be, proves the address and not the key',
    (provider) => {
      expect(findProvider(provider).checkKey.proves).toBe('address')
    },
  )
})

it('Together lists its models bare, with their context', () => {
  const list = [{ id: 'a', context_length: 8_192 }, { id: 'b', context_length: 0 }, { name: 'no id' }]
  expect(findProvider('together').listModels!.read!(list)).toEqual([{ id: 'a', contextTokens: 8_192 }, { id: 'b' }])
  expect(findProvider('together').listModels!.read!('<html>')).toBeUndefined()
})

describe('usage', () => {
  it('DeepSeek: cached and missed tokens are the prompt', () => {
    const usage = {
      prompt_tokens: 451,
      completion_tokens: 21,
      total_tokens: 472,
      prompt_cache_hit_tokens: 384,
      prompt_cache_miss_tokens: 67,
    }
    expect(usageOf('deepseek', usage).usage).toEqual({ input_tokens: 67, cache_read_tokens: 384, output_tokens: 21 })
    expect(usageOf('deepseek', { ...usage, prompt_cache_miss_tokens: 60 })).toMatchObject({
      usage: undefined,
      doubt: '384 cached and 60 missed tokens are not the 451 of the prompt',
    })
  })

  it('Perplexity: deep research counts citations, reasoning and searches beside the total', () => {
    const usage = { prompt_tokens: 33, completion_tokens: 7_163, total_tokens: 7_196 }
    const deep = { citation_tokens: 20_016, reasoning_tokens: 95_305, num_search_queries: 28 }
    expect(usageOf('perplexity', { ...usage, ...deep, cost: { total_cost: 0.5234 } })).toMatchObject({
      usage: { input_tokens: 33 + 20_016, output_tokens: 7_163, reasoning_tokens: 95_305, searches: 28 },
      declaredCost: { amount: '0.5234', currency: 'USD' },
    })
  })

  it('xAI: reasoning stands beside the completion, and ticks are money', () => {
    const usage = { prompt_tokens: 204, completion_tokens: 2, total_tokens: 268, completion_tokens_details: { reasoning_tokens: 62 } }
    expect(usageOf('xai', { ...usage, cost_in_usd_ticks: 2_087_200 })).toMatchObject({
      usage: { input_tokens: 204, output_tokens: 2, reasoning_tokens: 62 },
      declaredCost: { amount: '0.00020872', currency: 'USD' },
    })
    for (const ticks of [-1, 0.5, '12', null]) expect(usageOf('xai', { ...usage, cost_in_usd_ticks: ticks }).declaredCost).toBeUndefined()
  })

  it('Groq: older models say it in a field of their own, in the last chunk', () => {
    const stream = protocolOf(findProvider('groq')).usage.stream()
    stream.push({ id: 'a', model: 'm', choices: [{ delta: { content: 'Hi' } }] })
    const usage = { queue_time: 0.01, prompt_tokens: 18, completion_tokens: 26, total_tokens: 44 }
    stream.push({ id: 'a', model: 'm', choices: [{ delta: {}, finish_reason: 'stop' }], x_groq: { id: 'req', usage } })
    expect(stream.end()).toMatchObject({ usage: { input_tokens: 18, output_tokens: 26 }, source: 'reported' })
  })

  it('Moonshot: cached tokens at the top of the block are inside the prompt', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 105, cached_tokens: 64 }
    expect(usageOf('moonshot', usage).usage).toEqual({ input_tokens: 36, cache_read_tokens: 64, output_tokens: 5 })
  })
})

describe('errors', () => {
  it.each([
    ['zai', 401, { error: { code: '1001', message: 'Authentication parameter not received in Header' } }, 'provider.bad_key'],
    [
      'zai',
      429,
      { error: { code: '1113', message: 'Insufficient balance or no resource package. Please recharge.' } },
      'provider.no_credit',
    ],
    ['zai', 429, { error: { code: '1302', message: 'Rate limit reached for requests' } }, 'provider.rate_limited'],
    ['zai', 429, { error: { code: '1305', message: 'The service may be temporarily overloaded' } }, 'provider.overloaded'],
    ['zai', 400, { error: { code: '1211', message: 'Unknown Model, please check the model code.' } }, 'provider.model_missing'],
    ['moonshot', 401, { error: { message: 'Incorrect API key provided', type: 'incorrect_api_key_error' } }, 'provider.bad_key'],
    [
      'moonshot',
      429,
      { error: { message: 'Account balance is insufficient', type: 'exceeded_current_quota_error' } },
      'provider.no_credit',
    ],
    ['moonshot', 429, { error: { message: 'The engine is overloaded', type: 'engine_overloaded_error' } }, 'provider.overloaded'],
    ['moonshot', 429, { error: { message: 'Your request rate is too high', type: 'rate_limit_reached_error' } }, 'provider.rate_limited'],
    ['cerebras', 401, { message: 'Wrong API Key', type: 'invalid_request_error', code: 'wrong_api_key' }, 'provider.bad_key'],
    ['cerebras', 402, { message: 'Payment required', type: 'payment_required_error', code: 'payment_required' }, 'provider.no_credit'],
    [
      'deepseek',
      402,
      { error: { message: 'Insufficient Balance', type: 'unknown_error', code: 'invalid_request_error' } },
      'provider.no_credit',
    ],
    ['deepseek', 401, { error: { message: 'Authentication Fails', type: 'authentication_error' } }, 'provider.bad_key'],
    ['perplexity', 401, { error: { message: 'Invalid API key provided', type: 'invalid_api_key', code: 401 } }, 'provider.bad_key'],
    ['nebius', 402, { detail: 'Payment Required: You have exhausted your budget.' }, 'provider.no_credit'],
    ['nebius', 404, { detail: 'The model `unknown-model` does not exist.' }, 'provider.model_missing'],
    ['scaleway', 401, { status: 401, error: 'UNAUTHORIZED', message: 'missing Authorization header' }, 'provider.bad_key'],
    ['alibaba', 400, { error: { code: 'Arrearage', type: 'Arrearage', message: 'Access denied: overdue payment.' } }, 'provider.no_credit'],
    [
      'fireworks',
      404,
      { error: { message: 'Model not found, inaccessible, and/or not deployed', code: 'NOT_FOUND' } },
      'provider.model_missing',
    ],
    ['fireworks', 503, 'upstream connect error', 'provider.overloaded'],
    ['azure', 401, { error: { code: '401', message: 'Access denied due to invalid subscription key' } }, 'provider.bad_key'],
    ['minimax', 401, { error: { type: 'authorized_error', message: 'invalid api key' } }, 'provider.bad_key'],
    ['xai', 429, 'Your team has either used all available credits or reached its monthly spending limit.', 'provider.no_credit'],
  ])('%s: %i %j', (provider, status, body, code) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    expect(failureOf({ protocol: protocolOf(findProvider(provider)), status, headers: {}, bytes }).code).toBe(code)
  })
})
