type Headers = Readonly<Record<string, string>>

/** Longer waits are cut to this: a caller that waits an hour asks again rather than trusting a header for days. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * How long the provider asks to wait, in milliseconds from `nowMs`: `retry-after-ms`, `retry-after` (seconds or an HTTP
 * date), else the resets of rate limits: OpenAI's durations ("1m30s", "12ms"), Anthropic's RFC 3339 times. Of several
 * limits the exhausted ones count, or all when none says it is. Header names in lower case. Undefined when nothing is said.
 */
export function retryAfterOf(headers: Headers, nowMs: number): number | undefined {
  const wait = afterMs(headers) ?? after(headers, nowMs) ?? resets(headers, nowMs)
  return wait === undefined ? undefined : Math.min(Math.max(0, Math.ceil(wait)), MAX_RETRY_AFTER_MS)
}

/**
 * After an answer that was good: how long until a limit that it says is used up (`remaining` 0) opens again. Waiting so long
 * spares the call that would be refused. Undefined when nothing is used up.
 */
export function exhaustedFor(headers: Headers, nowMs: number): number | undefined {
  const waits = limitResets(headers, nowMs).flatMap(({ wait, isExhausted }) => (isExhausted ? [wait] : []))
  return waits.length === 0 ? undefined : Math.min(Math.max(0, Math.ceil(Math.max(...waits))), MAX_RETRY_AFTER_MS)
}

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

function resets(headers: Headers, nowMs: number): number | undefined {
  const waits = limitResets(headers, nowMs)
  const exhausted = waits.filter(({ isExhausted }) => isExhausted)
  const counted = exhausted.length > 0 ? exhausted : waits
  return counted.length === 0 ? undefined : Math.max(...counted.map(({ wait }) => wait))
}

function limitResets(headers: Headers, nowMs: number): { wait: number; isExhausted: boolean }[] {
  const waits: { wait: number; isExhausted: boolean }[] = []
  for (const [name, value] of Object.entries(headers)) {
    const openAi = /^x-ratelimit-reset-([a-z-]+)$/.exec(name)
    const anthropic = /^anthropic-ratelimit-([a-z-]+)-reset$/.exec(name)
    const wait = openAi ? durationMs(value) : anthropic ? untilDate(value, headers, nowMs) : undefined
    if (wait === undefined) continue
    const remaining = openAi ? headers[`x-ratelimit-remaining-${openAi[1]}`] : headers[`anthropic-ratelimit-${anthropic![1]}-remaining`]
    waits.push({ wait, isExhausted: remaining !== undefined && Number(remaining) <= 0 })
  }
  return waits
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
