import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { anthropicErrorEvent } from './anthropic-errors.ts'
import { redactedOf, signatureOf, stopOf } from './anthropic-messages-out.ts'
import { CUT_OFF, failureOfFinish, roughTokens, type StreamEncoder, type StreamSettings } from './stream.ts'
import { UNSIGNED } from './thinking.ts'
import { anthropicUsage, type RoughUsage } from './usage.ts'

type Kind = 'text' | 'thinking' | 'redacted_thinking' | 'tool_use'
type Part<Type extends LanguageModelV4StreamPart['type']> = Extract<LanguageModelV4StreamPart, { type: Type }>

interface OpenBlock {
  readonly kind: Kind
  readonly id: string
  hasInput: boolean
  signature: string | undefined
}

/**
 * A model's stream as the events of Anthropic's messages, in Anthropic's order: `message_start`, each block started, filled
 * and stopped before the next one, `message_delta` with the reason and the usage, `message_stop`. Models may fill several
 * tool calls at once: what belongs to another block than the open tool call waits until that one is complete.
 */
export function anthropicMessagesStream({ id, model, usage, roughInputTokens }: StreamSettings): StreamEncoder {
  let hasBegun = false
  let isOver = false
  let index = -1
  let open: OpenBlock | undefined
  let hasToolUse = false
  let saidBytes = 0
  const finished = new Set<string>()
  let waiting: LanguageModelV4StreamPart[] = []

  const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  const begin = (): string => {
    if (hasBegun) return ''
    hasBegun = true
    const message = { id, type: 'message', role: 'assistant', model, content: [], stop_reason: null, stop_sequence: null }
    // nothing is counted yet: the figures come with message_delta
    return event('message_start', { message: { ...message, usage: anthropicUsage({}, roughly()) } })
  }
  const roughly = (): RoughUsage | undefined =>
    roughInputTokens === undefined ? undefined : { input: roughInputTokens, output: roughTokens(saidBytes) }
  const delta = (value: object): string => {
    saidBytes += Buffer.byteLength(Object.values(value).join(''))
    return event('content_block_delta', { index, delta: value })
  }
  const close = (): string => {
    if (!open) return ''
    const { kind, signature = UNSIGNED, id: blockId } = open
    if (kind === 'tool_use') finished.add(blockId)
    open = undefined
    const signed = kind === 'thinking' ? delta({ type: 'signature_delta', signature }) : ''
    return `${signed}${event('content_block_stop', { index })}`
  }
  const start = (kind: Kind, blockId: string, block: object): string => {
    const before = `${begin()}${close()}`
    index += 1
    open = { kind, id: blockId, hasInput: false, signature: undefined }
    return `${before}${event('content_block_start', { index, content_block: block })}`
  }
  const say = (kind: 'text' | 'thinking', blockId: string, value: string): string => {
    const block = kind === 'text' ? { type: kind, text: '', citations: null } : { type: kind, thinking: '', signature: '' }
    const before = open?.kind === kind && open.id === blockId ? '' : start(kind, blockId, block)
    if (value === '') return before
    return `${before}${delta(kind === 'text' ? { type: 'text_delta', text: value } : { type: 'thinking_delta', thinking: value })}`
  }
  const isOpenTool = (callId: string): boolean => open?.kind === 'tool_use' && open.id === callId
  const startTool = (callId: string, name: string): string => {
    hasToolUse = true
    return start('tool_use', callId, { type: 'tool_use', id: callId, name, input: {} })
  }
  const addInput = (callId: string, value: string): string => {
    if (!open || !isOpenTool(callId) || value === '') return ''
    open.hasInput = true
    return delta({ type: 'input_json_delta', partial_json: value })
  }
  const wholeTool = ({ toolCallId, toolName, input }: Part<'tool-call'>): string => {
    if (finished.has(toolCallId)) return ''
    const before = isOpenTool(toolCallId) ? '' : startTool(toolCallId, toolName)
    const filled = open?.hasInput === true ? '' : addInput(toolCallId, input)
    return `${before}${filled}${endTool(toolCallId)}`
  }
  const endTool = (callId: string): string => {
    if (!isOpenTool(callId)) return ''
    const parts = waiting
    waiting = []
    return `${close()}${parts.map(put).join('')}`
  }
  const thinkingPart = (part: Part<'reasoning-start' | 'reasoning-delta' | 'reasoning-end'>): string => {
    const data = redactedOf(part.providerMetadata)
    if (data !== undefined) return `${start('redacted_thinking', part.id, { type: 'redacted_thinking', data })}${close()}`
    const signature = signatureOf(part.providerMetadata)
    // a model may sign thinking that it does not show
    const hasNews = signature !== undefined || (part.type === 'reasoning-delta' && part.delta !== '')
    const said = hasNews ? say('thinking', part.id, part.type === 'reasoning-delta' ? part.delta : '') : ''
    if (signature !== undefined && open) open.signature = signature
    return part.type === 'reasoning-end' && open?.kind === 'thinking' && open.id === part.id ? `${said}${close()}` : said
  }
  const put = (part: LanguageModelV4StreamPart): string => {
    if (open?.kind === 'tool_use' && belongsElsewhere(part, open.id)) {
      waiting.push(part)
      return ''
    }
    if (part.type === 'text-delta') return part.delta === '' ? '' : say('text', part.id, part.delta)
    if (part.type === 'reasoning-start' || part.type === 'reasoning-delta' || part.type === 'reasoning-end') return thinkingPart(part)
    if (part.type === 'tool-input-start')
      return part.providerExecuted === true || finished.has(part.id) || isOpenTool(part.id) ? '' : startTool(part.id, part.toolName)
    if (part.type === 'tool-input-delta') return addInput(part.id, part.delta)
    if (part.type === 'tool-call') return part.providerExecuted === true ? '' : wholeTool(part)
    return ''
  }
  /** A tool call that nobody ended is complete when the answer is. */
  const closeAll = (): string => {
    let text = ''
    while (open?.kind === 'tool_use') text += endTool(open.id)
    return `${text}${close()}`
  }
  const fail = (failure: unknown): string => {
    if (isOver) return ''
    isOver = true
    return anthropicErrorEvent(failure, id)
  }
  const finish = ({ finishReason, providerMetadata }: Part<'finish'>): string => {
    const failure = failureOfFinish(finishReason)
    if (failure) return fail(failure)
    const blocks = `${begin()}${closeAll()}`
    isOver = true
    const end = { delta: stopOf(finishReason, hasToolUse, providerMetadata), usage: anthropicUsage(usage(), roughly()) }
    return `${blocks}${event('message_delta', end)}${event('message_stop', {})}`
  }
  return {
    push: (part) => {
      if (isOver) return ''
      if (part.type === 'finish') return finish(part)
      if (part.type === 'error') return fail(part.error)
      return put(part)
    },
    end: () => fail(CUT_OFF),
    fail,
  }
}

/** Whether a part speaks of another block than the tool call that is open, which only its own `tool-call` ends. */
function belongsElsewhere(part: LanguageModelV4StreamPart, openId: string): boolean {
  if (part.type === 'tool-call') return part.toolCallId !== openId
  if (part.type === 'tool-input-start' || part.type === 'tool-input-delta') return part.id !== openId
  return part.type.startsWith('text-') || part.type.startsWith('reasoning-')
}
