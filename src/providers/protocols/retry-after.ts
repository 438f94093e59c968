type Headers = Readonly<Record<string, string>>

/** Longer waits are cut to this: a caller that waits an hour asks again rather than trusting a header for days. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * How long the provider asks to wait, in milliseconds from `nowMs`: `retry-after-ms`, `retry-after` (seconds or an HTTP
 * date), else the resets of rate limits: OpenAI's durations ("1m30s", "12ms"), Anthropic's RFC 3339 times. Every answer
 * carries resets, a failed one too: only those of exhausted limits (`remaining` 0) are a wait, and where the answer
 * `isLimit`, a 429, those that do not say what remains. Header names in lower case. Undefined when nothing is said.
 */
export function retryAfterOf(headers: Headers, { nowMs, isLimit }: { nowMs: number; isLimit: boolean }): number | undefined {
  return bounded(
    afterMs(headers) ?? after(headers, nowMs) ?? exhaustedReset(headers, nowMs) ?? (isLimit ? silentReset(headers, nowMs) : undefined),
  )
}

/**
 * After an answer that was good: how long until a limit that it says is used up (`remaining` 0) opens again. Waiting so long
 * spares the call that would be refused. Undefined when nothing is used up.
 */
export function exhaustedFor(headers: Headers, nowMs: number): number | undefined {
  return bounded(exhaustedReset(headers, nowMs))
}

const bounded = (wait: number | undefined): number | undefined =>
  wait === undefined ? undefined : Math.min(Math.max(0, Math.ceil(wait)), MAX_RETRY_AFTER_MS)

function afterMs(headers: Headers): number | undefined {
  const value = headers['retry-after-ms']
  return value !== undefined && /^\d{1,15}(\.\d{1,6})?$/.test(value) ? Number(value) : undefined
}

function after(headers: Headers, nowMs: number): number | undefined {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  if (/^\d{1,12}(\.\d{1,6})?$/.test(value)) return Number(value) * 1000
  return untilDate(value, headers, nowMs)
}

const HTTP_DATE = /^\w{3,9}, \d{2}[ -]\w{3}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/

/** Against the provider's own clock where it says its time, so that ours may be wrong. */
function untilDate(value: string, headers: Headers, nowMs: number): number | undefined {
  if (!HTTP_DATE.test(value) && !RFC_3339.test(value)) return undefined
  const until = Date.parse(value)
  if (Number.isNaN(until)) return undefined
  const serverNow = HTTP_DATE.test(headers['date'] ?? '') ? Date.parse(headers['date']!) : NaN
  return until - (Number.isNaN(serverNow) ? nowMs : serverNow)
}

/** The longest of the limits that are used up. */
function exhaustedReset(headers: Headers, nowMs: number): number | undefined {
  return longest(limitsOf(headers, nowMs).filter(({ remaining }) => remaining !== undefined && Number(remaining) <= 0))
}

/** The longest of the limits that do not say what remains. */
function silentReset(headers: Headers, nowMs: number): number | undefined {
  return longest(limitsOf(headers, nowMs).filter(({ remaining }) => remaining === undefined))
}

interface Limit {
  readonly wait: number // milliseconds until it opens again
  readonly remaining: string | undefined
}

const longest = (limits: readonly Limit[]): number | undefined =>
  limits.length === 0 ? undefined : Math.max(...limits.map(({ wait }) => wait))

function limitsOf(headers: Headers, nowMs: number): Limit[] {
  const limits: Limit[] = []
  for (const [name, value] of Object.entries(headers)) {
    const openAi = /^x-ratelimit-reset-([a-z-]+)$/.exec(name)
    const anthropic = /^anthropic-ratelimit-([a-z-]+)-reset$/.exec(name)
    const wait = openAi ? durationMs(value) : anthropic ? untilDate(value, headers, nowMs) : undefined
    if (wait === undefined) continue
    const remaining = openAi ? headers[`x-ratelimit-remaining-${openAi[1]}`] : headers[`anthropic-ratelimit-${anthropic![1]}-remaining`]
    limits.push({ wait, remaining })
  }
  return limits
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

/** "12ms", "1m30s", "6h0m0s", "17.39s"; a bare number is seconds. */
function durationMs(text: string): number | undefined {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000
  if (text.length > 40 || !/^(\d{1,12}(\.\d{1,9})?(d|h|ms|m|s|us|µs|ns))+$/.test(text)) return undefined
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(d|h|ms|m|s|us|µs|ns)/g)) sum += Number(amount) * UNIT_MS[unit!]!
  return sum
}
