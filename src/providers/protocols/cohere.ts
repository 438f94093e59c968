import { defined, objectOf, textOf } from '../../base/json.ts'
import type { ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify, failureWith, type ErrorRule } from './classify.ts'
import { createCountReader, usageOf } from './counts.ts'
import { saidByCohere } from './said.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Usage of Cohere's chat v2: `billed_units` are what is charged; `tokens` counts also Cohere's own preamble (505 for 10
 * billed, recorded) and `cached_tokens` belong to those, so neither is taken. Reasoning is part of the billed output.
 * A stream says it all in its last event. The answer does not name its model.
 * @see https://docs.cohere.com/reference/chat
 */
const cohereUsage: UsageReader = {
  whole: (body) => {
    const answer = objectOf(body) ?? {}
    return metered({ id: textOf(answer['id']), block: objectOf(answer['usage']) })
  },
  stream: () => {
    let id: string | undefined
    let block: Block | undefined
    return {
      push: (value) => {
        const event = objectOf(value)
        if (event?.['type'] === 'message-start') id = textOf(event['id'])
        if (event?.['type'] === 'message-end') block = objectOf(objectOf(event['delta'])?.['usage'])
      },
      end: () => metered({ id, block }),
    }
  },
}

function metered({ id, block }: { id: string | undefined; block: Block | undefined }): MeteredUsage {
  const about = defined<Partial<MeteredUsage>>({ raw: block, providerRequestId: id })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const billed = objectOf(block['billed_units'])
  const input = counts.required(billed, 'input_tokens')
  const output = counts.required(billed, 'output_tokens')
  const thought = counts.read(objectOf(block['tokens']), 'reasoning_tokens')
  const searches = counts.read(billed, 'search_units')
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  // counted by another count than the bill: where it is the larger one, how the bill splits is not known, nor matters to its sum
  const reasoning = thought !== undefined && thought <= output ? thought : undefined
  const usage = usageOf({ input_tokens: input, output_tokens: output - (reasoning ?? 0), reasoning_tokens: reasoning, searches })
  return { usage, source: 'reported', ...about }
}

const RULES: readonly ErrorRule[] = [
  ({ status }) => (status === 498 ? 'provider.bad_key' : undefined),
  // the trial's allowance of a month is no limit that waiting for minutes mends
  ({ status, message }) => (status === 429 && /trial.{0,120}\bmonth/i.test(message) ? 'provider.no_credit' : undefined),
]

/** Cohere's chat v2. @see https://docs.cohere.com/reference/errors */
export const cohereChat: Protocol = {
  id: 'cohere-chat',
  usage: cohereUsage,
  said: saidByCohere,
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError,
}

/** `finish_reason` of an answer, or of the last event of a stream. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const body = objectOf(answer.body)
  const end = body?.['type'] === 'message-end' ? objectOf(body['delta']) : body
  const message = textOf(end?.['error']) ?? ''
  const { status } = answer
  switch (end?.['finish_reason']) {
    case 'ERROR':
      return failureWith(answer, 'provider.failed', { message, status })
    case 'TIMEOUT':
      return failureWith(answer, 'provider.timeout', { message, status })
    case 'ERROR_TOXIC':
      return failureWith(answer, 'provider.content_refused', { message, status })
    default:
      return undefined
  }
}
