import { defined, objectOf, textOf } from '../../base/json.ts'
import type { Usage } from '../../base/usage.ts'
import type { DeclaredCost, MeteredUsage, UsageReader } from '../wire-protocol.ts'
import { createCountReader, usageOf, type CountReader } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

/** How a provider's usage block departs from OpenAI's. Part of the provider's data. */
export interface OpenAiUsageRules {
  /**
   * Where reasoning tokens are counted: 'inside' completion_tokens (OpenAI), or 'by total' for servers we do not know:
   * the total says whether they are inside or beside it (xAI: 2 + 340 reasoning + 12 prompt = 354).
   */
  readonly reasoning: 'inside' | 'by total'
  /**
   * Audio input: 'inside' prompt_tokens (OpenAI), or 'seconds' where the tokens stand beside prompt_tokens and the
   * seconds are what is priced (Mistral: 9 prompt + 375 audio + 248 completion = 632).
   */
  readonly audioInput: 'inside' | 'seconds'
  /** Where cached tokens are said, first found counts: [object, field], or [field] at the top. */
  readonly cachedTokens: readonly (readonly [string] | readonly [string, string])[]
  /** The prompt's other part, where it is said as well: cached and missed must make the prompt (DeepSeek). */
  readonly missedTokens?: string
  /** Tokens of what a search brought, counted beside the prompt at the price of input (Perplexity's deep research). */
  readonly citationTokens?: string
  /** Reasoning said at the top of the block, beside the completion and the total (Perplexity's deep research). */
  readonly reasoningBeside?: string
  /** Web searches, said at the top of the block. */
  readonly searches?: string
  /** What the provider says it charged. */
  readonly declaredCost?: (usage: Block) => DeclaredCost | undefined
}

