import { expect, it } from 'vitest'
import { formatExact, formatMoment, formatRelative } from './times.ts'

const now = Date.parse('2026-11-20T12:00:00Z')
const relative = (at: string, language = 'en') => formatRelative(at, now, language)

it.each([
  ['2026-11-20T12:00:04Z', 'now'], // a server whose clock is ahead
  ['2026-11-20T11:59:55Z', 'now'],
  ['2026-11-20T11:59:30Z', '30 seconds ago'],
  ['2026-11-20T11:58:01Z', '1 minute ago'],
  ['2026-11-20T09:00:00Z', '3 hours ago'],
  ['2026-11-19T11:00:00Z', 'yesterday'],
  ['2026-11-27T12:00:00Z', 'in 7 days'],
  ['2026-08-01T12:00:00Z', '3 months ago'],
  ['2024-01-01T00:00:00Z', '2 years ago'],
])('%s is %s', (at, shown) => {
  expect(relative(at)).toBe(shown)
})

it('speaks the person’s language, with the digits of the tables', () => {
  expect(relative('2026-11-20T11:57:00Z', 'fr')).toBe('il y a 3 minutes')
  expect(relative('2026-11-20T11:50:00Z', 'ar')).toContain('10')
})

it('names a moment by its day and minute', () => {
  expect(formatMoment('2026-11-20T12:00:00Z', 'en')).toMatch(/^Nov 20, 2026, 12:00\sPM$/)
})

it('names the zone of an exact time', () => {
  expect(formatExact('2026-11-20T12:00:00Z', 'en')).toMatch(/Nov 20, 2026.*12:00:00.*UTC/)
})
