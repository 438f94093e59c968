import { objectOf, textOf } from '../../base/json.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { ErrorAnswer, Protocol, ProviderFailure } from '../wire-protocol.ts'
import { classify, failureWith, type ErrorRule } from './classify.ts'
import { candidatesOf, geminiUsage } from './gemini-usage.ts'
import { saidByGemini } from './said.ts'

type Block = Readonly<Record<string, unknown>>

/** Gemini's generateContent. @see https://ai.google.dev/api/generate-content, https://google.aip.dev/193 for errors */
export const gemini: Protocol = {
  id: 'gemini-generate-content',
  usage: geminiUsage,
  said: saidByGemini,
  classifyError,
  classifyBodyError,
}

/** `ErrorInfo.reason` (google.api.ErrorReason): the only place where a bad key differs from a bad request, both 400. */
const BY_REASON: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    API_KEY_INVALID: 'provider.bad_key',
    API_KEY_EXPIRED: 'provider.bad_key',
    ACCESS_TOKEN_EXPIRED: 'provider.bad_key',
    ACCESS_TOKEN_TYPE_UNSUPPORTED: 'provider.bad_key',
    CREDENTIALS_MISSING: 'provider.bad_key',
    API_KEY_SERVICE_BLOCKED: 'provider.no_permission',
    API_KEY_HTTP_REFERRER_BLOCKED: 'provider.no_permission',
    API_KEY_IP_ADDRESS_BLOCKED: 'provider.no_permission',
    SERVICE_DISABLED: 'provider.no_permission',
    CONSUMER_SUSPENDED: 'provider.no_permission',
    CONSUMER_INVALID: 'provider.no_permission',
    BILLING_DISABLED: 'provider.no_credit',
    RATE_LIMIT_EXCEEDED: 'provider.rate_limited',
    RESOURCE_QUOTA_EXCEEDED: 'provider.rate_limited',
  } as const),
)

const RULES: readonly ErrorRule[] = [
  ({ status, message }) => (status >= 400 && status < 500 && /reported as leaked/i.test(message) ? 'provider.bad_key' : undefined),
  ({ message }) => (/location is not supported/i.test(message) ? 'provider.no_permission' : undefined),
  ({ status, message }) =>
    status >= 400 && status < 500 && /prepa(?:y|id).{0,40}(?:credit|balance)|credits? (?:is|are) depleted|enable billing/i.test(message)
      ? 'provider.no_credit'
      : undefined,
  ({ status, message }) => (status === 404 && /\bmodels?\//i.test(message) ? 'provider.model_missing' : undefined),
]

function classifyError(answer: ErrorAnswer): ProviderFailure {
  const error = errorOf(answer.body)
  const details = detailsOf(error)
  const reason = details.map((detail) => BY_REASON.get(textOf(detail['reason']) ?? '')).find((code) => code !== undefined)
  const retryAfterMs = details.map(delayOf).find((delay) => delay !== undefined)
  const headers =
    retryAfterMs === undefined || 'retry-after' in answer.headers
      ? answer.headers
      : { ...answer.headers, 'retry-after-ms': String(retryAfterMs) }
  const said = { ...answer, headers, ...(error ? { body: { error } } : {}) }
  return classify(said, [...RULES, () => reason])
}

/** A stream that was not asked for server-sent events answers with a list of one. */
function errorOf(body: unknown): Block | undefined {
  return objectOf(objectOf(Array.isArray(body) ? body[0] : body)?.['error'])
}

function detailsOf(error: Block | undefined): Block[] {
  const details = error?.['details']
  return Array.isArray(details) ? details.map(objectOf).filter((detail) => detail !== undefined) : []
}

/** `RetryInfo.retryDelay`, "34.4s", in milliseconds: Gemini has no header for it. */
function delayOf(detail: Block): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(detail['retryDelay']) ?? '')
  return match ? Math.ceil(Number(match[1]) * 1000) : undefined
}

/** Why an answer has no content, or had to stop: Google's rules about content. */
const REFUSED: ReadonlySet<string> = new Set([
  'SAFETY',
  'RECITATION',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'MODEL_ARMOR',
])

/** A prompt that was blocked, an answer that was, or one without any candidate; an error said in status 200. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const error = errorOf(answer.body)
  if (error) {
    const code = error['code']
    const status = typeof code === 'number' && code >= 400 && code <= 599 ? code : 500
    return classifyError({ ...answer, status })
  }
  const body = objectOf(answer.body)
  if (!body) return undefined
  const feedback = objectOf(body['promptFeedback'])
  const candidates = candidatesOf(body)
  const isPromptBlocked = textOf(feedback?.['blockReason']) !== undefined
  const isAnswerBlocked = candidates.some((candidate) => REFUSED.has(textOf(candidate['finishReason']) ?? ''))
  if (!isPromptBlocked && !isAnswerBlocked && !isEmpty(body, candidates)) return undefined
  const message =
    textOf(feedback?.['blockReasonMessage']) ?? candidates.map((candidate) => textOf(candidate['finishMessage'])).find(Boolean) ?? ''
  return failureWith(answer, 'provider.content_refused', { message, status: answer.status })
}

/** No candidate, and none counted: a last chunk of a stream that has only its usage counts what came before. */
function isEmpty(body: Block, candidates: readonly Block[]): boolean {
  const usage = objectOf(body['usageMetadata'])
  return candidates.length === 0 && usage !== undefined && !usage['candidatesTokenCount']
}
