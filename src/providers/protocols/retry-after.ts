import { type RateLimit, readRateLimits, untilDateMs } from '../rate-limits.ts'

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
  const limits = readRateLimits(headers, nowMs)
  return bounded(afterMs(headers) ?? after(headers, nowMs) ?? exhaustedReset(limits) ?? (isLimit ? silentReset(limits) : undefined))
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
  return untilDateMs(value, headers, nowMs)
}

/** The longest of the limits that are used up. */
const exhaustedReset = (limits: readonly RateLimit[]): number | undefined =>
  longest(limits.filter(({ remaining }) => remaining !== undefined && remaining <= 0))

/** The longest of the limits that do not say what remains. */
const silentReset = (limits: readonly RateLimit[]): number | undefined => longest(limits.filter(({ remaining }) => remaining === undefined))

function longest(limits: readonly RateLimit[]): number | undefined {
  const waits = limits.flatMap(({ resetsInMs }) => (resetsInMs === undefined ? [] : [resetsInMs]))
  return waits.length === 0 ? undefined : Math.max(...waits)
}
