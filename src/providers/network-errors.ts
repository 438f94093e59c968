import { AppError } from '../base/errors.ts'
import { ProviderCallError, type Sent } from './failure.ts'
import type { ProviderFailure } from './wire-protocol.ts'

const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO$)/

/**
 * An error of the network as one of ours. Only its symbol is kept: messages and fields of such errors can hold addresses,
 * headers and bytes from the wire.
 */
export function networkError(error: unknown, sent: Sent): ProviderCallError {
  // refused by the guard where the connection was made
  if (error instanceof AppError) return new ProviderCallError({ code: error.code, detail: error.detail, retryable: false }, sent)
  const symbol = symbolOf(error)
  return new ProviderCallError(sent === 'no' ? notReached(symbol) : broken(symbol), sent, symbol)
}

function unreachable(detail: string, retryable: boolean): ProviderFailure {
  return { code: 'provider.unreachable', detail, retryable }
}

function notReached(symbol: string): ProviderFailure {
  if (TLS.test(symbol))
    return unreachable('No secure connection to the provider: its TLS certificate or protocol was not accepted. Check the base URL.', false)
  if (symbol === 'ENOTFOUND' || symbol === 'EAI_AGAIN') {
    return unreachable('The provider’s host name has no address right now. Check the base URL and the network.', true)
  }
  if (symbol === 'UND_ERR_CONNECT_TIMEOUT' || symbol === 'ETIMEDOUT') {
    return unreachable('The provider did not accept a connection in time. Check the base URL and the network.', true)
  }
  return unreachable('The provider cannot be reached. Check the base URL and that the server runs.', true)
}

function broken(symbol: string): ProviderFailure {
  if (symbol === 'UND_ERR_HEADERS_OVERFLOW' || symbol === 'HPE_HEADER_OVERFLOW') {
    return { code: 'provider.answer_too_large', detail: 'The headers of the provider’s answer are too large.', retryable: false }
  }
  if (symbol === NOT_HTTP) {
    return { code: 'provider.answer_malformed', detail: 'The provider’s answer is not valid HTTP. Check the base URL.', retryable: false }
  }
  return {
    code: 'provider.cut_off',
    detail: 'The connection to the provider broke before its answer was complete. Try again.',
    retryable: true,
  }
}

const NOT_HTTP = 'NOT_HTTP'

function symbolOf(error: unknown): string {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown }
  // the parser's errors have no usable code, and hold what came over the wire
  if (name === 'HTTPParserError') return String(message).includes('EOF') ? 'EOF' : NOT_HTTP
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN'
}
