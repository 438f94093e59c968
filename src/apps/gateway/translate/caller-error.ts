import { AppError, ERROR_STATUS, type ErrorCode } from '../../../base/errors.ts'
import type { ProviderFailure } from '../../../providers/wire-protocol.ts'

/** An error as a caller of the gateway gets it, in whatever dialect: status, headers and a body of JSON. */
export interface DialectError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** What both dialects have words for. */
export type ErrorKind =
  | 'invalid'
  | 'authentication'
  | 'permission'
  | 'billing'
  | 'missing'
  | 'model_missing'
  | 'too_large'
  | 'rate_limit'
  | 'quota'
  | 'content'
  | 'timeout'
  | 'overloaded'
  | 'server'

export interface CallerError {
  readonly kind: ErrorKind
  /** Ours; each has a page. */
  readonly code: ErrorCode | undefined
  readonly message: string
  /** Where in the body, when something there is wrong. */
  readonly path: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

const KINDS: Partial<Record<ErrorCode, ErrorKind>> = {
  'request.too_large': 'too_large',
  'provider.no_credit': 'billing',
  'provider.model_missing': 'model_missing',
  'connection.missing': 'model_missing',
  'model.unserved': 'model_missing',
  'assignment.missing': 'model_missing',
  'context.missing': 'model_missing',
  'provider.unknown': 'model_missing',
  'provider.content_refused': 'content',
  'budget.exceeded': 'quota',
}

function kindOf(code: ErrorCode): ErrorKind {
  const status = ERROR_STATUS[code]
  if (KINDS[code]) return KINDS[code]
  if (status === 401) return 'authentication'
  if (status === 403) return 'permission'
  if (status === 404) return 'missing'
  if (status === 429) return 'rate_limit'
  if (status === 504) return 'timeout'
  if (status === 503) return 'overloaded'
  return status >= 500 ? 'server' : 'invalid'
}

/** Any failure of ours or of a provider; what we do not know becomes a bare one. */
export function callerErrorOf(failure: unknown): CallerError {
  if (isProviderFailure(failure)) {
    const { code, detail, retryable, retryAfterMs } = failure
    return { kind: kindOf(code), code, message: detail, path: undefined, headers: retryHeaders(kindOf(code), retryable, retryAfterMs) }
  }
  if (failure instanceof AppError) {
    const kind = kindOf(failure.code)
    return {
      kind,
      code: failure.code,
      message: failure.detail,
      path: failure.issues?.[0]?.path,
      headers: retryHeaders(kind, canPass(kind)),
    }
  }
  return { kind: 'server', code: undefined, message: 'The gateway failed. Its log says more.', path: undefined, headers: {} }
}

const canPass = (kind: ErrorKind): boolean => ['rate_limit', 'timeout', 'overloaded', 'server'].includes(kind)

function isProviderFailure(failure: unknown): failure is ProviderFailure {
  return typeof failure === 'object' && failure !== null && 'retryable' in failure && 'code' in failure && !(failure instanceof Error)
}

/**
 * The official clients try again on 408, 409, 429 and 5xx unless they are told not to: a full budget would be asked thrice.
 * `retry-after-ms` is theirs, `retry-after` everybody's (whole seconds, RFC 9110).
 */
function retryHeaders(kind: ErrorKind, retryable: boolean, retryAfterMs?: number): Record<string, string> {
  if (!retryable || kind === 'quota') return { 'x-should-retry': 'false' }
  if (retryAfterMs === undefined) return {}
  return { 'retry-after': String(Math.ceil(retryAfterMs / 1000)), 'retry-after-ms': String(Math.ceil(retryAfterMs)) }
}
