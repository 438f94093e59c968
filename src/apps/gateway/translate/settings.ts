import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import type { Abilities, Sampling } from './abilities.ts'
import type { Block } from './read.ts'
import type { ParameterReport } from './report.ts'

/** A request in the words of the package that will say it to the provider, with what became of each parameter. */
export interface TranslatedRequest {
  /** Without a signal: whoever makes the call has it. */
  readonly options: LanguageModelV4CallOptions
  readonly streams: boolean
  /** A stream ends with a chunk of usage (OpenAI's `stream_options.include_usage`); Anthropic's streams always tell it. */
  readonly includesUsage: boolean
  readonly report: ParameterReport
}

/** What a request's parameters come to, put together one by one. */
export interface Draft {
  readonly abilities: Abilities
  readonly report: ParameterReport
  readonly settings: Omit<LanguageModelV4CallOptions, 'prompt' | 'providerOptions'>
  readonly providerOptions: Record<string, Record<string, unknown>>
  /** Said in the system text, because the provider has no parameter for it. */
  readonly instructions: string[]
}

export const createDraft = (abilities: Abilities, report: ParameterReport): Draft => ({
  abilities,
  report,
  settings: {},
  providerOptions: {},
  instructions: [],
})

/** A setting that some providers have and others have not, and that changes no meaning: left out where it is not known. */
export function takeSampling<Setting extends Sampling>(
  draft: Draft,
  parameter: string,
  setting: Setting,
  value: NonNullable<LanguageModelV4CallOptions[Setting]>,
): void {
  if (!draft.abilities.sampling.includes(setting)) return draft.report.dropped(parameter, 'not of this provider')
  draft.settings[setting] = value
  draft.report.mapped(parameter)
}

export function takeTemperature({ abilities, report, settings }: Draft, value: number): void {
  const most = abilities.temperatureAtMost
  if (most === undefined || value <= most) report.mapped('temperature')
  else report.mapped('temperature', `lowered to ${most}, the highest here`)
  settings.temperature = most === undefined ? value : Math.min(value, most)
}

/** Where an answer ends is part of what it means: a provider that cannot end it there is not asked. */
export function takeStop(draft: Draft, parameter: string, stops: readonly string[]): void {
  if (stops.length === 0) return draft.report.mapped(parameter)
  if (!draft.abilities.sampling.includes('stopSequences')) {
    return draft.report.refused(parameter, 'this provider’s interface cannot end an answer at a text.')
  }
  takeSampling(draft, parameter, 'stopSequences', [...stops])
}

export function takeReasoning(
  { abilities, report, settings }: Draft,
  parameter: string,
  level: NonNullable<LanguageModelV4CallOptions['reasoning']>,
): void {
  if (!abilities.reasoningLevels && level !== 'none') return report.dropped(parameter, 'this provider can only be told not to reason')
  settings.reasoning = level
  report.mapped(parameter)
}

export function takeProviderOptions(draft: Draft, options: NonNullable<LanguageModelV4CallOptions['providerOptions']>): void {
  for (const [provider, own] of Object.entries(options)) draft.providerOptions[provider] = { ...draft.providerOptions[provider], ...own }
}

export function takeOneToolCall(draft: Draft, parameter: string, oneAtATime: boolean): void {
  const { abilities, report } = draft
  if (!oneAtATime) return report.mapped(parameter)
  if (!abilities.oneToolCall) return report.dropped(parameter, 'this provider may call several tools at once')
  takeProviderOptions(draft, abilities.oneToolCall)
  report.mapped(parameter)
}

export function takeEndUser(draft: Draft, parameter: string, id: string): void {
  if (!draft.abilities.endUser) return draft.report.dropped(parameter, 'this provider takes no end user')
  takeProviderOptions(draft, draft.abilities.endUser(id))
  draft.report.mapped(parameter)
}

/** JSON as an answer, of a schema or of any form. What a provider cannot be bound to is asked for in the system text. */
export function takeJson(
  { abilities, report, settings, instructions }: Draft,
  parameter: string,
  format: { readonly schema?: Block; readonly name?: string; readonly description?: string },
): void {
  const { schema, ...named } = format
  if (schema === undefined ? abilities.jsonObject : abilities.jsonSchema) {
    // a schema is its author's: whether it is one, the provider says
    settings.responseFormat = { type: 'json', ...named, ...(schema === undefined ? {} : { schema }) }
    return report.mapped(parameter)
  }
  instructions.push(
    schema === undefined
      ? 'The answer is one JSON object, and nothing else.'
      : `The answer is one JSON object of this JSON schema, and nothing else:\n${JSON.stringify(schema)}`,
  )
  report.mapped(parameter, 'asked for in the system text')
}

/** Prompt and settings as one; tells of the output limit that the package says where its provider demands one. */
export function finishDraft(
  { abilities, report, settings, providerOptions, instructions }: Draft,
  prompt: LanguageModelV4Prompt,
): LanguageModelV4CallOptions {
  if (abilities.needsOutputLimit && settings.maxOutputTokens === undefined) {
    report.added('max_tokens', 'what is reserved, else the model’s maximum: this provider demands a limit')
  }
  const systems = prompt.findIndex(({ role }) => role !== 'system')
  const at = systems < 0 ? prompt.length : systems
  const said = instructions.map((content) => ({ role: 'system' as const, content }))
  return {
    ...settings,
    prompt: said.length === 0 ? prompt : prompt.toSpliced(at, 0, ...said),
    ...(Object.keys(providerOptions).length > 0 && {
      providerOptions: providerOptions as NonNullable<LanguageModelV4CallOptions['providerOptions']>,
    }),
  }
}

/** The packages' names of settings in the words of each dialect, for what a model turns out not to take. */
export const OPENAI_NAMES = {
  maxOutputTokens: ['max_completion_tokens', 'max_tokens'],
  temperature: ['temperature'],
  topP: ['top_p'],
  topK: ['top_k'],
  frequencyPenalty: ['frequency_penalty'],
  presencePenalty: ['presence_penalty'],
  seed: ['seed'],
  stopSequences: ['stop'],
  reasoning: ['reasoning_effort'],
  thinking: ['reasoning_effort'],
  effort: ['reasoning_effort'],
  responseFormat: ['response_format'],
  structuredOutputMode: ['response_format'],
  toolChoice: ['tool_choice'],
  strict: ['tools.strict'],
  toolContent: ['messages.tool_calls'],
} as const

export const ANTHROPIC_NAMES = {
  ...OPENAI_NAMES,
  maxOutputTokens: ['max_tokens'],
  stopSequences: ['stop_sequences'],
  reasoning: ['output_config.effort', 'thinking'],
  reasoningConfig: ['output_config.effort', 'thinking'],
  budgetTokens: ['thinking'],
  thinking: ['thinking'],
  adaptive: ['thinking'],
  effort: ['output_config.effort', 'thinking'],
  responseFormat: ['output_config.format'],
  structuredOutputMode: ['output_config.format'],
  toolContent: ['messages.tool_use'],
} as const
