import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { plainDecimal, sumDecimal } from './decimal.ts'
import { MAX_JSON_DEPTH, parseJson } from './parse-json.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('parseJson', () => {
  test.prop([fc.json({ maxDepth: 20 })])('reads what JSON.parse reads, from text and from bytes', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
    expect(parseJson(Buffer.from(text))).toEqual(JSON.parse(text))
  })

  test.prop([fc.string({ unit: 'binary' })])('any text gives a value or provider.answer_malformed, which never repeats it', (text) => {
    try {
      parseJson(`{"canary":${text}`)
    } catch (error) {
      expect(error).toMatchObject({ code: 'provider.answer_malformed' })
      expect(String(error)).not.toContain('canary')
    }
  })

  it('reads 64 levels and refuses 65, in arrays and objects, however many', () => {
    expect(parseJson(nested(MAX_JSON_DEPTH))).toBeInstanceOf(Array)
    for (const text of [nested(MAX_JSON_DEPTH + 1), '['.repeat(1_000_000), '{"a":'.repeat(100_000), '[{"a":'.repeat(100_000)]) {
      expect(() => parseJson(text)).toThrow(/more than 64 levels/)
    }
  })

  it('does not count brackets inside strings, with any escapes', () => {
    const text = JSON.stringify({ a: `${'['.repeat(100)}"\\`, b: '\\"'.repeat(100) + '{'.repeat(100) })
    expect(parseJson(text)).toEqual(JSON.parse(text))
    expect(() => parseJson(`{"a":"\\\\",${'"b":['.repeat(100)}`)).toThrow(/more than 64 levels/)
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(/not valid UTF-8/)
    expect(() => parseJson(Buffer.from('"ü"', 'latin1'))).toThrow(/not valid UTF-8/)
  })
})

describe('declared costs', () => {
  it.each([
    [1.4e-7, '0.00000014'],
    [0.000637029, '0.000637029'],
    [0.007637029, '0.007637029'],
    [5.25e-5, '0.0000525'],
    [0, '0'],
    [12, '12'],
    [0.1 + 0.2, '0.3'],
    [1e-10, '0'],
    [5e-10, '0.000000001'],
    [1.5e-9, '0.000000002'],
  ])('%d is %s', (value, decimal) => {
    expect(plainDecimal(value)).toBe(decimal)
  })

  it.each([-1, -1e-9, NaN, Infinity, 1e15, '0.1', null, undefined, {}, true])('%j is no amount', (value) => {
    expect(plainDecimal(value)).toBeUndefined()
    expect(sumDecimal(value, 1)).toBeUndefined()
    expect(sumDecimal(1, value)).toBeUndefined()
  })

  test.prop([fc.integer({ min: 0, max: 9e12 })])('a number of whole nano-units comes back exactly', (nano) => {
    const text = `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, '0')}`
    expect(plainDecimal(Number(text))).toBe(text.replace(/\.?0+$/, ''))
  })

  it('adds before it rounds', () => {
    expect(sumDecimal(4e-10, 4e-10)).toBe('0.000000001')
    expect(sumDecimal(0.1, 0.2)).toBe('0.3')
    expect(sumDecimal(0, 0.0003253)).toBe('0.0003253')
  })
})
