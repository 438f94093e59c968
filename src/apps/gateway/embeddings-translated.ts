import { AppError } from '../../base/errors.ts'
import type { Money } from '../../base/money.ts'
import { addUsage, type Usage } from '../../base/usage.ts'
import { type EmbedRequest, planEmbedding } from '../../calls/embed.ts'
import type { Vector } from '../../calls/embedding-forms.ts'
import type { CallReceipt } from '../../calls/forward.ts'
import { askUnwaited } from '../../calls/once.ts'
import type { CallServices } from '../../calls/services.ts'
import { addCosts } from '../../calls/retry.ts'
import type { EmbeddingPurpose, EmbeddingsOffer } from '../../providers/offer.ts'
import { answerBounds } from './bounds.ts'
import { callOf, type Passed, type Try } from './same-dialect.ts'
import { bodyOf, failedFrom, receiptOf } from './translated-call.ts'
import { arrayAt, bodyAt, countAt, malformed, oneOf, stringAt } from './translate/read.ts'
import { createReport, PARAMETERS_HEADER, type ParameterReport, parametersHeader } from './translate/report.ts'

/** What OpenAI's interface of embeddings can ask for, read. */
interface Asked {
  readonly texts: readonly string[]
  readonly purpose: EmbeddingPurpose
  readonly dimensions: number | undefined
  readonly inBase64: boolean
}

const WORDS = { document: 'document', query: 'query', search_document: 'document', search_query: 'query' } as const

/**
 * OpenAI's request for embeddings, asked of a provider in its own words. It is as many calls as the provider's bounds ask for,
 * one after another; the first that fails ends it.
 * @throws AppError request.invalid; RequestRefusal where a parameter cannot be honoured. Nothing was sent then.
 */
export async function passEmbeddings(services: CallServices, one: Try, offer: EmbeddingsOffer): Promise<Passed> {
  const report = createReport()
  const asked = readAsked(bodyOf(one.request), offer, report)
  report.requireHonoured()
  const headers = { [PARAMETERS_HEADER]: parametersHeader(report) }
  const { worstCaseNano: _, tokensAtMost: __, attempt, ...call } = callOf(services, one)
  const request: EmbedRequest = { ...call, ...asked }
  const vectors: Vector[] = []
  const receipts: CallReceipt[] = []
  let sentAtMs = 0
  let providerMs = 0
  for (const { planAt } of await planEmbedding(request, offer)) {
    const plan = (at: Date) => {
      const { ask, ...planned } = planAt(at, vectors[0]?.length)
      return { ...planned, bounds: answerBounds(one.request), ask }
    }
    const startedMs = performance.now()
    const answered = await askUnwaited<Vector[]>(services, { request: call, attempt, plan, sent: () => asked.texts.join(' ') }, call.signal)
    sentAtMs ||= startedMs
    providerMs += performance.now() - startedMs
    if (answered.kind !== 'answered') return { forwarded: failedFrom(answered), takesUsageOut: false, headers }
    vectors.push(...answered.answer)
    receipts.push(receiptOf(answered.base, undefined))
  }
  const receipt = together(receipts)
  const answer = answerOf({ vectors, asked, model: call.candidate.model, usage: receipt.usage })
  const bytes = Buffer.from(JSON.stringify(answer))
  const head = { callId: receipt.callId, status: 200, headers: { 'content-type': 'application/json' }, sentAtMs, providerMs }
  return { forwarded: { kind: 'whole', ...head, bytes, receipt }, takesUsageOut: false, headers }
}

function readAsked(body: unknown, offer: EmbeddingsOffer, report: ParameterReport): Asked {
  const { input, model: _, dimensions, encoding_format: format, input_type: type, user, ...others } = bodyAt(body)
  report.mapped('input')
  for (const name of Object.keys(others)) report.dropped(name, 'unknown')
  if (user !== undefined && user !== null) report.dropped('user', 'this provider takes no end user')
  if (dimensions !== undefined && dimensions !== null) {
    if (offer.dimensions === undefined) report.refused('dimensions', 'this provider makes vectors of its models’ own length.')
    else report.mapped('dimensions')
  }
  const isSaid = type !== undefined && type !== null
  if (!isSaid && offer.purpose) report.added('input_type', 'as documents to be found; say "query" for what is looked for')
  if (isSaid && offer.purpose) report.mapped('input_type')
  if (isSaid && !offer.purpose) report.dropped('input_type', 'it makes no difference here')
  const inBase64 = format !== undefined && format !== null && oneOf(format, 'encoding_format', ['float', 'base64']) === 'base64'
  if (format !== undefined && format !== null) report.mapped('encoding_format')
  return {
    texts: textsOf(input, report),
    purpose: isSaid ? WORDS[oneOf(type, 'input_type', ['document', 'query', 'search_document', 'search_query'])] : 'document',
    dimensions: dimensions === undefined || dimensions === null ? undefined : countAt(dimensions, 'dimensions'),
    inBase64,
  }
}

function textsOf(input: unknown, report: ParameterReport): string[] {
  const entries = typeof input === 'string' ? [input] : arrayAt(input, 'input')
  if (entries.length === 0) throw malformed('input', 'a text, or a list of texts')
  const isTokens = entries.every((entry) => typeof entry === 'number') || entries.every(Array.isArray)
  if (isTokens) {
    report.refused('input', 'its tokens are those of OpenAI’s models; send texts.')
    return []
  }
  return entries.map((entry, at) => {
    const text = stringAt(entry, `input[${at}]`)
    if (text === '') throw new AppError('request.invalid', `"input[${at}]" is empty: there is no vector for it.`)
    return text
  })
}

/** Several calls as one: what is unknown of one is unknown of all. */
function together(receipts: readonly CallReceipt[]): CallReceipt {
  const [first] = receipts
  const usages = receipts.flatMap(({ usage }) => usage ?? [])
  const nothing = first!.cost && { nano: 0n, currency: first!.cost.currency }
  const cost = receipts.reduce<Money | undefined>((sum, next) => addCosts(sum, next.cost), nothing)
  return {
    ...first!,
    callId: receipts.map(({ callId }) => callId).join(', '),
    usage: usages.length === receipts.length ? addUsage(...usages) : undefined,
    cost: cost && { ...first!.cost!, ...cost },
  }
}

function answerOf({
  vectors,
  asked,
  model,
  usage,
}: {
  vectors: readonly Vector[]
  asked: Asked
  model: string
  usage: Usage | undefined
}): object {
  const tokens = usage?.input_tokens
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: asked.inBase64 ? base64Of(vector) : vector })),
    model,
    ...(tokens === undefined ? {} : { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  }
}

/** As OpenAI packs it: 32-bit floats, the least significant byte first. */
function base64Of(vector: Vector): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [at, number] of vector.entries()) bytes.writeFloatLE(number, at * 4)
  return bytes.toString('base64')
}
