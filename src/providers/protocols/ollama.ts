import { defined, objectOf, textOf } from '../../base/json.ts'
import type { ErrorAnswer, MeteredUsage, Protocol, ProviderFailure, UsageReader } from '../wire-protocol.ts'
import { classify, type ErrorRule } from './classify.ts'
import { createCountReader, usageOf } from './counts.ts'
import { saidByOllama } from './said.ts'

type Block = Readonly<Record<string, unknown>>

/** What the last line says of the work; durations in nanoseconds. */
const FIELDS = ['total_duration', 'load_duration', 'prompt_eval_count', 'prompt_eval_duration', 'eval_count', 'eval_duration'] as const

/**
 * Usage of Ollama's own interface: whole, or in the line of a stream (newline-delimited JSON) that is `done`. Servers of
 * some versions leave `prompt_eval_count` out when the prompt was still in memory: the input is then unknown, not zero.
 * Thinking is part of `eval_count`.
 * @see https://docs.ollama.com/api/usage
 */
const ollamaUsage: UsageReader = {
  whole: (body) => metered(objectOf(body)),
  stream: () => {
    let last: Block | undefined
    return {
      push: (value) => {
        const line = objectOf(value)
        if (line && last?.['done'] !== true) last = line
      },
      end: () => metered(last),
    }
  },
}

function metered(answer: Block | undefined): MeteredUsage {
  const servedModel = textOf(answer?.['model'])
  if (answer?.['done'] !== true) {
    return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...defined<Partial<MeteredUsage>>({ servedModel }) }
  }
  const raw = Object.fromEntries(FIELDS.filter((field) => answer[field] !== undefined).map((field) => [field, answer[field]]))
  const about = defined<Partial<MeteredUsage>>({ raw, servedModel, tookMs: millisecondsOf(answer['total_duration']) })
  const counts = createCountReader()
  const input = counts.required(answer, 'prompt_eval_count')
  const output = counts.required(answer, 'eval_count')
  if (counts.doubt === undefined) return { usage: { input_tokens: input, output_tokens: output }, source: 'reported', ...about }
  const readable = createCountReader()
  const known = usageOf({ input_tokens: readable.read(answer, 'prompt_eval_count'), output_tokens: readable.read(answer, 'eval_count') })
  const atLeast = Object.keys(known).length > 0 ? { atLeast: known } : {}
  return { usage: undefined, source: 'reported', doubt: counts.doubt, ...atLeast, ...about }
}

/** Of nanoseconds, in which Ollama says durations. */
export const millisecondsOf = (duration: unknown): number | undefined =>
  typeof duration === 'number' && Number.isSafeInteger(duration) && duration >= 0 ? duration / 1_000_000 : undefined

const RULES: readonly ErrorRule[] = [
  // a larger machine mends this, another try does not
  ({ message }) => (/requires more system memory/i.test(message) ? 'provider.request_refused' : undefined),
  ({ status, message }) => (status === 503 || /server busy/i.test(message) ? 'provider.overloaded' : undefined),
  ({ status, message }) => (status === 404 && /model .{0,300}not found/i.test(message) ? 'provider.model_missing' : undefined),
]

/** Ollama's own chat, of a server on one's own machine or Ollama's cloud. @see https://docs.ollama.com/api/errors */
export const ollamaChat: Protocol = {
  id: 'ollama-chat',
  framing: 'json-lines',
  usage: ollamaUsage,
  said: saidByOllama,
  classifyError: (answer) => classify(answer, RULES),
  classifyBodyError,
}

/** A stream that fails on the way says `error` in a line of its own. */
function classifyBodyError(answer: ErrorAnswer): ProviderFailure | undefined {
  const error = objectOf(answer.body)?.['error']
  if (error === undefined || error === null || error === '') return undefined
  return classify({ ...answer, status: 500 }, RULES)
}
