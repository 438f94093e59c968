/**
 * What a call consumed, in disjoint units: no token is counted under two of them, so a cost is one sum over the units.
 * A reader maps each wire protocol's own fields to these (facts differ: OpenAI's `prompt_tokens` includes cache reads,
 * Anthropic's `input_tokens` does not). A unit that is absent is unknown or does not apply; absent is never zero.
 */
export const USAGE_UNITS = [
  'input_tokens', // uncached text input
  'cache_read_tokens',
  'cache_write_tokens', // written with the provider's default lifetime (OpenAI 30 min, Anthropic 5 min)
  'cache_write_long_tokens', // written with the long lifetime (OpenAI 12 h, Anthropic 1 h)
  'output_tokens', // visible text output, without reasoning
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'image_input_tokens',
  'image_output_tokens',
  'images',
  'megapixels',
  'characters',
  'seconds',
  'pages',
  'searches',
  'requests',
  'machine_ms', // milliseconds of a machine that is paid by the hour, shared with the calls beside it
] as const

export type UsageUnit = (typeof USAGE_UNITS)[number]

/** Whole numbers of 0 and more, by unit. */
export type Usage = Partial<Record<UsageUnit, number>>

/** Where a usage comes from: the provider said so, we counted with its own tokenizer, or we estimated. */
export type UsageSource = 'reported' | 'counted' | 'estimated'

/** Sums usages unit by unit; a unit that no operand has stays absent. */
export function addUsage(...usages: readonly Usage[]): Usage {
  const sum: Usage = {}
  for (const usage of usages) {
    for (const unit of USAGE_UNITS) {
      const count = usage[unit]
      if (count !== undefined) sum[unit] = (sum[unit] ?? 0) + count
    }
  }
  return sum
}