/**
 * Usage of OpenAI chat completions and their kin. `prompt_tokens` includes cache reads, cache writes, audio and images;
 * each becomes a unit of its own. The parts must sum to `total_tokens`.
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export function openAiChatUsage(rules: OpenAiUsageRules): UsageReader {
  return {
    whole: (body) => {
      const answer = objectOf(body) ?? {}
      return metered({ rules, answer, block: objectOf(answer['usage']), complete: true })
    },
    stream: () => {
      let answer: Block = {}
      let block: Block | undefined
      let complete = false
      return {
        push: (event) => {
          const chunk = objectOf(event)
          if (!chunk) return
          // the last word counts; some servers repeat usage in every chunk (vLLM continuous_usage_stats)
          answer = defined({
            model: textOf(chunk['model']) ?? answer['model'],
            id: textOf(chunk['id']) ?? answer['id'],
            service_tier: textOf(chunk['service_tier']) ?? answer['service_tier'],
          })
          const choices = chunk['choices']
          const usage = objectOf(chunk['usage']) ?? objectOf(objectOf(chunk['x_groq'])?.['usage'])
          if (usage) block = usage
          if (usage && Array.isArray(choices) && choices.length === 0) complete = true
          if (Array.isArray(choices) && choices.some((choice) => textOf(objectOf(choice)?.['finish_reason']))) complete = true
        },
        end: () => metered({ rules, answer, block, complete }),
      }
    },
  }
}

function metered(found: { rules: OpenAiUsageRules; answer: Block; block: Block | undefined; complete: boolean }): MeteredUsage {
  const { rules, answer, block, complete } = found
  const about = defined<Partial<MeteredUsage>>({
    raw: block,
    servedModel: textOf(answer['model']),
    serviceTier: textOf(answer['service_tier']) ?? textOf(block?.['service_tier']),
    providerRequestId: textOf(answer['id']),
  })
  if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
  const counts = createCountReader()
  const inferred: string[] = []
  const usage = readBlock(block, { rules, counts, inferred })
  const declaredCost = rules.declaredCost?.(block)
  if (declaredCost) Object.assign(about, { declaredCost })
  if (counts.doubt !== undefined) return { usage: undefined, source: 'reported', doubt: counts.doubt, ...about }
  if (!complete) return { usage: undefined, source: 'reported', doubt: 'the stream ended early', atLeast: usage, ...about }
  if (inferred.length > 0) return { usage, source: 'estimated', doubt: inferred.join('; '), ...about }
  return { usage, source: 'reported', ...about }
}

function readBlock(block: Block, { rules, counts, inferred }: { rules: OpenAiUsageRules; counts: CountReader; inferred: string[] }): Usage {
  const prompt = counts.required(block, 'prompt_tokens')
  const completion = counts.required(block, 'completion_tokens')
  const total = counts.read(block, 'total_tokens')
  const input = objectOf(block['prompt_tokens_details'])
  const output = objectOf(block['completion_tokens_details'])

  const cacheRead = readCached(block, rules, counts)
  const missed = rules.missedTokens === undefined ? undefined : counts.read(block, rules.missedTokens)
  counts.check(
    missed === undefined || (cacheRead ?? 0) + missed === prompt,
    () => `${cacheRead ?? 0} cached and ${missed} missed tokens are not the ${prompt} of the prompt`,
  )
  const cacheWrite = counts.read(input, 'cache_write_tokens')
  const audioInput = counts.read(input, 'audio_tokens')
  const imageInput = counts.read(input, 'image_tokens')
  const reasoning = counts.read(output, 'reasoning_tokens')
  const audioOutput = counts.read(output, 'audio_tokens')
  const imageOutput = counts.read(output, 'image_tokens')
  const video = counts.read(input, 'video_tokens')
  counts.check(!video, () => `${video} video_tokens have no unit here`)

  const audioBeside = rules.audioInput === 'seconds' ? (audioInput ?? 0) : 0
  const sum = prompt + completion + audioBeside
  const reasoningBeside = isBeside({ rules, reasoning, completion, total, sum }) ? (reasoning ?? 0) : 0
  counts.check(
    total === undefined || total === sum + reasoningBeside,
    () => `total_tokens is ${total}, its parts sum to ${sum + reasoningBeside}`,
  )

  const audioInside = rules.audioInput === 'inside' ? audioInput : undefined
  const uncached = prompt - (cacheRead ?? 0) - (cacheWrite ?? 0) - (audioInside ?? 0) - (imageInput ?? 0)
  const reasoned = clampReasoning({
    reasoning,
    within: completion + reasoningBeside,
    isTotalRight: total === sum + reasoningBeside,
    inferred,
  })
  const visible = completion + reasoningBeside - (reasoned ?? 0) - (audioOutput ?? 0) - (imageOutput ?? 0)
  counts.check(uncached >= 0, () => `the details of ${prompt} prompt_tokens exceed them by ${-uncached}`)
  counts.check(visible >= 0, () => `the details of ${completion} completion_tokens exceed them by ${-visible}`)

  const citations = rules.citationTokens === undefined ? undefined : counts.read(block, rules.citationTokens)
  const thought = rules.reasoningBeside === undefined ? undefined : counts.read(block, rules.reasoningBeside)
  const web = objectOf(block['server_tool_use_details']) ?? objectOf(block['server_tool_use'])
  return usageOf({
    input_tokens: uncached + (citations ?? 0),
    cache_read_tokens: cacheRead,
    cache_write_tokens: cacheWrite,
    output_tokens: visible,
    reasoning_tokens: thought === undefined ? reasoned : thought + (reasoned ?? 0),
    audio_input_tokens: audioInside,
    audio_output_tokens: audioOutput,
    image_input_tokens: imageInput,
    image_output_tokens: imageOutput,
    // the same sound is not counted twice, as tokens and as seconds
    seconds: rules.audioInput === 'seconds' ? readSeconds(block, counts) : undefined,
    searches: rules.searches === undefined ? counts.read(web, 'web_search_requests') : counts.read(block, rules.searches),
  })
}

/**
 * OpenRouter counts reasoning itself and may find more of it than the upstream's completion (recorded: 11 of 10). The
 * completion is what is billed: when the total confirms it, all of it is reasoning.
 */
function clampReasoning(block: {
  reasoning: number | undefined
  within: number
  isTotalRight: boolean
  inferred: string[]
}): number | undefined {
  const { reasoning, within, isTotalRight, inferred } = block
  if (reasoning === undefined || reasoning <= within || !isTotalRight) return reasoning
  inferred.push(`reasoning_tokens is ${reasoning}, more than the ${within} completion_tokens that the total confirms`)
  return within
}

function readCached(block: Block, rules: OpenAiUsageRules, counts: CountReader): number | undefined {
  for (const [first, second] of rules.cachedTokens) {
    const cached = second === undefined ? counts.read(block, first) : counts.read(objectOf(block[first]), second)
    if (cached !== undefined) return cached
  }
  return undefined
}

/** Mistral sends `{}` where there is no sound. */
function readSeconds(block: Block, counts: CountReader): number | undefined {
  return objectOf(block['prompt_audio_seconds']) ? undefined : counts.read(block, 'prompt_audio_seconds')
}

function isBeside(block: {
  rules: OpenAiUsageRules
  reasoning: number | undefined
  completion: number
  total: number | undefined
  sum: number
}): boolean {
  const { rules, reasoning = 0, completion, total, sum } = block
  if (rules.reasoning === 'inside' || reasoning === 0) return false
  return total === undefined ? reasoning > completion : total === sum + reasoning
}
