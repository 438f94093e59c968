import type { LanguageModelV4ReasoningPart } from '@ai-sdk/provider'
import { isObject } from '../../../base/json.ts'
import { type Block, stringAt } from './read.ts'
import type { Draft } from './settings.ts'

/**
 * The signature of thinking that no Anthropic model signed. Anthropic refuses a conversation with a signature that is not
 * its own ("Invalid signature in thinking block"), so what a program sends back with this one is taken out again.
 */
export const UNSIGNED = 'latchkey:unsigned'

/**
 * A thinking block of an earlier answer. Claude behind another interface reads its own back, with its signature; nobody
 * else gets it, and nobody gets one that was not signed.
 */
export function thinkingPart(
  block: Block,
  at: string,
  { report, isClaude }: Pick<Draft, 'report'> & { readonly isClaude: boolean },
): LanguageModelV4ReasoningPart[] {
  const parameter = `messages.${stringAt(block['type'], `${at}.type`)}`
  const { signature, data } = block
  const isRedacted = parameter === 'messages.redacted_thinking'
  if (!isClaude || (!isRedacted && !isSignature(signature))) {
    report.dropped(parameter, isClaude ? 'not signed by this model' : 'thinking of one model is not sent to another')
    return []
  }
  report.mapped(parameter)
  const own = isRedacted ? { redactedData: stringAt(data, `${at}.data`) } : { signature: signature as string }
  const text = isRedacted ? '' : stringAt(block['thinking'], `${at}.thinking`)
  return [{ type: 'reasoning', text, providerOptions: { amazonBedrock: own } }]
}

/** Anthropic's signatures are Protocol Buffers whose first field is the second one: Gemini's, MiniMax's and ours begin otherwise. */
const isSignature = (value: unknown): boolean => typeof value === 'string' && /^E[\w+/-]{40,}={0,2}$/.test(value)

/**
 * A request for `/v1/messages` without the thinking that Latchkey's translation gave it, for a provider of Anthropic's own
 * dialect; undefined when it holds none, and its bytes can stay as they are.
 */
export function withoutUnsignedThinking(body: Block): Block | undefined {
  const { messages } = body
  if (!Array.isArray(messages)) return undefined
  let hasChanged = false
  const kept: unknown[] = []
  for (const message of messages as readonly unknown[]) {
    const content: unknown = isObject(message) ? message['content'] : undefined
    const blocks = Array.isArray(content) ? content.filter((block) => !isUnsigned(block)) : undefined
    if (!blocks || blocks.length === (content as unknown[]).length) {
      kept.push(message)
      continue
    }
    hasChanged = true
    if (blocks.length > 0) kept.push({ ...(message as Block), content: blocks })
  }
  return hasChanged ? { ...body, messages: kept } : undefined
}

const isUnsigned = (block: unknown): boolean => isObject(block) && block['type'] === 'thinking' && block['signature'] === UNSIGNED
