import type { ErrorCode } from '../../base/errors.ts'
import { objectOf } from '../../base/json.ts'
import { excerptOf } from '../excerpt.ts'
import type { ErrorAnswer, ProviderFailure } from '../wire-protocol.ts'
import { retryAfterOf } from './retry-after.ts'

/** What an error body says, whatever its shape. Codes and types in lower case; numbers as text. */
export interface ErrorWords {
  readonly status: number
  readonly code: string
  readonly type: string
  readonly message: string
  /** OpenRouter says in `metadata.reasons` why its moderation refused. */
  readonly isModerated: boolean
}

/** A rule answers with our code, or passes. The first that answers decides. */
export type ErrorRule = (words: ErrorWords) => ErrorCode | undefined

/**
 * Reads the shapes seen on the wire: `{error:{code,type,message}}` (OpenAI, Anthropic, OpenRouter, Azure), `{error:"..."}`
 * (Ollama, xAI), `{code,type,message}` and `{detail}` (Mistral, FastAPI), `{message}`, plain text and HTML.
 */
export function wordsOf(answer: ErrorAnswer): ErrorWords {
  const body = objectOf(answer.body)
  const error = objectOf(body?.['error'])
  const source = error ?? body ?? {}
  const metadata = objectOf(source['metadata'])
  return {
    status: answer.status,
    code: wordOf(source['code']),
    type: wordOf(source['type']),
    message: messageOf(answer.body, body, source),
    isModerated: Array.isArray(metadata?.['reasons']) || metadata?.['flagged_input'] !== undefined,
  }
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : typeof value === 'number' ? String(value) : ''
}

function messageOf(whole: unknown, body: Readonly<Record<string, unknown>> | undefined, source: Readonly<Record<string, unknown>>): string {
  for (const value of [source['message'], body?.['error'], body?.['detail'], body?.['message'], whole]) {
    if (typeof value === 'string') return value
    const nested = objectOf(value)?.['detail']
    if (nested !== undefined) return typeof nested === 'string' ? nested : (JSON.stringify(nested) ?? '')
  }
  // FastAPI: detail is a list of what is wrong with the request
  return body?.['detail'] === undefined ? '' : (JSON.stringify(body['detail']) ?? '')
}

const BY_WORD: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    invalid_api_key: 'provider.bad_key',
    incorrect_api_key: 'provider.bad_key',
    incorrect_api_key_error: 'provider.bad_key', // Moonshot
    wrong_api_key: 'provider.bad_key', // Cerebras
    authentication_error: 'provider.bad_key',
    account_deactivated: 'provider.bad_key',
    permission_error: 'provider.no_permission',
    insufficient_permissions: 'provider.no_permission',
    unsupported_country_region_territory: 'provider.no_permission',
    insufficient_quota: 'provider.no_credit',
    credit_balance_exhausted: 'provider.no_credit',
    billing_hard_limit_reached: 'provider.no_credit',
    billing_not_active: 'provider.no_credit',
    billing_error: 'provider.no_credit',
    exceeded_current_quota_error: 'provider.no_credit', // Moonshot, as 429
    arrearage: 'provider.no_credit', // Alibaba, as 400
    model_not_found: 'provider.model_missing',
    invalid_model: 'provider.model_missing',
    deploymentnotfound: 'provider.model_missing', // Azure
    content_filter: 'provider.content_refused',
    content_policy_violation: 'provider.content_refused',
    moderation_blocked: 'provider.content_refused',
    rate_limit_exceeded: 'provider.rate_limited',
    rate_limit_error: 'provider.rate_limited',
    rate_limited: 'provider.rate_limited',
    overloaded_error: 'provider.overloaded',
    server_overloaded: 'provider.overloaded',
    engine_overloaded_error: 'provider.overloaded', // Moonshot, as 429
    service_tier_capacity_exceeded: 'provider.overloaded',
    timeout_error: 'provider.timeout',
    context_length_exceeded: 'provider.request_refused',
    request_too_large: 'provider.request_refused',
  } as const),
)

/** The code in the JSON is read before the status: "invalid key" is not always 401, nor 429 always a limit. */
const byWord: ErrorRule = ({ code, type }) => BY_WORD.get(code) ?? BY_WORD.get(type)

/** A valid key without the right scope, or from the wrong address, is a 401 too. */
const restrictedKey: ErrorRule = ({ status, message }) =>
  (status === 401 || status === 403) && /missing scopes|insufficient permissions|ip (address )?(is )?not authorized/i.test(message)
    ? 'provider.no_permission'
    : undefined

