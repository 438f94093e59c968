import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4ToolResultOutput,
} from '@ai-sdk/provider'
import { defined, objectOf } from '../base/json.ts'
import type { AttemptFetch, ChatModel } from './chat-model.ts'
import { ollamaParts, ollamaResult } from './ollama-answer.ts'

/** Ollama's own default, and the least that is asked for. */
const SMALLEST_CONTEXT = 4_096

/** Room for one picture: what today's vision models make of a large one. */
const PICTURE_TOKENS = 2_048

/**
 * Ollama's own chat, whole and streamed. Written here because what matters most is missing from its OpenAI dialect
 * and from packages: a server keeps a context of a few thousand tokens unless it is told, and drops the beginning of a
 * longer prompt in silence. The context asked for holds prompt and answer; what still does not fit is refused.
 * @see https://docs.ollama.com/api/chat, api/types.go (`truncate`, `shift`)
 */
export function ollamaModel({ model, fetch }: { model: string; fetch: AttemptFetch }): ChatModel {
  const ask = (options: LanguageModelV4CallOptions, stream: boolean): Promise<Response> =>
    fetch('http://sealed.invalid/api/chat', { method: 'POST', body: JSON.stringify(requestOf(model, options, stream)) })
  return {
    doGenerate: async (options) => ollamaResult(await (await ask(options, false)).json()),
    doStream: async (options) => {
      const { body } = await ask(options, true)
      if (!body) throw new Error('not an answer of Ollama’s chat')
      return { stream: ollamaParts(body) }
    },
  }
}

interface OllamaMessage {
  readonly role: string
  readonly content: string
  readonly images?: readonly string[]
  readonly tool_calls?: readonly object[]
  readonly tool_name?: string
}

function requestOf(model: string, options: LanguageModelV4CallOptions, stream: boolean): object {
  const { maxOutputTokens, responseFormat, reasoning } = options
  const messages = options.prompt.flatMap(messagesOf)
  const tools = toolsOf(options)
  return {
    model,
    messages,
    stream,
    truncate: false,
    shift: false,
    ...(responseFormat?.type === 'json' && { format: (responseFormat.schema as object | undefined) ?? 'json' }),
    // only "no" is said: a model that cannot think refuses to be told how much to
    ...(reasoning === 'none' && { think: false }),
    ...(tools.length > 0 && { tools }),
    options: {
      num_ctx: contextFor(messages, tools, maxOutputTokens ?? 0),
      ...defined<object>({
        num_predict: maxOutputTokens,
        temperature: options.temperature,
        top_p: options.topP,
        top_k: options.topK,
        seed: options.seed,
        stop: options.stopSequences,
        presence_penalty: options.presencePenalty,
        frequency_penalty: options.frequencyPenalty,
      }),
    },
  }
}

/** It has no word for "a tool must be used": a choice of none is kept by offering none. */
function toolsOf({ tools = [], toolChoice }: LanguageModelV4CallOptions): readonly object[] {
  if (toolChoice?.type === 'none') return []
  return tools.map((tool) => {
    if (tool.type !== 'function') throw new Error(`Ollama has no tool ${tool.id}`)
    const { name, description } = tool
    return { type: 'function', function: { name, ...defined<object>({ description }), parameters: tool.inputSchema as object } }
  })
}

function messagesOf(message: LanguageModelV4Message): readonly OllamaMessage[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content }]
    case 'user': {
      const images = message.content.flatMap((part) => (part.type === 'file' ? [pictureOf(part)] : []))
      const content = message.content.map((part) => (part.type === 'text' ? part.text : '')).join('')
      return [{ role: 'user', content, ...(images.length > 0 && { images }) }]
    }
    case 'assistant':
      return [assistantMessage(message.content)]
    case 'tool':
      return message.content.flatMap((part) =>
        part.type === 'tool-result' ? [{ role: 'tool', tool_name: part.toolName, content: toolText(part.output) }] : [],
      )
  }
}

function assistantMessage(content: Extract<LanguageModelV4Message, { role: 'assistant' }>['content']): OllamaMessage {
  const calls: object[] = []
  let text = ''
  for (const part of content) {
    if (part.type === 'text') text += part.text
    else if (part.type === 'tool-call') calls.push({ function: { name: part.toolName, arguments: objectOf(part.input) ?? {} } })
    else throw new Error(`Ollama is not asked with ${part.type} in an answer`)
  }
  return { role: 'assistant', content: text, ...(calls.length > 0 && { tool_calls: calls }) }
}

function pictureOf({ mediaType, data }: LanguageModelV4FilePart): string {
  if (data.type === 'data' && mediaType.startsWith('image')) {
    return typeof data.data === 'string' ? data.data : Buffer.from(data.data).toString('base64')
  }
  throw new Error(`Ollama is asked with text and pictures only, not with ${mediaType} by ${data.type}`)
}

function toolText(output: LanguageModelV4ToolResultOutput): string {
  if (output.type === 'text' || output.type === 'error-text') return output.value
  return output.type === 'execution-denied' ? (output.reason ?? 'denied') : JSON.stringify(output.value)
}

/**
 * A power of two, because a model is loaded again for each new size: 3 bytes of UTF-8 a token is more than tokenizers of
 * today's models need (English 4 to 5, Arabic and Chinese 3 to 5).
 */
function contextFor(messages: readonly OllamaMessage[], tools: readonly object[], outputTokens: number): number {
  const pictures = messages.reduce((count, { images }) => count + (images?.length ?? 0), 0)
  const calls = messages.flatMap((message) => message.tool_calls ?? [])
  const text = [...messages.map(({ content }) => content), ...[...calls, ...tools].map((one) => JSON.stringify(one))].join('\n')
  const tokens = Math.ceil(Buffer.byteLength(text) / 3) + pictures * PICTURE_TOKENS + outputTokens + 256 // the chat template
  return Math.max(SMALLEST_CONTEXT, 2 ** Math.ceil(Math.log2(tokens)))
}
