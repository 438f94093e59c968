/**
 * How many tokens a text has for a model. Exact where the model's tokenizer is published (OpenAI: o200k_base, cl100k_base);
 * elsewhere o200k_base times a measured ratio, with its spread. Loading an encoding takes about 0.1 s and 40 MB, so it is
 * loaded when first asked for.
 */
export interface TokenCounter {
  /** True when `count` is the model's own number, not a ratio. */
  readonly exact: boolean
  /** The best guess, in whole tokens. */
  count(text: string): number
  /** The true count lies between `count * low` and `count * high`; 1 and 1 when exact. */
  readonly spread: { readonly low: number; readonly high: number }
  /** Tokens of this model for one of o200k_base, as far as known: what a text not yet written will have. */
  readonly ratio: number
  /** What a system message and a user message cost on top of their texts, in tokens per call. */
  readonly overhead: { readonly low: number; readonly high: number }
  /** Where the ratio and the spread come from. */
  readonly source: string
}

type Encoding = 'o200k_base' | 'cl100k_base'

/** A counter before its encoding is loaded. */
type Rule = Omit<TokenCounter, 'count'> & { readonly encoding: Encoding }

const same = { low: 1, high: 1 }

const published = (encoding: Encoding, about: Pick<Rule, 'overhead' | 'source'>): Rule => ({
  encoding,
  exact: true,
  ratio: 1,
  spread: same,
  ...about,
})

// Two messages and the start of the answer: 11 tokens by OpenAI's published rule (3 and the role each, 3 in the end); recorded answers have 6 to 11.
const openAi = (encoding: Encoding): Rule => published(encoding, { overhead: { low: 6, high: 11 }, source: `OpenAI ${encoding}` })

/** A model whose tokenizer is not published: so many times o200k_base. */
const estimated = (about: Omit<Rule, 'encoding' | 'exact'>): Rule => ({ encoding: 'o200k_base', exact: false, ...about })

/** First match wins. `model` is in lower case, without a vendor before a slash. */
function ruleFor(provider: string, model: string): Rule {
  if (model.startsWith('gpt-oss'))
    return published('o200k_base', {
      overhead: { low: 60, high: 90 },
      source: 'OpenAI o200k_harmony; the template is 65 to 75 tokens in recorded answers',
    })
  if (/^(?:gpt-4(?![o.])|gpt-3\.5|gpt-35|text-embedding-(?:3-|ada-))/.test(model)) return openAi('cl100k_base')
  if (provider === 'openai' || /^(?:gpt-|chatgpt-|o[1-9](?:-|$))/.test(model)) return openAi('o200k_base')
  if (provider === 'anthropic' || model.startsWith('claude')) return claude(model)
  if (provider === 'mistral' || /^(?:open-)?(?:mistral|mixtral|ministral|magistral|codestral|devstral|pixtral)/.test(model))
    return estimated({
      ratio: 1.15,
      spread: { low: 0.87, high: 1.2 },
      overhead: { low: 4, high: 20 },
      source: 'Mistral: 0 to 38 % more than o200k_base is assumed; not measured',
    })
  return estimated({
    ratio: 1.15,
    spread: { low: 0.8, high: 1.35 },
    overhead: { low: 4, high: 60 },
    source: 'tokenizer unknown: 8 % fewer to 55 % more tokens than o200k_base are assumed',
  })
}

/**
 * Claude before 4.7: recorded answers have 1.16 and 1.20 times o200k_base (English prose); from 4.7 on about 1.42, which
 * agrees with the 30 % more that Anthropic's users report.
 */
function claude(model: string): Rule {
  const version = /(?:opus|sonnet|haiku|fable)-(\d{1,2})(?!\d)(?:[.-](\d{1,2})(?!\d))?/.exec(model)
  const newer = version
    ? Number(version[1]) > 4 || (Number(version[1]) === 4 && Number(version[2] ?? 0) >= 7)
    : !/claude-(?:[123]|instant)/.test(model)
  const overhead = { low: 5, high: 40 }
  return newer
    ? estimated({
        ratio: 1.45,
        spread: { low: 0.85, high: 1.17 },
        overhead,
        source: 'Claude 4.7 and newer: 1.42 times o200k_base in recorded answers',
      })
    : estimated({
        ratio: 1.18,
        spread: { low: 0.92, high: 1.17 },
        overhead,
        source: 'Claude before 4.7: 1.16 to 1.20 times o200k_base in recorded answers',
      })
}

/** The counter for a model of a provider. The practice provider counts four bytes as a token, as its own server does. */
export async function tokenCounter(provider: string, model: string): Promise<TokenCounter> {
  if (provider === 'practice')
    return {
      exact: true,
      count: practiceTokens,
      spread: same,
      ratio: 1,
      overhead: { low: 0, high: 0 },
      source: 'practice: four bytes are a token',
    }
  const rule = ruleFor(provider, model.toLowerCase().replace(/^[^/]*\//, ''))
  const countExactly = await loadEncoding(rule.encoding)
  const count = rule.ratio === 1 ? countExactly : (text: string) => Math.ceil(countExactly(text) * rule.ratio)
  return { exact: rule.exact, count, spread: rule.spread, ratio: rule.ratio, overhead: rule.overhead, source: rule.source }
}

/** What the practice provider calls a token: four bytes of UTF-8, begun ones whole. */
export const practiceTokens = (text: string): number => Math.ceil(Buffer.byteLength(text, 'utf8') / 4)

/** Merged words that are kept: most words of a catalogue come again, and the library's own default keeps ten times more. */
const MERGE_CACHE = 10_000

const loadedEncodings = new Map<Encoding, Promise<(text: string) => number>>()

function loadEncoding(encoding: Encoding): Promise<(text: string) => number> {
  let counting = loadedEncodings.get(encoding)
  if (!counting) loadedEncodings.set(encoding, (counting = importEncoding(encoding)))
  return counting
}

async function importEncoding(encoding: Encoding): Promise<(text: string) => number> {
  const { countTokens, setMergeCacheSize } =
    encoding === 'o200k_base' ? await import('gpt-tokenizer/encoding/o200k_base') : await import('gpt-tokenizer/encoding/cl100k_base')
  setMergeCacheSize(MERGE_CACHE)
  // "<|endoftext|>" in product data is text; by default the library throws.
  const asText = { disallowedSpecial: new Set<string>() }
  return (text) => countInPieces(text, (piece) => countTokens(piece, asText))
}

const LONGEST_WHOLE = 400
const PIECE = 200

/** Whether a text has `LONGEST_WHOLE` characters without a space: looks back from each possible end, so that most are never read. */
function hasLongRun(text: string): boolean {
  for (let start = 0; start + LONGEST_WHOLE <= text.length;) {
    let at = start + LONGEST_WHOLE - 1
    while (at >= start && !isSpace(text.charCodeAt(at))) at -= 1
    if (at < start) return true
    start = at + 1
  }
  return false
}

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

/**
 * Merging takes time in the square of a word's length, and nothing stops a file from having a word of a megabyte. Runs of
 * 400 characters without a space are counted in pieces, which adds at most one token for each 200 characters.
 */
function countInPieces(text: string, count: (piece: string) => number): number {
  if (!hasLongRun(text)) return count(text)
  let tokens = 0
  for (const part of text.split(/(\S{400,})/)) {
    if (part.length < 400 || /\s/.test(part)) tokens += part === '' ? 0 : count(part)
    else for (let at = 0; at < part.length; at += PIECE) tokens += count(part.slice(at, at + PIECE).toWellFormed())
  }
  return tokens
}
