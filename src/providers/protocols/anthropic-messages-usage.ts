import { defined, objectOf, textOf } from '../../base/json.ts'
import { addUsage, type Usage } from '../../base/usage.ts'
import type { MeteredUsage, UsageReader } from '../wire-protocol.ts'
import { createCountReader, usageOf, type CountReader } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

/**
 * Usage of Anthropic messages. `input_tokens` excludes both cache classes. A stream says its input in message_start and
 * final values in message_delta, cumulative: the last value of each field counts. `iterations` (compaction, advisor,
 * fallback) are summed by model: the top level leaves some out.
 * @see https://platform.claude.com/docs/en/api/messages
 */
export const anthropicMessagesUsage: UsageReader = {
  whole: (body) => {
    const message = objectOf(body) ?? {}
    return metered({ message, block: objectOf(message['usage']), complete: true })
  },
  stream: () => {
    let message: Block = {}
    let block: Record<string, unknown> | undefined
    let hasFinalUsage = false
    let isStopped = false
    let isMixed = false
    return {
      push: (value) => {
        const event = objectOf(value)
        if (event?.['type'] === 'message_start') {
          const next = objectOf(event['message']) ?? {}
          isMixed ||= message['id'] !== undefined && next['id'] !== message['id']
          message = next
          const usage = objectOf(message['usage'])
          block = usage ? { ...usage } : undefined
          // a step of programmatic tool calling comes whole in its message_start
          const isWhole = textOf(message['stop_reason']) !== undefined
          hasFinalUsage = isWhole && usage !== undefined
          isStopped = isWhole
        } else if (event?.['type'] === 'message_delta') {
          const usage = objectOf(event['usage'])
          if (usage) block = { ...block, ...said(usage) }
          if (usage && typeof usage['output_tokens'] === 'number') hasFinalUsage = true
          if (textOf(objectOf(event['delta'])?.['stop_reason'])) isStopped = true
        } else if (event?.['type'] === 'message_stop') {
          isStopped = true
        }
      },
      end: () => {
        // the output_tokens of message_start are a placeholder
        if (block && !hasFinalUsage) delete block['output_tokens']
        if (isMixed) return { usage: undefined, source: 'reported', doubt: 'the stream holds several messages', raw: block }
        return metered({ message, block, complete: hasFinalUsage && isStopped })
      },
    }
  },
}

/** Without nulls, which say nothing and replace nothing. */
function said(usage: Block): Block {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null))
}

function metered({ message, block, complete }: { message: Block; block: Block | undefined; complete: boolean }): MeteredUsage {
  const servedModel = textOf(message['model'])
  const inferenceGeo = textOf(block?.['inference_geo'])
  const about = defined<Partial<MeteredUsage>>({
    raw: block,
    servedModel,
    serviceTier: textOf(block?.['service_tier']),
    speed: textOf(block?.['speed']),
    inferenceGeo: inferenceGeo === 'not_available' ? undefined : inferenceGeo,
    providerRequestId: textOf(message['id']),
  })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const inferred: string[] = []
  if (!complete) {
    const atLeast = readTokens(block, { counts, inferred, isOutputKnown: 'output_tokens' in block })
    const doubt = counts.doubt ?? 'the stream ended early'
    return { usage: undefined, source: 'reported', doubt, ...(counts.doubt === undefined && { atLeast }), ...about }
  }
  const { usage, other } = readBlock({ block, servedModel, counts, inferred })
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  if (other.length > 0) Object.assign(about, { other })
  return inferred.length > 0
    ? { usage, source: 'estimated', doubt: inferred.join('; '), ...about }
    : { usage, source: 'reported', ...about }
}

