import type { TokenCounter } from '../../providers/tokenizers.ts'

/** Tokens that no count of ours foresees: how a provider frames messages and schema. Beyond the counter's own overhead. */
const FRAMING_TOKENS = 32
/** Even an exact counter does not know how a provider writes the JSON schema into the prompt. */
const SCHEMA_FACTOR = 2

/**
 * The most input tokens a call can be billed for, for its reservation. A tokenizer that is only a ratio is not trusted
 * with a cap: no byte-level tokenizer makes more tokens of a text than it has bytes.
 */
export function inputTokensAtMost({
  counter,
  texts,
  schemaText,
}: {
  counter: TokenCounter
  texts: readonly string[]
  schemaText: string
}): number {
  const most = (text: string): number => (counter.exact ? cachedCount(counter, text) : Buffer.byteLength(text))
  return texts.reduce((sum, text) => sum + most(text), 0) + SCHEMA_FACTOR * most(schemaText) + counter.overhead.high + FRAMING_TOKENS
}

const lastCounts = new WeakMap<TokenCounter, Map<string, number>>()
const MOST_KEPT = 8

/** A run counts the same system part and schema at every call: they are counted once. */
export function cachedCount(counter: TokenCounter, text: string): number {
  const counts = lastCounts.get(counter) ?? new Map<string, number>()
  lastCounts.set(counter, counts)
  const known = counts.get(text)
  if (known !== undefined) return known
  const count = counter.count(text)
  if (counts.size >= MOST_KEPT) counts.delete(counts.keys().next().value!)
  counts.set(text, count)
  return count
}
