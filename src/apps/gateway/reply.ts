import type { ServerResponse } from 'node:http'
import { formatNano } from '../../base/money.ts'
import type { CallReceipt } from '../../calls/forward.ts'
import type { Endpoint } from './endpoints.ts'
import type { Dialect } from './endpoints.ts'
import { anthropicError, anthropicErrorEvent } from './translate/anthropic-errors.ts'
import { callerErrorOf, type DialectError } from './translate/caller-error.ts'
import { openaiError, openaiErrorEvent } from './translate/openai-errors.ts'

type Headers = Readonly<Record<string, string>>

/** An error in the caller's dialect. */
export const errorIn = (dialect: Dialect, failure: unknown, callId?: string): DialectError =>
  dialect === 'anthropic' ? anthropicError(failure, callId) : openaiError(failure)

/** The same in the middle of a stream. The blank line before it ends an event that broke off. */
export const errorEventIn = ({ dialect, protocol }: Endpoint, failure: unknown, callId: string): string => {
  if (dialect === 'anthropic') return `\n\n${anthropicErrorEvent(failure, callId)}`
  if (protocol !== 'openai-responses') return `\n\n${openaiErrorEvent(failure)}`
  const { error } = openaiError(failure).body as { error: object }
  return `\n\nevent: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 0, ...error })}\n\n`
}

/** Writes an error, unless the answer has begun. */
export function replyWithError(
  outgoing: ServerResponse,
  { dialect, failure, headers = {}, callId }: { dialect: Dialect; failure: unknown; headers?: Headers; callId?: string | undefined },
): void {
  if (outgoing.headersSent || outgoing.destroyed) return
  const error = errorIn(dialect, failure, callId)
  const { code } = callerErrorOf(failure)
  const body = JSON.stringify(error.body)
  outgoing.writeHead(error.status, {
    ...NOT_STORED,
    ...error.headers,
    ...(code === undefined ? {} : { 'x-latchkey-error': code }), // the dialects have fewer words than there are reasons
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  outgoing.end(body)
}

/** Answers are for whoever asked, and nobody's cache. */
export const NOT_STORED = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const

/** What is not the provider's to say about our answer. */
const OURS = new Set(['date', 'content-type', 'x-amzn-errortype'])

/** The provider's headers that go on to the program: request ids, rate limits, when to try again. */
export function passedOn(headers: Headers): Record<string, string> {
  const passed: Record<string, string> = { ...NOT_STORED }
  for (const name in headers) if (!OURS.has(name)) passed[name] = headers[name]!
  if (headers['content-type'] !== undefined) passed['content-type'] = headers['content-type']
  return passed
}

/** The receipt in headers: as much of it as is known when they are sent. */
export function receiptHeaders({
  callId,
  slug,
  receipt,
  addedMs,
}: {
  callId: string
  slug: string
  receipt?: CallReceipt
  addedMs: number
}): Record<string, string> {
  return {
    'x-latchkey-call-id': callId,
    'x-latchkey-connection': slug,
    ...(receipt?.servedModel === undefined ? {} : { 'x-latchkey-model': headerText(receipt.servedModel) }),
    ...(receipt ? costHeaders(receipt) : {}),
    'x-latchkey-added-ms': addedMs.toFixed(2),
  }
}

const costHeaders = ({ cost }: CallReceipt): Record<string, string> =>
  cost ? { 'x-latchkey-cost': formatNano(cost.nano), 'x-latchkey-currency': cost.currency } : { 'x-latchkey-cost': 'unknown' }

/** A name that a provider gave, as a header can carry it. */
const headerText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200)

/** The receipt as the last line of a stream, a comment that clients pass over. */
export function receiptLine({ callId, outcome, servedModel, usage, cost }: CallReceipt, slug: string): string {
  const said = {
    call: callId,
    connection: slug,
    outcome,
    model: servedModel ?? null,
    usage: usage ?? null,
    cost: cost ? { amount: formatNano(cost.nano), currency: cost.currency } : 'unknown',
  }
  return `: latchkey ${JSON.stringify(said)}\n\n`
}