function readBlock({
  block,
  servedModel,
  counts,
  inferred,
}: {
  block: Block
  servedModel: string | undefined
  counts: CountReader
  inferred: string[]
}): { usage: Usage; other: { model: string; usage: Usage }[] } {
  const iterations = Array.isArray(block['iterations']) ? block['iterations'].map(objectOf).filter((item) => item !== undefined) : []
  const byModel = new Map<string | undefined, Usage>()
  if (iterations.length === 0) {
    byModel.set(servedModel, readTokens(block, { counts, inferred }))
  } else {
    const restIsLong = isLong(objectOf(block['cache_creation']))
    for (const iteration of iterations) {
      const model = textOf(iteration['model']) ?? servedModel
      byModel.set(model, addUsage(byModel.get(model) ?? {}, readTokens(iteration, { counts, inferred, restIsLong })))
    }
    checkIterations(block, [...byModel.values()], counts)
  }
  const main = byModel.get(servedModel) ?? {}
  byModel.delete(servedModel)
  return {
    usage: { ...withThinking(main, block, counts), ...searchesOf(block, counts) },
    other: [...byModel].map(([model, usage]) => ({ model: model!, usage })),
  }
}

/** The top level never says more than its iterations do together (it may say less). */
function checkIterations(block: Block, usages: readonly Usage[], counts: CountReader): void {
  const sum = addUsage(...usages)
  const input = counts.required(block, 'input_tokens')
  const output = counts.required(block, 'output_tokens')
  counts.check(input <= (sum.input_tokens ?? 0), () => `input_tokens is ${input}, its iterations sum to ${sum.input_tokens}`)
  counts.check(output <= (sum.output_tokens ?? 0), () => `output_tokens is ${output}, its iterations sum to ${sum.output_tokens}`)
}

/** Thinking is part of the output, said once for the whole message; it stays there when another model may have done it. */
function withThinking(usage: Usage, block: Block, counts: CountReader): Usage {
  const thinking = counts.read(objectOf(block['output_tokens_details']), 'thinking_tokens')
  if (thinking === undefined) return usage
  const output = counts.required(block, 'output_tokens')
  counts.check(thinking <= output, () => `thinking_tokens is ${thinking}, output_tokens only ${output}`)
  const own = usage.output_tokens ?? 0
  return thinking <= own ? { ...usage, output_tokens: own - thinking, reasoning_tokens: thinking } : usage
}

function searchesOf(block: Block, counts: CountReader): Usage {
  return usageOf({ searches: counts.read(objectOf(block['server_tool_use']), 'web_search_requests') })
}

function readTokens(
  block: Block,
  {
    counts,
    inferred,
    restIsLong,
    isOutputKnown = true,
  }: { counts: CountReader; inferred: string[]; restIsLong?: boolean; isOutputKnown?: boolean },
): Usage {
  return usageOf({
    input_tokens: counts.required(block, 'input_tokens'),
    cache_read_tokens: counts.read(block, 'cache_read_input_tokens'),
    ...readCacheWrites(block, { counts, inferred, restIsLong: restIsLong ?? isLong(objectOf(block['cache_creation'])) }),
    output_tokens: isOutputKnown ? counts.required(block, 'output_tokens') : undefined,
  })
}

/**
 * Cache writes by lifetime. A stream with server tools says the split of its first step only (message_start) and then a
 * larger total (message_delta): the rest is put to the long lifetime when the first step wrote any so, and marked inferred.
 */
function readCacheWrites(
  block: Block,
  { counts, inferred, restIsLong }: { counts: CountReader; inferred: string[]; restIsLong: boolean },
): Usage {
  const split = objectOf(block['cache_creation'])
  const total = counts.read(block, 'cache_creation_input_tokens')
  const short = counts.read(split, 'ephemeral_5m_input_tokens')
  const long = counts.read(split, 'ephemeral_1h_input_tokens')
  if (short === undefined && long === undefined) {
    return restIsLong ? usageOf({ cache_write_long_tokens: total }) : usageOf({ cache_write_tokens: total })
  }
  const rest = total === undefined ? 0 : total - (short ?? 0) - (long ?? 0)
  counts.check(rest >= 0, () => `cache_creation_input_tokens is ${total}, its split sums to ${(short ?? 0) + (long ?? 0)}`)
  if (rest > 0) inferred.push(`the lifetime of ${rest} of ${total} cache_creation_input_tokens is not said`)
  return {
    cache_write_tokens: (short ?? 0) + (restIsLong ? 0 : rest),
    cache_write_long_tokens: (long ?? 0) + (restIsLong ? rest : 0),
  }
}

function isLong(split: Block | undefined): boolean {
  const long = split?.['ephemeral_1h_input_tokens']
  return typeof long === 'number' && long > 0
}
