import type { ErrorCode } from '../../base/errors.ts'
import { defined, objectOf, textOf } from '../../base/json.ts'
import type { Usage } from '../../base/usage.ts'
import type { ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify, failureWith, type ErrorRule } from './classify.ts'
import { createCountReader, usageOf, type CountReader } from './counts.ts'
import { saidByBedrock } from './said.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Usage of Amazon Bedrock's Converse. `inputTokens` excludes cache reads and writes: total = input + output + read + write;
 * reasoning is part of the output and not said apart. A stream says it in its `metadata` event, which is its last. Events
 * are pushed as `{ [event type]: payload }` (aws-event-stream.ts). The answer names a model only where a router chose it.
 * @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html
 */
const converseUsage: UsageReader = {
  whole: (body) => metered(objectOf(body) ?? {}),
  stream: () => {
    let metadata: Block = {}
    return {
      push: (event) => {
        metadata = objectOf(objectOf(event)?.['metadata']) ?? metadata
      },
      end: () => metered(metadata),
    }
  },
}

/** The body of a whole answer and the metadata of a stream hold the same fields. */
function metered(answer: Block): MeteredUsage {
  const block = objectOf(answer['usage'])
  const tier = textOf(objectOf(answer['serviceTier'])?.['type'])
  const about = defined<Partial<MeteredUsage>>({
    raw: block,
    servedModel: textOf(objectOf(objectOf(answer['trace'])?.['promptRouter'])?.['invokedModelId']),
    serviceTier: tier === 'default' ? undefined : tier,
  })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const usage = readTokens(block, counts)
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  return { usage, source: 'reported', ...about }
}

function readTokens(block: Block, counts: CountReader): Usage {
  const input = counts.required(block, 'inputTokens')
  const output = counts.required(block, 'outputTokens')
  const read = counts.read(block, 'cacheReadInputTokens')
  const write = counts.read(block, 'cacheWriteInputTokens')
  const total = counts.read(block, 'totalTokens')
  const sum = input + output + (read ?? 0) + (write ?? 0)
  counts.check(total === undefined || total === sum, () => `totalTokens is ${total}, its parts sum to ${sum}`)
  const long = longWrites(block['cacheDetails'], counts)
  counts.check((long ?? 0) <= (write ?? 0), () => `cacheDetails has ${long} of 1h, cacheWriteInputTokens is ${write}`)
  return usageOf({
    input_tokens: input,
    cache_read_tokens: read,
    cache_write_tokens: write === undefined ? undefined : write - (long ?? 0),
    cache_write_long_tokens: long,
    output_tokens: output,
  })
}

/** What was written for an hour; the rest is written for five minutes. */
function longWrites(details: unknown, counts: CountReader): number | undefined {
  if (!Array.isArray(details)) return undefined
  const long = details.map(objectOf).filter((detail) => detail?.['ttl'] === '1h')
  return long.length === 0 ? undefined : long.reduce((sum, detail) => sum + counts.required(detail, 'inputTokens'), 0)
}

/** Amazon Bedrock's Converse, with an API key of Bedrock. @see https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export const bedrockConverse: Protocol = {
  id: 'bedrock-converse',
  framing: 'aws-event-stream',
  usage: converseUsage,
  said: saidByBedrock,
  classifyError,
  classifyBodyError,
}

/** By the error's name, which stands in a header (or in the body, or is the event's own). */
const BY_NAME: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries({
    unrecognizedclientexception: 'provider.bad_key',
    expiredtokenexception: 'provider.bad_key',
    invalidsignatureexception: 'provider.bad_key',
    missingauthenticationtokenexception: 'provider.bad_key',
    accessdeniedexception: 'provider.no_permission',
    throttlingexception: 'provider.rate_limited',
    servicequotaexceededexception: 'provider.rate_limited',
    modelnotreadyexception: 'provider.overloaded',
    serviceunavailableexception: 'provider.overloaded',
    modeltimeoutexception: 'provider.timeout',
    modelerrorexception: 'provider.failed',
    modelstreamerrorexception: 'provider.failed',
    internalserverexception: 'provider.failed',
    resourcenotfoundexception: 'provider.model_missing',
  } as const),
)

const RULES: readonly ErrorRule[] = [
  ({ status, message }) =>
    (status === 401 || status === 403) &&
    /api key is (?:in)?valid|\bbearer\b.{0,60}(?:invalid|expired)|security token.{0,60}(?:invalid|expired)/i.test(message)
      ? 'provider.bad_key'
      : undefined,
  ({ status, message }) =>
    status === 400 && /model identifier is invalid|on-demand throughput isn.t supported|end of its life/i.test(message)
      ? 'provider.model_missing'
      : undefined,
  ({ type }) => BY_NAME.get(type),
]

function classifyError(answer: ErrorAnswer): ProviderFailure {
  const body = objectOf(answer.body)
  const name = textOf(answer.headers['x-amzn-errortype']) ?? textOf(body?.['__type'])
  const message = textOf(body?.['message']) ?? textOf(body?.['Message']) // both are seen
  // "UnrecognizedClientException:http://internal.amazon.com/coral/...", "com.amazon.coral.service#ThrottlingException"
  const type = name?.replace(/:.*$/, '').replace(/^.*#/, '')
  return classify({ ...answer, body: body ? defined({ type, message }) : answer.body }, RULES)
}

/** Exceptions come in a stream as events named after them, without "Exception" in capitals. */
const STATUS_OF_EVENT: Readonly<Record<string, number>> = {
  internalServerException: 500,
  modelStreamErrorException: 424,
  serviceUnavailableException: 503,
  throttlingException: 429,
  validationException: 400,
}

/** An answer that Amazon's or the person's own guardrails stopped; an exception among the events of a stream. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  if (!body) return undefined
  for (const [name, status] of Object.entries(STATUS_OF_EVENT)) {
    const message = textOf(objectOf(body[name])?.['message'])
    if (body[name] !== undefined) return classifyError({ ...answer, status, headers: {}, body: defined({ __type: name, message }) })
  }
  const stop = body['stopReason'] ?? objectOf(body['messageStop'])?.['stopReason']
  if (stop !== 'content_filtered' && stop !== 'guardrail_intervened' && stop !== 'refusal') return undefined
  return failureWith(answer, 'provider.content_refused', { message: '', status: answer.status })
}
