import { callerErrorOf, type DialectError, type ErrorKind } from './caller-error.ts'

/** @see https://platform.claude.com/docs/en/api/errors */
const WORDS: Readonly<Record<ErrorKind, { readonly status: number; readonly type: string }>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  authentication: { status: 401, type: 'authentication_error' },
  permission: { status: 403, type: 'permission_error' },
  billing: { status: 402, type: 'billing_error' },
  missing: { status: 404, type: 'not_found_error' },
  model_missing: { status: 404, type: 'not_found_error' },
  too_large: { status: 413, type: 'request_too_large' },
  rate_limit: { status: 429, type: 'rate_limit_error' },
  quota: { status: 429, type: 'rate_limit_error' },
  content: { status: 400, type: 'invalid_request_error' },
  timeout: { status: 504, type: 'timeout_error' },
  overloaded: { status: 529, type: 'overloaded_error' },
  server: { status: 500, type: 'api_error' },
}

/** A failure (a ProviderFailure or anything thrown) as Anthropic would say it. `requestId` is the call's, for support. */
export function anthropicError(failure: unknown, requestId?: string): DialectError {
  const { kind, message, path, headers } = callerErrorOf(failure)
  const { status, type } = WORDS[kind]
  const error = { type, message: path === undefined ? message : `${path}: ${message}` }
  return { status, headers, body: { type: 'error', error, ...(requestId === undefined ? {} : { request_id: requestId }) } }
}

/** The same in the middle of a stream: the last event, on which Anthropic's clients throw. */
export const anthropicErrorEvent = (failure: unknown, requestId?: string): string =>
  `event: error\ndata: ${JSON.stringify(anthropicError(failure, requestId).body)}\n\n`
