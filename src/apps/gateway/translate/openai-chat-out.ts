import type {
  LanguageModelV4Content,
  LanguageModelV4File,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolCall,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider'
import type { Usage } from '../../../base/usage.ts'
import { openaiErrorEvent } from './openai-errors.ts'
import { type AnswerHead, CUT_OFF, failureOfFinish, type StreamEncoder, type StreamSettings } from './stream.ts'
import { openaiUsage } from './usage.ts'

/**
 * A model's answers as OpenAI's chat completions. Reasoning stands in `reasoning_content`, pictures that a model made in
 * `images`: OpenAI has no place for them, and these are the names that other servers of its dialect use.
 */
export function openaiChatOut(
  result: LanguageModelV4GenerateResult,
  { id, model, createdAt }: AnswerHead,
  usage: Usage | undefined,
): object {
  const { content, finishReason } = result
  const text = result.structuredOutputText ?? textOf(content, 'text')
  const reasoning = textOf(content, 'reasoning')
  const toolCalls = content.flatMap((part) => (part.type === 'tool-call' && part.providerExecuted !== true ? [part] : []))
  const images = content.flatMap((part) => (part.type === 'file' ? [imageOf(part)] : []))
  const counted = openaiUsage(usage)
  return {
    id,
    object: 'chat.completion',
    created: secondsOf(createdAt),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && toolCalls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(images.length > 0 && { images }),
          ...(toolCalls.length > 0 && {
            tool_calls: toolCalls.map(({ toolCallId, toolName, input, providerMetadata }) => ({
              id: toolCallId,
              type: 'function',
              function: { name: toolName, arguments: input },
              ...signatureOf(providerMetadata),
            })),
          }),
        },
        logprobs: null,
        finish_reason: finishOf(finishReason, toolCalls.length > 0),
      },
    ],
    ...(counted && { usage: counted }),
  }
}

/** Gemini's signature of a tool call, where Google's own OpenAI dialect has it. */
function signatureOf(metadata: SharedV4ProviderMetadata | undefined): object {
  const signature = metadata?.['google']?.['thoughtSignature']
  return typeof signature === 'string' ? { extra_content: { google: { thought_signature: signature } } } : {}
}

function textOf(content: readonly LanguageModelV4Content[], type: 'text' | 'reasoning'): string {
  return content.map((part) => (part.type === type ? part.text : '')).join('')
}

function imageOf({ mediaType, data }: LanguageModelV4File): object {
  const url =
    data.type === 'url'
      ? data.url.href
      : `data:${mediaType};base64,${typeof data.data === 'string' ? data.data : Buffer.from(data.data).toString('base64')}`
  return { type: 'image_url', image_url: { url } }
}

function finishOf({ unified }: LanguageModelV4FinishReason, hasToolCalls: boolean): string {
  if (unified === 'length') return 'length'
  if (unified === 'content-filter') return 'content_filter'
  return hasToolCalls ? 'tool_calls' : 'stop'
}

const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1000)

/** The same as a stream of chunks: role first, `[DONE]` last, and nothing after an error. */
export function openaiChatStream({ id, model, createdAt, includesUsage = false, usage }: StreamSettings): StreamEncoder {
  const head = { id, object: 'chat.completion.chunk', created: secondsOf(createdAt), model }
  const chunk = (choices: readonly object[], more: object = {}): string =>
    `data: ${JSON.stringify({ ...head, choices, ...(includesUsage && { usage: null }), ...more })}\n\n`
  const calls = new Map<string, { readonly index: number; hasInput: boolean; isComplete: boolean }>()
  let hasBegun = false
  let isOver = false
  const say = (delta: object, finish: string | null = null): string => {
    const role = hasBegun ? {} : { role: 'assistant', content: '' }
    hasBegun = true
    return chunk([{ index: 0, delta: { ...role, ...delta }, logprobs: null, finish_reason: finish }])
  }
  const startCall = (callId: string, name: string, input: string, metadata?: SharedV4ProviderMetadata): string => {
    const call = { index: calls.size, hasInput: input !== '', isComplete: false }
    calls.set(callId, call)
    return say({
      tool_calls: [{ index: call.index, id: callId, type: 'function', function: { name, arguments: input }, ...signatureOf(metadata) }],
    })
  }
  const addInput = (callId: string, input: string): string => {
    const call = calls.get(callId)
    if (!call || call.isComplete || input === '') return '' // what nobody announced comes whole, with `tool-call`
    call.hasInput = true
    return say({ tool_calls: [{ index: call.index, function: { arguments: input } }] })
  }
  const wholeCall = ({ toolCallId, toolName, input, providerMetadata }: LanguageModelV4ToolCall): string => {
    const text = calls.has(toolCallId)
      ? calls.get(toolCallId)?.hasInput
        ? ''
        : addInput(toolCallId, input)
      : startCall(toolCallId, toolName, input, providerMetadata)
    calls.get(toolCallId)!.isComplete = true
    return text
  }
  const fail = (failure: unknown): string => {
    if (isOver) return ''
    isOver = true
    return openaiErrorEvent(failure)
  }
  const finish = ({ finishReason }: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): string => {
    const failure = failureOfFinish(finishReason)
    if (failure) return fail(failure)
    const last = say({}, finishOf(finishReason, calls.size > 0))
    isOver = true
    const counted = includesUsage ? openaiUsage(usage()) : undefined
    return `${last}${counted ? chunk([], { usage: counted }) : ''}data: [DONE]\n\n`
  }
  return {
    push: (part) => {
      if (isOver) return ''
      if (part.type === 'text-delta') return part.delta === '' ? '' : say({ content: part.delta })
      if (part.type === 'reasoning-delta') return part.delta === '' ? '' : say({ reasoning_content: part.delta })
      if (part.type === 'file') return say({ images: [imageOf(part)] })
      if (part.type === 'tool-input-start') {
        return part.providerExecuted === true || calls.has(part.id) ? '' : startCall(part.id, part.toolName, '', part.providerMetadata)
      }
      if (part.type === 'tool-input-delta') return addInput(part.id, part.delta)
      if (part.type === 'tool-call' && part.providerExecuted !== true) return wholeCall(part)
      if (part.type === 'finish') return finish(part)
      return part.type === 'error' ? fail(part.error) : ''
    },
    end: () => fail(CUT_OFF),
    fail,
  }
}
