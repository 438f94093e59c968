import { callerErrorOf, type DialectError, type ErrorKind } from './caller-error.ts'

interface Words {
  readonly status: number
  readonly type: string
  /** OpenAI's own code where it has one; otherwise ours is said. */
  readonly code?: string
}

/** @see https://platform.openai.com/docs/guides/error-codes */
const WORDS: Readonly<Record<ErrorKind, Words>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  authentication: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  permission: { status: 403, type: 'permission_error' },
  billing: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  missing: { status: 404, type: 'invalid_request_error' },
  model_missing: { status: 404, type: 'invalid_request_error', code: 'model_not_found' },
  too_large: { status: 413, type: 'invalid_request_error' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  quota: { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' },
  content: { status: 400, type: 'invalid_request_error', code: 'content_policy_violation' },
  timeout: { status: 504, type: 'server_error' },
  overloaded: { status: 503, type: 'server_error' },
  server: { status: 500, type: 'server_error' },
}

/** A failure (a ProviderFailure or anything thrown) as OpenAI would say it; its clients throw their own classes for it. */
export function openaiError(failure: unknown): DialectError {
  const { kind, code, message, path, headers } = callerErrorOf(failure)
  const words = WORDS[kind]
  const error = { message, type: words.type, param: path ?? null, code: words.code ?? code ?? null }
  return { status: words.status, headers, body: { error } }
}

/** The same in the middle of a stream: the last event, on which OpenAI's clients throw. */
export const openaiErrorEvent = (failure: unknown): string => `data: ${JSON.stringify(openaiError(failure).body)}\n\n`
