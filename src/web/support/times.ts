const STEPS: readonly [limitMs: number, unit: Intl.RelativeTimeFormatUnit, unitMs: number][] = [
  [60_000, 'second', 1_000],
  [3_600_000, 'minute', 60_000],
  [86_400_000, 'hour', 3_600_000],
  [30 * 86_400_000, 'day', 86_400_000],
  [365 * 86_400_000, 'month', 30 * 86_400_000],
  [Number.POSITIVE_INFINITY, 'year', 365 * 86_400_000],
]

/** "3 minutes ago", "in 2 days", "now" within ten seconds. `at` and `nowMs` are instants. */
export function formatRelative(at: string, nowMs: number, language: string): string {
  const differenceMs = Date.parse(at) - nowMs
  const format = new Intl.RelativeTimeFormat(`${language}-u-nu-latn`, { numeric: 'auto' })
  if (Math.abs(differenceMs) < 10_000) return format.format(0, 'second')
  const [, unit, unitMs] = STEPS.find(([limitMs]) => Math.abs(differenceMs) < limitMs)!
  return format.format(Math.trunc(differenceMs / unitMs), unit)
}

/** The exact instant in the person's own zone, with the zone's name. */
export function formatExact(at: string, language: string): string {
  return new Intl.DateTimeFormat(`${language}-u-nu-latn`, { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at))
}

/** The day and the time in the person's own zone: what names something by when it was made. */
export function formatMoment(at: string, language: string): string {
  return new Intl.DateTimeFormat(`${language}-u-nu-latn`, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
}

/** A day in the person's own zone. */
export function formatDay(at: string, language: string): string {
  return new Intl.DateTimeFormat(`${language}-u-nu-latn`, { dateStyle: 'medium' }).format(new Date(at))
}

/** The time of the day in the person's own zone, to the second: what ends in minutes. */
export function formatClock(at: string, language: string): string {
  return new Intl.DateTimeFormat(`${language}-u-nu-latn`, { timeStyle: 'medium' }).format(new Date(at))
}
