type Headers = Readonly<Record<string, string>>

/** One limit of a provider's, as one answer told it. What the answer did not say is absent: unknown, never 0. */
export interface RateLimit {
  /** `requests`, `tokens`, `input-tokens`, `output-tokens`, or the provider's own word for what else it counts ("input-images"). */
  readonly kind: string
  /** Of how much time: where the header's name or a header beside it says so. */
  readonly windowMs?: number
  readonly limit?: number
  readonly remaining?: number
  /** Until it is as if nothing had been used: the end of a window, or a bucket that has filled up again. */
  readonly resetsInMs?: number
}

/**
 * What an answer's headers say of the provider's limits; header names in lower case. Read are
 * - OpenAI's `x-ratelimit-{limit,remaining,reset}-{requests,tokens,…}` with resets as durations ("6m0s", "12ms"), which Groq,
 *   xAI and many servers copied, with seconds ("17.39"), a moment since 1970 or nothing for the reset;
 * - Azure's, the same with `x-ratelimit-renewalperiod-…` beside it (seconds), whose bare resets are milliseconds;
 * - Mistral's and Cerebras' `…-req-minute`, `…-tokens-month`, `…-req-10-second`, whose names hold the window;
 * - Fireworks' `…-tokens-prompt` and `…-tokens-generated`; Together's `x-ratelimit-{limit,remaining,reset}` and `x-tokenlimit-…`;
 * - Anthropic's `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, RFC 3339;
 * - the IETF draft's `ratelimit-{limit,remaining,reset}`, seconds.
 * Others (Ollama, Gemini, DeepSeek, Bedrock) say nothing, and nothing is made up for them.
 */
export function readRateLimits(headers: Headers, nowMs: number): RateLimit[] {
  const found = new Map<string, { -readonly [Key in keyof RateLimit]: RateLimit[Key] }>()
  for (const name in headers) {
    const parts = knownPartsOf(name)
    if (!parts) continue
    const { field, subject, kind } = parts
    const value = valueOf(field, headers[name]!, { headers, subject, nowMs })
    if (value === undefined) continue
    let limit = found.get(subject)
    if (!limit) found.set(subject, (limit = { ...kind }))
    limit[field] = value
  }
  return [...found.values()]
}

interface Parts {
  readonly field: Field
  readonly subject: string // what is counted, as the header calls it
  readonly kind: { readonly kind: string; readonly windowMs?: number }
}

/** Names are few and come with every answer: what they mean is worked out once. */
const KNOWN_NAMES = 200
const known = new Map<string, Parts | undefined>()

function knownPartsOf(name: string): Parts | undefined {
  if (!name.includes('limit')) return undefined
  if (known.has(name)) return known.get(name)
  const parts = partsOf(name)
  if (known.size < KNOWN_NAMES) known.set(name, parts)
  return parts
}

type Field = 'limit' | 'remaining' | 'resetsInMs' | 'windowMs'
const FIELDS: Readonly<Record<string, Field>> = {
  limit: 'limit',
  remaining: 'remaining',
  reset: 'resetsInMs',
  renewalperiod: 'windowMs',
}

const OPENAI = /^x-ratelimit-(limit|remaining|reset|renewalperiod)(?:-([a-z0-9_-]{1,40}))?$/
const ANTHROPIC = /^anthropic-ratelimit-([a-z0-9_-]{1,40})-(limit|remaining|reset)$/
const PLAIN = /^(?:ratelimit|x-(token)limit)-(limit|remaining|reset)$/

function partsOf(name: string): Parts | undefined {
  const parts = (field: string, subject: string): Parts => ({ field: FIELDS[field]!, subject, kind: kindOf(subject) })
  const openAi = OPENAI.exec(name)
  if (openAi) return parts(openAi[1]!, openAi[2] ?? 'requests')
  const anthropic = ANTHROPIC.exec(name)
  if (anthropic) return parts(anthropic[2]!, anthropic[1]!)
  const plain = PLAIN.exec(name)
  return plain ? parts(plain[2]!, plain[1] ? 'tokens' : 'requests') : undefined
}

function valueOf(
  field: Field,
  text: string,
  { headers, subject, nowMs }: { headers: Headers; subject: string; nowMs: number },
): number | undefined {
  if (field === 'resetsInMs') {
    const bareUnitMs = headers[`x-ratelimit-renewalperiod-${subject}`] === undefined ? 1000 : 1
    return resetMs(text, { headers, nowMs, bareUnitMs })
  }
  const number = /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined
  return field === 'windowMs' && number !== undefined ? positive(number * 1000) : number
}

const positive = (number: number): number | undefined => (number > 0 ? number : undefined)

const WINDOW = /(?:-per)?-(?:(\d{1,4})-)?(second|minute|hour|day|week|month)$/
const WINDOW_MS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
}
const KINDS: Readonly<Record<string, string>> = { req: 'requests', 'tokens-prompt': 'input-tokens', 'tokens-generated': 'output-tokens' }

function kindOf(subject: string): { kind: string; windowMs?: number } {
  const window = WINDOW.exec(subject)
  const named = window ? subject.slice(0, window.index) : subject
  const kind = Object.hasOwn(KINDS, named) ? KINDS[named]! : named
  const windowMs = window ? positive(Number(window[1] ?? 1) * WINDOW_MS[window[2]!]!) : undefined
  return windowMs === undefined ? { kind } : { kind, windowMs }
}

const HTTP_DATE = /^\w{3,9}, \d{2}[ -]\w{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
/** Bare numbers from here on are moments since 1970: in seconds, and in milliseconds. */
const EPOCH_SECONDS = 1_000_000_000
const EPOCH_MS = 1_000_000_000_000

/** A reset in any of its spellings, as milliseconds from now; a moment that has passed is 0. */
function resetMs(
  text: string,
  { headers, nowMs, bareUnitMs }: { headers: Headers; nowMs: number; bareUnitMs: number },
): number | undefined {
  if (/^\d{1,15}(\.\d{1,9})?$/.test(text)) {
    const number = Number(text)
    if (number < EPOCH_SECONDS) return number * bareUnitMs
    return Math.max(0, (number < EPOCH_MS ? number * 1000 : number) - (theirNowMs(headers) ?? nowMs))
  }
  const untilMs = untilDateMs(text, headers, nowMs)
  return untilMs === undefined ? durationMs(text) : Math.max(0, untilMs)
}

/** The provider's own clock, where the answer says its time. */
function theirNowMs(headers: Headers): number | undefined {
  const date = headers['date'] ?? ''
  const nowMs = HTTP_DATE.test(date) ? Date.parse(date) : NaN
  return Number.isNaN(nowMs) ? undefined : nowMs
}

/** Until an HTTP date or an RFC 3339 time, which may have passed; against the provider's own clock, so that ours may be wrong. */
export function untilDateMs(text: string, headers: Headers, nowMs: number): number | undefined {
  if (!HTTP_DATE.test(text) && !RFC_3339.test(text)) return undefined
  const until = Date.parse(text)
  return Number.isNaN(until) ? undefined : until - (theirNowMs(headers) ?? nowMs)
}

const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
}

/** "12ms", "1m30s", "6h0m0s", "17.39s". */
function durationMs(text: string): number | undefined {
  if (text.length > 40 || !/^(\d{1,12}(\.\d{1,9})?(d|h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(d|h|ms|m|s|us|µs|ns)/g)) sum += Number(amount) * UNIT_MS[unit!]!
  return sum
}
