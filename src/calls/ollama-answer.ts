import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { objectOf, textOf } from '../base/json.ts'
import { createLineReader } from '../providers/json-lines.ts'
import { newId } from '../runtime/ids.ts'

type Block = Readonly<Record<string, unknown>>

/** Read from the wire by the protocol's own reader. */
const NO_USAGE: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
}

/** A whole answer of Ollama's chat. @throws Error for what is none: the caller calls it malformed. */
export function ollamaResult(body: unknown): LanguageModelV4GenerateResult {
  const answer = objectOf(body)
  const message = objectOf(answer?.['message'])
  if (answer?.['done'] !== true || typeof message?.['content'] !== 'string') throw notAnAnswer()
  const thinking = textOf(message['thinking'])
  const calls = callsOf(message)
  const content: LanguageModelV4Content[] = [
    ...(thinking === undefined ? [] : [{ type: 'reasoning' as const, text: thinking }]),
    ...(message['content'] !== '' || calls.length === 0 ? [{ type: 'text' as const, text: message['content'] }] : []),
    ...calls,
  ]
  return { content, finishReason: finishOf(answer, calls.length > 0), usage: NO_USAGE, warnings: [] }
}

/**
 * A streamed one: lines of JSON, the last of them `done`. A stream that ends without it, or says `error`, ends with an
 * `error` part; what came until then has been passed on.
 */
export function ollamaParts(body: ReadableStream<Uint8Array>): ReadableStream<LanguageModelV4StreamPart> {
  return body.pipeThrough(linesOf()).pipeThrough(partsOf())
}

function linesOf(): TransformStream<Uint8Array, string> {
  let reader: ReturnType<typeof createLineReader>
  return new TransformStream({
    start: (out) => {
      reader = createLineReader((line) => out.enqueue(line))
    },
    transform: (bytes) => reader.push(bytes),
    flush: () => reader.end(),
  })
}

type Out = TransformStreamDefaultController<LanguageModelV4StreamPart>

function partsOf(): TransformStream<string, LanguageModelV4StreamPart> {
  let open: 'text' | 'reasoning' | undefined
  let hasCalls = false
  let isOver = false
  const turnTo = (kind: typeof open, out: Out): void => {
    if (open === kind) return
    if (open) out.enqueue({ type: `${open}-end`, id: open })
    if (kind) out.enqueue({ type: `${kind}-start`, id: kind })
    open = kind
  }
  const say = (kind: 'text' | 'reasoning', delta: string | undefined, out: Out): void => {
    if (delta === undefined) return
    turnTo(kind, out)
    out.enqueue({ type: `${kind}-delta`, id: kind, delta })
  }
  const fail = (error: unknown, out: Out): void => {
    isOver = true
    turnTo(undefined, out)
    out.enqueue({ type: 'error', error })
  }
  return new TransformStream<string, LanguageModelV4StreamPart>({
    start: (out) => out.enqueue({ type: 'stream-start', warnings: [] }),
    transform: (text, out) => {
      if (isOver) return
      const line = parsed(text)
      if (!line) return fail(notAnAnswer(), out)
      if (line['error'] !== undefined) return fail(new Error('Ollama failed while it answered'), out)
      const message = objectOf(line['message'])
      say('reasoning', textOf(message?.['thinking']), out)
      say('text', textOf(message?.['content']), out)
      for (const call of callsOf(message)) {
        hasCalls = true
        turnTo(undefined, out)
        out.enqueue(call)
      }
      if (line['done'] !== true) return
      isOver = true
      turnTo(undefined, out)
      out.enqueue({ type: 'finish', usage: NO_USAGE, finishReason: finishOf(line, hasCalls) })
    },
    flush: (out) => {
      if (!isOver) fail(notAnAnswer(), out)
    },
  })
}

function parsed(line: string): Block | undefined {
  try {
    return objectOf(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** Tool calls of a message. Servers give them no id, or one of their own: only newer ones do. */
function callsOf(message: Block | undefined): LanguageModelV4ToolCall[] {
  const calls = message?.['tool_calls']
  if (!Array.isArray(calls)) return []
  return calls.flatMap((call: unknown) => {
    const { id, function: named } = objectOf(call) ?? {}
    const name = textOf(objectOf(named)?.['name'])
    if (name === undefined) return []
    const input = JSON.stringify(objectOf(objectOf(named)?.['arguments']) ?? {})
    return [{ type: 'tool-call' as const, toolCallId: textOf(id) ?? `call_${newId()}`, toolName: name, input }]
  })
}

function finishOf(answer: Block, hasCalls: boolean): LanguageModelV4FinishReason {
  const raw = textOf(answer['done_reason'])
  if (raw === 'length') return { unified: 'length', raw }
  if (hasCalls) return { unified: 'tool-calls', raw }
  return { unified: raw === 'stop' ? 'stop' : 'other', raw }
}

const notAnAnswer = (): Error => new Error('not an answer of Ollama’s chat')
