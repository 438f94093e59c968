import { describe, expect, it } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatMoney, formatShare } from './numbers.ts'

const usd = (amount: string) => ({ currency: 'USD', amount })
/** Spaces of all widths as one plain space, so that a line can be read. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ').replaceAll(/[\u200e\u200f\u061c]/g, '')

describe('money', () => {
  it.each([
    ['0', '$0'],
    ['0.0042', '$0.0042'],
    ['0.000216', '$0.000216'],
    ['0.123449', '$0.1234'], // four significant digits below one unit
    ['0.12345', '$0.1235'], // half up
    ['0.99994', '$0.9999'],
    ['0.99995', '$1.00'], // rounds to one unit: two decimals
    ['1', '$1.00'],
    ['12.345', '$12.35'],
    ['1234567.891', '$1,234,567.89'],
    ['-0.5', '-$0.50'],
    ['0.4', '$0.40'],
    ['-12.345', '-$12.35'],
    ['0.000000001', '$0.000000001'],
    ['123456789012345.67', '$123,456,789,012,345.67'], // more digits than a float has
  ])('%s dollars are shown as %s', (amount, shown) => {
    expect(formatMoney(usd(amount), 'en')).toBe(shown)
  })

  it('always stands with its currency, as each language writes it', () => {
    expect(plain(formatMoney({ currency: 'EUR', amount: '1234.5' }, 'fr'))).toBe('1 234,50 €')
    expect(plain(formatMoney({ currency: 'EUR', amount: '0.0042' }, 'fr'))).toBe('0,0042 €')
    expect(plain(formatMoney({ currency: 'GBP', amount: '2' }, 'en'))).toBe('£2.00')
    expect(formatMoney({ currency: 'CHF', amount: '2' }, 'en')).toContain('CHF')
    expect(formatMoney(usd('12.345'), 'ar')).toMatch(/12\.35/) // the digits that the tables of Arabic pages use
  })

  it('keeps yen at two decimals: amounts of calls are far below one', () => {
    expect(formatMoney({ currency: 'JPY', amount: '0.0123' }, 'en')).toBe('¥0.0123')
  })
})

describe('counts, shares, sizes, spans', () => {
  it('groups digits as the language does', () => {
    expect(formatCount(1_240, 'en')).toBe('1,240')
    expect(plain(formatCount(1_234_567n, 'fr'))).toBe('1 234 567')
  })

  it('never shows something as nothing, nor a part as the whole', () => {
    expect(formatShare(0, 'en')).toBe('0%')
    expect(formatShare(0.0001, 'en')).toBe('<1%')
    expect(formatShare(0.999, 'en')).toBe('>99%')
    expect(formatShare(1, 'en')).toBe('100%')
    expect(plain(formatShare(0.5, 'fr'))).toBe('50 %')
  })

  it('tells sizes in units of a thousand', () => {
    expect(formatBytes(0, 'en')).toBe('0 bytes')
    expect(formatBytes(999, 'en')).toBe('999 bytes')
    expect(formatBytes(1_500, 'en')).toBe('1.5 kB')
    expect(formatBytes(2_000_000_000_000, 'en')).toBe('2,000 GB')
  })

  it('tells spans in their two largest units', () => {
    expect(formatDuration(0, 'en')).toBe('0 sec')
    expect(formatDuration(59_400, 'en')).toBe('59 sec')
    expect(formatDuration(3_600_000, 'en')).toBe('1 hr')
    expect(formatDuration(3_900_000, 'en')).toBe('1 hr 5 min')
    expect(formatDuration(90_061_000, 'en')).toBe('1 day 1 hr')
  })
})
