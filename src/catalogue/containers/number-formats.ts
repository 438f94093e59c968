/** What a cell's number means, as its style says: a date, a time, a code with leading zeros, or a plain number. */
export type Meaning = 'number' | 'date' | 'time' | { readonly digits: number }

/** ECMA-376 part 1, 18.8.30: the numbers of formats that no workbook spells out. Those of East Asian dates among them. */
const DATES = new Set([14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 34, 35, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58])
const TIMES = new Set([18, 19, 20, 21, 32, 33, 45, 46, 47])

export function meaningOf(id: number, code: string | undefined): Meaning {
  if (code === undefined) return DATES.has(id) ? 'date' : TIMES.has(id) ? 'time' : 'number'
  const plain = code.split(';', 1)[0]!.replace(/"[^"]*"|\\.|_.|\*./g, '')
  const zeros = /^0{2,30}$/.exec(plain)
  if (zeros) return { digits: zeros[0].length }
  const elapsed = /\[(?:h+|m+|s+)\]/i.test(plain)
  const signs = plain.replace(/\[[^\]]*\]/g, '')
  if (/general/i.test(signs)) return 'number'
  if (/[yd]/i.test(signs)) return 'date'
  if (elapsed || /[hs]/i.test(signs)) return 'time'
  return /m/i.test(signs) ? 'date' : 'number'
}

const DAY_SECONDS = 86_400
const LAST_DAY = 2_958_465 // 9999-12-31 in the system of 1900

/**
 * A spreadsheet's day number as text: "2026-11-20", "2026-11-20T15:30:00", "15:30:00". In the system of 1900, day 60 is the
 * 29th of February 1900, which never was; it is kept for the sake of the days before it. Undefined where no date has the number.
 */
export function dateText(serial: number, meaning: 'date' | 'time', from1904: boolean): string | undefined {
  if (!(serial >= 0 && serial < LAST_DAY + 1)) return undefined
  const seconds = Math.round(serial * DAY_SECONDS)
  const days = Math.floor(seconds / DAY_SECONDS)
  const rest = seconds - days * DAY_SECONDS
  if (meaning === 'time') return clock(seconds)
  if (days === 0 && rest > 0 && !from1904) return clock(rest)
  const date = calendar(days, from1904)
  return rest === 0 ? date : `${date}T${clock(rest)}`
}

function calendar(days: number, from1904: boolean): string {
  if (!from1904 && days === 60) return '1900-02-29'
  const epoch = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30)
  return new Date(epoch + days * DAY_SECONDS * 1000).toISOString().slice(0, 10)
}

const two = (number: number): string => String(number).padStart(2, '0')

const clock = (seconds: number): string => `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
