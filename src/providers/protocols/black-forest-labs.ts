import { defined, objectOf, textOf } from '../../base/json.ts'
import { divideHalfUp, formatNano, parseNano } from '../../base/money.ts'
import { plainDecimal } from '../decimal.ts'
import type { DeclaredCost, ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify, type ErrorRule, failureWith } from './classify.ts'
import { usageOf } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Black Forest Labs. The ticket, its answer to the submission, says what the image costs, in credits of one US cent, and how many
 * megapixels go in and come out. The list price counts whole megapixels.
 * @see https://docs.bfl.ai/api-reference, https://api.bfl.ai/openapi.json (AsyncResponse, StatusResponse), read 2026-11-20
 */
const usage: UsageReader = {
  whole: (body) => metered(objectOf(body) ?? {}),
  stream: () => ({ push: () => undefined, end: () => ({ usage: undefined, source: 'reported', doubt: 'it has no streams' }) }),
}

function metered(ticket: Block): MeteredUsage {
  const about = defined<Partial<MeteredUsage>>({
    providerRequestId: textOf(ticket['id']),
    declaredCost: costOf(ticket['cost']),
    raw: defined({ cost: ticket['cost'], input_mp: ticket['input_mp'], output_mp: ticket['output_mp'] }),
  })
  const output = wholeMegapixels(ticket['output_mp'])
  if (output === undefined) return { usage: undefined, source: 'reported', doubt: 'the answer does not say how many megapixels', ...about }
  const input = wholeMegapixels(ticket['input_mp'])
  return { usage: usageOf({ images: 1, megapixels: output + (input ?? 0) }), source: 'reported', ...about }
}

/** A credit is a cent: a decimal, so moved by two places in integers. */
function costOf(credits: unknown): DeclaredCost | undefined {
  const decimal = plainDecimal(credits)
  if (decimal === undefined) return undefined
  return { amount: formatNano(divideHalfUp(parseNano(decimal), 100n)), currency: 'USD' }
}

/** Said with two decimals, of 1024 x 1024 or of a million pixels: 1.05 is the same square in the second way, and one megapixel. */
const SAME_SQUARE = 1.05

function wholeMegapixels(value: unknown): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > 10_000) return undefined
  return Math.ceil(value / SAME_SQUARE)
}

/** A missing or unknown key is 403 here. */
const RULES: readonly ErrorRule[] = [
  ({ status, message }) =>
    status === 403 && /not authenticated|invalid authentication|api key/i.test(message) ? 'provider.bad_key' : undefined,
]

/** Jobs of Black Forest Labs: a ticket, its state, a result that can be fetched for ten minutes. */
export const blackForestLabs: Protocol = {
  id: 'black-forest-labs',
  usage,
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError,
}

/** The states that a job ends with and has no image. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  const said = { message: textOf(objectOf(body?.['details'])?.['error']) ?? String(body?.['status']), status: answer.status }
  switch (body?.['status']) {
    case 'Request Moderated':
    case 'Content Moderated':
      return failureWith(answer, 'provider.content_refused', said)
    case 'Error':
    case 'Task not found':
      return failureWith(answer, 'provider.failed', said)
    default:
      return undefined
  }
}
