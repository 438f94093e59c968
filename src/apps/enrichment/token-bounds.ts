import type { ModelFact } from '../../prices/book.ts'
import type { TokenCounter } from '../../providers/tokenizers.ts'

/** Tokens that no count of ours foresees: how a provider frames messages and schema. Beyond the counter's own overhead. */
const FRAMING_TOKENS = 32
/** Even an exact counter does not know how a provider writes the JSON schema into the prompt. */
const SCHEMA_FACTOR = 2

/** Tokens of a prompt by part, as far as the counter knows. A type, so that it can be kept as JSON. */
export type PromptTokens = { readonly system: number; readonly product: number }

/** The constant part is counted once a run, each product's once a call. */
export const promptTokens = (counter: TokenCounter, { system, user }: { system: string; user: string }): PromptTokens => ({
  system: cachedCount(counter, system),
  product: counter.count(user),
})

/**
 * The most input tokens a call can be billed for, for its reservation. A tokenizer that is only a ratio is not trusted
 * with a cap: no byte-level tokenizer makes more tokens of a text than it has bytes.
 */
export function inputTokensAtMost({
  counter,
  prompt,
  tokens,
  schemaText,
}: {
  counter: TokenCounter
  prompt: { readonly system: string; readonly user: string }
  tokens: PromptTokens
  schemaText: string
}): number {
  const [texts, schema] = counter.exact
    ? [tokens.system + tokens.product, cachedCount(counter, schemaText)]
    : [Buffer.byteLength(prompt.system) + Buffer.byteLength(prompt.user), Buffer.byteLength(schemaText)]
  return texts + SCHEMA_FACTOR * schema + counter.overhead.high + FRAMING_TOKENS
}

const lastCounts = new WeakMap<TokenCounter, Map<string, number>>()
const MOST_KEPT = 8

/** A run counts the same system part and schema at every call: they are counted once. */
function cachedCount(counter: TokenCounter, text: string): number {
  const counts = lastCounts.get(counter) ?? new Map<string, number>()
  lastCounts.set(counter, counts)
  const known = counts.get(text)
  if (known !== undefined) return known
  const count = counter.count(text)
  if (counts.size >= MOST_KEPT) counts.delete(counts.keys().next().value!)
  counts.set(text, count)
  return count
}

/** What a call is reserved for, in tokens. */
export interface CallBound {
  readonly inputTokensAtMost: number
  readonly outputTokensAtMost: number
}

/** How much more a second question may answer than the first, whose answer the output limit cut short. */
const WIDER = 4

/**
 * The output limit of a call. `usual` is a generous bound on its answer; after an answer that was cut short it is four
 * times that, as far as the model's own limits allow, where they are known.
 */
export function outputLimit({
  usual,
  cutShort,
  model,
  inputTokens,
}: {
  usual: number
  cutShort: boolean
  model: Pick<ModelFact, 'maxOutputTokens' | 'contextTokens'> | undefined
  inputTokens: number
}): number {
  const { maxOutputTokens = Infinity, contextTokens = Infinity } = model ?? {}
  const wider = cutShort ? Math.max(usual, Math.min(WIDER * usual, contextTokens - inputTokens)) : usual
  return Math.min(wider, maxOutputTokens)
}

/** Thinking differs from call to call: room for so many times what was seen, up to a bound. */
const THINKING_SPREAD = 4
const MOST_THINKING_TOKENS = 32_768

/**
 * What a run's answers teach about the calls to come. Bounds that a server overruns (it bills input that nobody sent, or
 * ignores the output limit) are raised by as much, so that a cap is overrun by what is in flight once, and not by the
 * whole run. A model that is seen to think gets room for it beside the answer: `thinkingTokens` to begin with.
 */
export function learningBounds({ thinkingTokens }: { thinkingTokens: number }): {
  raise(bound: CallBound): CallBound
  /** `bound` as it was before it was raised. */
  learn(bound: CallBound, billed: { input: number; output: number; thinking: number }): void
  thinkingTokens(): number
} {
  let inputFactor = 1
  let outputFactor = 1
  let room = thinkingTokens
  return {
    raise: ({ inputTokensAtMost: input, outputTokensAtMost: output }) => ({
      inputTokensAtMost: Math.ceil(input * inputFactor),
      outputTokensAtMost: Math.ceil(output * outputFactor),
    }),
    learn({ inputTokensAtMost: input, outputTokensAtMost: output }, billed) {
      inputFactor = Math.max(inputFactor, billed.input / input)
      outputFactor = Math.max(outputFactor, billed.output / output)
      room = Math.max(room, Math.min(MOST_THINKING_TOKENS, THINKING_SPREAD * billed.thinking))
    },
    thinkingTokens: () => room,
  }
}
