import type { Usage, UsageUnit } from '../../../base/usage.ts'
import { defined } from '../../../base/json.ts'

/**
 * The metered usage in the caller's words. A unit that is not known stays away, or is null where the dialect has a place
 * for that; nothing is written as 0 that nobody counted. Anthropic's clients demand numbers: they get rough ones (`RoughUsage`).
 */

const UNCACHED_INPUT = ['input_tokens', 'audio_input_tokens', 'image_input_tokens'] as const
const CACHE_WRITES = ['cache_write_tokens', 'cache_write_long_tokens'] as const
const OUTPUT = ['output_tokens', 'reasoning_tokens', 'audio_output_tokens', 'image_output_tokens'] as const

/** The sum of the units that are known, undefined when none is. */
function sumOf(usage: Usage, units: readonly UsageUnit[]): number | undefined {
  const known = units.flatMap((unit) => usage[unit] ?? [])
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0)
}

export interface OpenaiUsage {
  readonly prompt_tokens: number
  readonly completion_tokens: number
  readonly total_tokens: number
  readonly prompt_tokens_details?: Readonly<Record<string, number>>
  readonly completion_tokens_details?: Readonly<Record<string, number>>
}

/** As OpenAI counts: input with what came from a cache, output with reasoning. Undefined where one of them is not known. */
export function openaiUsage(usage: Usage | undefined): OpenaiUsage | undefined {
  if (!usage) return undefined
  const prompt = sumOf(usage, [...UNCACHED_INPUT, 'cache_read_tokens', ...CACHE_WRITES])
  const completion = sumOf(usage, OUTPUT)
  if (prompt === undefined || completion === undefined) return undefined
  const promptDetails = defined<Record<string, number>>({
    cached_tokens: usage.cache_read_tokens,
    cache_write_tokens: sumOf(usage, CACHE_WRITES),
    audio_tokens: usage.audio_input_tokens,
    image_tokens: usage.image_input_tokens,
  })
  const completionDetails = defined<Record<string, number>>({
    reasoning_tokens: usage.reasoning_tokens,
    audio_tokens: usage.audio_output_tokens,
  })
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(Object.keys(promptDetails).length > 0 && { prompt_tokens_details: promptDetails }),
    ...(Object.keys(completionDetails).length > 0 && { completion_tokens_details: completionDetails }),
  }
}

export interface AnthropicUsage {
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cache_read_input_tokens: number | null
  readonly cache_creation_input_tokens: number | null
  readonly cache_creation: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number } | null
  readonly output_tokens_details: { readonly thinking_tokens: number } | null
  readonly server_tool_use: null
  readonly service_tier: null
}

/** What is said where nothing is known: Anthropic's clients break on anything but a number. */
export interface RoughUsage {
  readonly input: number | undefined
  readonly output: number | undefined
}

/** As Anthropic counts: input without what came from a cache or went into one. */
export function anthropicUsage(usage: Usage = {}, rough?: RoughUsage): AnthropicUsage {
  const { cache_write_tokens: short, cache_write_long_tokens: long, reasoning_tokens: thinking } = usage
  return {
    input_tokens: sumOf(usage, UNCACHED_INPUT) ?? rough?.input ?? null,
    output_tokens: sumOf(usage, OUTPUT) ?? rough?.output ?? null,
    cache_read_input_tokens: usage.cache_read_tokens ?? null,
    cache_creation_input_tokens: sumOf(usage, CACHE_WRITES) ?? null,
    // with one of them counted, the other's absence says that there was none
    cache_creation:
      short === undefined && long === undefined ? null : { ephemeral_5m_input_tokens: short ?? 0, ephemeral_1h_input_tokens: long ?? 0 },
    output_tokens_details: thinking === undefined ? null : { thinking_tokens: thinking },
    server_tool_use: null,
    service_tier: null,
  }
}
