import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { objectOf, textOf } from '../base/json.ts'
import type { AttemptFetch, ChatModel } from './chat-model.ts'

/** Ollama's own default, and the least that is asked for. */
const SMALLEST_CONTEXT = 4_096

/**
 * Ollama's own chat, whole answers of text only. Written here because what matters most is missing from its OpenAI dialect
 * and from packages: a server keeps a context of a few thousand tokens unless it is told, and drops the beginning of a
 * longer prompt in silence. The context asked for holds prompt and answer; what still does not fit is refused.
 * @see https://docs.ollama.com/api/chat, api/types.go (`truncate`, `shift`)
 */
export function ollamaModel({ model, fetch }: { model: string; fetch: AttemptFetch }): ChatModel {
  return {
    doGenerate: async (options) => {
      const response = await fetch('http://sealed.invalid/api/chat', {
        method: 'POST',
        body: JSON.stringify(requestOf(model, options)),
      })
      return resultOf(await response.json())
    },
  }
}

function requestOf(model: string, { prompt, maxOutputTokens, responseFormat, reasoning }: LanguageModelV4CallOptions): object {
  const messages = prompt.map(({ role, content }) => ({ role, content: textIn(content) }))
  return {
    model,
    messages,
    stream: false,
    truncate: false,
    shift: false,
    ...(responseFormat?.type === 'json' && { format: (responseFormat.schema as object | undefined) ?? 'json' }),
    // only "no" is said: a model that cannot think refuses to be told how much to
    ...(reasoning === 'none' && { think: false }),
    options: {
      num_ctx: contextFor(messages.map(({ content }) => content).join('\n'), maxOutputTokens ?? 0),
      ...(maxOutputTokens !== undefined && { num_predict: maxOutputTokens }),
    },
  }
}

function textIn(content: LanguageModelV4CallOptions['prompt'][number]['content']): string {
  if (typeof content === 'string') return content
  return content
    .map((part) => {
      if (part.type !== 'text') throw new Error(`Ollama is asked with text only, not with ${part.type}`)
      return part.text
    })
    .join('')
}

/**
 * A power of two, because a model is loaded again for each new size: 3 bytes of UTF-8 a token is more than tokenizers of
 * today's models need (English 4 to 5, Arabic and Chinese 3 to 5).
 */
function contextFor(text: string, outputTokens: number): number {
  const tokens = Math.ceil(Buffer.byteLength(text) / 3) + outputTokens + 256 // the chat template
  return Math.max(SMALLEST_CONTEXT, 2 ** Math.ceil(Math.log2(tokens)))
}

/** @throws Error for what is no answer of Ollama's chat: the caller calls it malformed. */
function resultOf(body: unknown): LanguageModelV4GenerateResult {
  const answer = objectOf(body)
  const message = objectOf(answer?.['message'])
  if (answer?.['done'] !== true || typeof message?.['content'] !== 'string') throw new Error('not an answer of Ollama’s chat')
  const raw = textOf(answer['done_reason'])
  const unified = raw === 'stop' || raw === 'length' ? raw : 'other'
  return {
    content: [{ type: 'text', text: message['content'] }],
    finishReason: { unified, raw },
    // read from the wire by the protocol's own reader
    usage: {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    },
    warnings: [],
  }
}
