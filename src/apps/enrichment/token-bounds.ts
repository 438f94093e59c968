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

/**
 * Bounds that a server overruns (it bills input that nobody sent, or ignores the output limit) are raised by as much for
 * the calls to come, so that a cap is overrun by what is in flight once, and not by the whole run.
 */
export function learningBounds(): {
  raise(bound: CallBound): CallBound
  learn(bound: CallBound, billed: { input: number; output: number }): void
} {
  let inputFactor = 1
  let outputFactor = 1
  return {
    raise: ({ inputTokensAtMost: input, outputTokensAtMost: output }) => ({
      inputTokensAtMost: Math.ceil(input * inputFactor),
      outputTokensAtMost: Math.ceil(output * outputFactor),
    }),
    learn({ inputTokensAtMost: input, outputTokensAtMost: output }, billed) {
      // `bound` is already raised: what still exceeds it multiplies on top
      if (billed.input > input) inputFactor *= billed.input / input
      if (billed.output > output) outputFactor *= billed.output / output
    },
  }
}
