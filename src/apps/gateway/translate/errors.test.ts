import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTranslatingServer, type TranslatingServer } from '../../../../test/support/translating-server.ts'
import { AppError, type ErrorCode } from '../../../base/errors.ts'

// What the official clients throw for each of our failures.

let server: TranslatingServer
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  server = await startTranslatingServer()
  openai = new OpenAI({ baseURL: `${server.origin}/v1`, apiKey: 'k', maxRetries: 0 })
  anthropic = new Anthropic({ baseURL: server.origin, apiKey: 'k', maxRetries: 0 })
})
afterAll(() => server.close())

it.each([
  ['request.invalid', OpenAI.BadRequestError, 'invalid_request_error'],
  ['parameter.refused', OpenAI.BadRequestError, 'invalid_request_error'],
  ['virtual_key.refused', OpenAI.AuthenticationError, 'authentication_error'],
  ['provider.bad_key', OpenAI.AuthenticationError, 'authentication_error'],
  ['virtual_key.scope', OpenAI.PermissionDeniedError, 'permission_error'],
  ['model.unserved', OpenAI.NotFoundError, 'invalid_request_error'],
  ['model.ambiguous', OpenAI.BadRequestError, 'invalid_request_error'],
  ['provider.rate_limited', OpenAI.RateLimitError, 'rate_limit_error'],
  ['budget.exceeded', OpenAI.RateLimitError, 'insufficient_quota'],
  ['provider.no_credit', OpenAI.RateLimitError, 'insufficient_quota'],
  ['provider.overloaded', OpenAI.InternalServerError, 'server_error'],
  ['provider.failed', OpenAI.InternalServerError, 'server_error'],
] as const)('the openai client throws its own class for %s', async (code, errorClass, type) => {
  server.failWith(new AppError(code, 'What to do.'))
  const error = await openai.chat.completions.create({ model: 'm', messages: [] }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(errorClass)
  expect(error).toMatchObject({ type, error: { message: 'What to do.' } })
})

it.each([
  ['request.invalid', Anthropic.BadRequestError, 'invalid_request_error'],
  ['virtual_key.refused', Anthropic.AuthenticationError, 'authentication_error'],
  ['virtual_key.scope', Anthropic.PermissionDeniedError, 'permission_error'],
  ['model.unserved', Anthropic.NotFoundError, 'not_found_error'],
  ['provider.rate_limited', Anthropic.RateLimitError, 'rate_limit_error'],
  ['budget.exceeded', Anthropic.RateLimitError, 'rate_limit_error'],
  ['provider.no_credit', Anthropic.APIError, 'billing_error'],
  ['request.too_large', Anthropic.APIError, 'request_too_large'],
  ['provider.overloaded', Anthropic.InternalServerError, 'overloaded_error'],
  ['provider.timeout', Anthropic.InternalServerError, 'timeout_error'],
  ['provider.failed', Anthropic.InternalServerError, 'api_error'],
] as const)('the anthropic client throws its own class for %s', async (code, errorClass, type) => {
  server.failWith(new AppError(code, 'What to do.'))
  const error = await anthropic.messages.create({ model: 'm', max_tokens: 1, messages: [] }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(errorClass)
  expect(error).toMatchObject({ type })
  expect((error as Error).message).toContain('What to do.')
})

describe('whether to try again', () => {
  const headersOf = async (failure: unknown): Promise<Headers> => {
    server.failWith(failure)
    return (await fetch(`${server.origin}/v1/chat/completions`, { method: 'POST', body: '{}' })).headers
  }
  const failure = (code: ErrorCode, more: object) => ({ code, detail: 'x', ...more })

  it('a full budget is not asked again, a provider’s limit after as long as it says', async () => {
    expect((await headersOf(failure('budget.exceeded', { retryable: true }))).get('x-should-retry')).toBe('false')
    expect((await headersOf(failure('provider.bad_key', { retryable: false }))).get('x-should-retry')).toBe('false')
    const limited = await headersOf(failure('provider.rate_limited', { retryable: true, retryAfterMs: 1_200 }))
    expect([limited.get('retry-after'), limited.get('retry-after-ms'), limited.get('x-should-retry')]).toEqual(['2', '1200', null])
  })

  it('what is not ours to know says nothing of itself', async () => {
    server.failWith(new Error('password=hunter2'))
    const response = await fetch(`${server.origin}/v1/chat/completions`, { method: 'POST', body: '{}' })
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('hunter2')])
  })
})