/** xAI and Gemini say a bad key as 400. */
const refusedKey: ErrorRule = ({ status, message }) =>
  status === 400 && /(incorrect|invalid) api key|api key not valid/i.test(message) ? 'provider.bad_key' : undefined

/** OpenRouter says an unknown model as 400. */
const unknownModel: ErrorRule = ({ status, message }) =>
  (status === 400 || status === 404) && /not a valid model|no endpoints found|model .{0,100}(does not exist|not found)/i.test(message)
    ? 'provider.model_missing'
    : undefined

/** Anthropic says an empty balance as 400 invalid_request_error, xAI as 429. */
const emptyBalance: ErrorRule = ({ status, message }) =>
  status >= 400 && status < 500 && /credit balance is too low|insufficient (balance|credits?)\b|used all available credits/i.test(message)
    ? 'provider.no_credit'
    : undefined

const byStatus: ErrorRule = ({ status, message, isModerated }) => {
  if (status === 401) return 'provider.bad_key'
  if (status === 402) return 'provider.no_credit'
  if (status === 403) return isModerated ? 'provider.content_refused' : 'provider.no_permission'
  if (status === 404) return /\bmodel\b/i.test(message) ? 'provider.model_missing' : 'provider.request_refused'
  if (status === 408 || status === 504 || status === 522 || status === 524) return 'provider.timeout'
  if (status === 429) return 'provider.rate_limited'
  if (status === 503 || status === 529) return 'provider.overloaded'
  if (status >= 500) return 'provider.failed'
  if (status >= 300 && status < 400) return 'provider.redirected'
  return 'provider.request_refused'
}

const DETAIL: Partial<Record<ErrorCode, string>> = {
  'provider.bad_key': 'The provider does not accept the key. Replace it in the connection, or make a new one on the provider’s key page.',
  'provider.no_permission':
    'The key is valid but may not do this: it lacks a scope, the model, the region or the network address. Change that at the provider.',
  'provider.no_credit': 'The provider account has no credit left, or its own spending limit is reached. Top it up at the provider.',
  'provider.rate_limited': 'The provider limits how much may be sent per minute. Try again later, with less at a time if this stays.',
  'provider.model_missing': 'The provider has no such model for this key, or has shut it down. Choose another model.',
  'provider.request_refused': 'The provider refused the request: something in it is wrong or too large for the model.',
  'provider.content_refused': 'The provider refused the content under its usage rules.',
  'provider.overloaded': 'The provider is overloaded. Try again later.',
  'provider.failed': 'The provider failed. Try again later.',
  'provider.timeout': 'The provider took too long. Try again later.',
  'provider.redirected':
    'The provider’s address redirects elsewhere. Enter the final address as base URL; keys are never sent along a redirect.',
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['provider.rate_limited', 'provider.overloaded', 'provider.failed', 'provider.timeout'])
/** `x-should-retry: true` cannot make these worth another try. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'provider.bad_key',
  'provider.no_permission',
  'provider.no_credit',
  'provider.model_missing',
  'provider.content_refused',
])

/** An error answer as one of our failures: `rules` of the protocol first, then what all have in common. */
export function classify(answer: ErrorAnswer, rules: readonly ErrorRule[]): ProviderFailure {
  const words = wordsOf(answer)
  let code: ErrorCode | undefined
  for (const rule of [...rules, restrictedKey, refusedKey, emptyBalance, byWord, unknownModel, byStatus]) {
    code = rule(words)
    if (code) break
  }
  return failureWith(answer, code!, words)
}

/** The failure for a code that is already known. */
export function failureWith(
  answer: ErrorAnswer,
  code: ErrorCode,
  { message, status }: Pick<ErrorWords, 'message' | 'status'>,
): ProviderFailure {
  const retryable = isRetryable({ code, status, hint: answer.headers['x-should-retry'] })
  const isLimit = status === 429 || code === 'provider.rate_limited'
  const retryAfterMs = retryable ? retryAfterOf(answer.headers, { nowMs: answer.receivedAtMs ?? Date.now(), isLimit }) : undefined
  const excerpt = excerptOf(message, answer.scrub)
  return { code, detail: DETAIL[code]!, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }), ...(excerpt && { excerpt }) }
}

function isRetryable({ code, status, hint }: { code: ErrorCode; status: number; hint: string | undefined }): boolean {
  if (FINAL.has(code)) return false
  if (hint === 'true') return true
  if (hint === 'false') return false
  // 501 and 505 are about the request
  return RETRYABLE.has(code) && status !== 501 && status !== 505
}
