import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import { objectOf, textOf } from '../../../base/json.ts'
import type { Usage } from '../../../base/usage.ts'
import { type AnswerHead, roughTokens } from './stream.ts'
import { UNSIGNED } from './thinking.ts'
import { anthropicUsage } from './usage.ts'

/** A model's answer as Anthropic's message. Thinking that Claude signed keeps its signature; all other bears `UNSIGNED`. */
export function anthropicMessageOut(
  result: LanguageModelV4GenerateResult,
  { id, model, roughInputTokens: input }: AnswerHead,
  usage: Usage | undefined,
): object {
  const content = result.content.flatMap(blockOf)
  const rough = input === undefined ? undefined : { input, output: roughTokens(Buffer.byteLength(JSON.stringify(content))) }
  const hasToolUse = result.content.some(isToolUse)
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    ...stopOf(result.finishReason, hasToolUse, result.providerMetadata),
    usage: anthropicUsage(usage, rough),
  }
}

const isToolUse = (part: LanguageModelV4Content): boolean => part.type === 'tool-call' && part.providerExecuted !== true

function blockOf(part: LanguageModelV4Content): object[] {
  if (part.type === 'text') return part.text === '' ? [] : [{ type: 'text', text: part.text, citations: null }]
  if (part.type === 'reasoning') return [thinkingBlock(part.text, part.providerMetadata)]
  if (part.type === 'tool-call' && part.providerExecuted !== true) {
    return [{ type: 'tool_use', id: part.toolCallId, name: part.toolName, input: inputOf(part.input) }]
  }
  return []
}

function thinkingBlock(text: string, metadata: SharedV4ProviderMetadata | undefined): object {
  const data = redactedOf(metadata)
  if (data !== undefined) return { type: 'redacted_thinking', data }
  return { type: 'thinking', thinking: text, signature: signatureOf(metadata) ?? UNSIGNED }
}

const signedBy = (metadata: SharedV4ProviderMetadata | undefined): Readonly<Record<string, unknown>> | undefined =>
  objectOf(metadata?.['amazonBedrock']) ?? objectOf(metadata?.['anthropic'])

/** The signature that came with a thinking of Claude's. */
export const signatureOf = (metadata: SharedV4ProviderMetadata | undefined): string | undefined => textOf(signedBy(metadata)?.['signature'])

/** Thinking of Claude's that only Claude can read. */
export const redactedOf = (metadata: SharedV4ProviderMetadata | undefined): string | undefined =>
  textOf(signedBy(metadata)?.['redactedData'])

/** A model may write what is no JSON object; the program's own check then says so, as it must with Anthropic too. */
function inputOf(input: string): unknown {
  try {
    return objectOf(JSON.parse(input)) ?? {}
  } catch {
    return {}
  }
}

export interface Stop {
  readonly stop_reason: string
  readonly stop_sequence: string | null
}

/** Why the answer ended, in Anthropic's words. */
export function stopOf({ unified, raw }: LanguageModelV4FinishReason, hasToolUse: boolean, metadata?: SharedV4ProviderMetadata): Stop {
  const sequence = textOf(signedBy(metadata)?.['stopSequence']) ?? null
  if (unified === 'length') return { stop_reason: 'max_tokens', stop_sequence: null }
  if (unified === 'content-filter') return { stop_reason: 'refusal', stop_sequence: null }
  if (hasToolUse) return { stop_reason: 'tool_use', stop_sequence: null }
  if (raw === 'stop_sequence' || sequence !== null) return { stop_reason: 'stop_sequence', stop_sequence: sequence }
  return { stop_reason: raw === 'model_context_window_exceeded' ? raw : 'end_turn', stop_sequence: null }
}
