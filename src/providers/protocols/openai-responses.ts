import { defined, objectOf, textOf } from '../../base/json.ts'
import type { Usage } from '../../base/usage.ts'
import type { DeclaredCost, ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify, failureWith } from './classify.ts'
import { createCountReader, usageOf, type CountReader } from './counts.ts'
import { saidByOpenAiResponses } from './said.ts'

type Block = Readonly<Record<string, unknown>>

export interface OpenAiResponsesRules {
  /** What the usage block says was charged, where a provider says so. */
  readonly declaredCost?: (usage: Block) => DeclaredCost | undefined
}

/** The last event of a stream, which holds the whole response. */
const LAST = /^response\.(?:completed|incomplete|failed)$/

/**
 * Usage of OpenAI responses and their kin. `input_tokens` includes cache reads and cache writes, `output_tokens` reasoning:
 * total = input + output. A stream says it in its last event only.
 * @see https://platform.openai.com/docs/api-reference/responses/object
 */
const responsesUsage = (rules: OpenAiResponsesRules): UsageReader => ({
  whole: (body) => metered(objectOf(body) ?? {}, { complete: true, rules }),
  stream: () => {
    let response: Block = {}
    let complete = false
    return {
      push: (value) => {
        const event = objectOf(value)
        response = objectOf(event?.['response']) ?? response
        if (LAST.test(textOf(event?.['type']) ?? '')) complete = true
      },
      end: () => metered(response, { complete, rules }),
    }
  },
})

function metered(response: Block, { complete, rules }: { complete: boolean; rules: OpenAiResponsesRules }): MeteredUsage {
  const block = objectOf(response['usage'])
  const about = defined<Partial<MeteredUsage>>({
    raw: block,
    servedModel: textOf(response['model']),
    serviceTier: textOf(response['service_tier']),
    providerRequestId: textOf(response['id']),
    declaredCost: block && rules.declaredCost?.(block),
  })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const usage = { ...readTokens(block, counts), ...searchesOf(response, block, counts) }
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  if (!complete) return { usage: undefined, source: 'reported', doubt: 'the stream ended early', atLeast: usage, ...about }
  return { usage, source: 'reported', ...about }
}

function readTokens(block: Block, counts: CountReader): Usage {
  const input = counts.required(block, 'input_tokens')
  const output = counts.required(block, 'output_tokens')
  const total = counts.read(block, 'total_tokens')
  const inputDetails = objectOf(block['input_tokens_details'])
  const read = counts.read(inputDetails, 'cached_tokens')
  const write = counts.read(inputDetails, 'cache_write_tokens')
  const reasoning = counts.read(objectOf(block['output_tokens_details']), 'reasoning_tokens')
  const uncached = input - (read ?? 0) - (write ?? 0)
  const visible = output - (reasoning ?? 0)
  counts.check(total === undefined || total === input + output, () => `total_tokens is ${total}, its parts sum to ${input + output}`)
  counts.check(uncached >= 0, () => `the details of ${input} input_tokens exceed them by ${-uncached}`)
  counts.check(visible >= 0, () => `the details of ${output} output_tokens exceed them by ${-visible}`)
  return usageOf({
    input_tokens: uncached,
    cache_read_tokens: read,
    cache_write_tokens: write,
    output_tokens: visible,
    reasoning_tokens: reasoning,
  })
}

/** Searches of the web: as counted by the provider, else the calls among the output that searched (others open a page found before). */
function searchesOf(response: Block, block: Block, counts: CountReader): Usage {
  const counted =
    counts.read(objectOf(objectOf(response['tool_usage'])?.['web_search']), 'num_requests') ??
    counts.read(objectOf(block['server_side_tool_usage_details']), 'web_search_calls') // xAI
  const calls = itemsOf(response, 'output').filter((item) => {
    const action = textOf(objectOf(item['action'])?.['type'])
    return item['type'] === 'web_search_call' && (action === undefined || action === 'search')
  }).length
  const searches = counted ?? calls
  return searches > 0 ? { searches } : {}
}

function itemsOf(block: Block, field: string): Block[] {
  const items = block[field]
  return Array.isArray(items) ? items.map(objectOf).filter((item) => item !== undefined) : []
}

/** OpenAI responses; a provider's data names what its usage block says besides. @see https://platform.openai.com/docs/api-reference/responses */
export function openAiResponsesWith(rules: OpenAiResponsesRules): Protocol {
  return {
    id: 'openai-responses',
    usage: responsesUsage(rules),
    said: saidByOpenAiResponses,
    classifyError: (answer) => classify(answer, []),
    classifyBodyError,
  }
}

export const openAiResponses: Protocol = openAiResponsesWith({})

/** Codes of `response.error` that say no status; others are the provider's own failures. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = { rate_limit_exceeded: 429, insufficient_quota: 429, invalid_prompt: 400 }

/** A response that failed, one that a filter stopped, a refusal in the model's words; the same as the last event of a stream. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const event = objectOf(answer.body)
  const body = objectOf(event?.['response']) ?? event
  if (!body) return undefined
  const error = objectOf(body['error']) ?? (body['type'] === 'error' ? body : undefined)
  if (error) {
    const { code, message } = error
    const status = (typeof code === 'string' && Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code] : undefined) ?? 500
    return classify({ ...answer, status, body: { error: { code, message } } }, [])
  }
  const parts = itemsOf(body, 'output').flatMap((item) => itemsOf(item, 'content'))
  const refusal = parts.find(({ type }) => type === 'refusal')
  const isFiltered = objectOf(body['incomplete_details'])?.['reason'] === 'content_filter'
  if (!isFiltered && !(refusal && parts.every(({ type }) => type === 'refusal'))) return undefined
  return failureWith(answer, 'provider.content_refused', { message: textOf(refusal?.['refusal']) ?? '', status: answer.status })
}
