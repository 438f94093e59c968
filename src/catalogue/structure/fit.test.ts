import { describe, expect, it } from 'vitest'
import type { AttributeRules, AttributeType } from '../../contract/structure.ts'
import { misfitOf, type Misfit } from './fit.ts'
import { isGtin } from './gtin.ts'
import { type Attribute, optionKey } from './model.ts'
import { readDate, readNumber, readPrices } from './read-value.ts'

const attribute = (type: AttributeType, rules: AttributeRules = {}, options: readonly string[] = []): Attribute => ({
  code: 'a',
  type,
  rules,
  localisable: false,
  scopable: false,
  origin: 'file',
  options: new Set(options.map(optionKey)),
})

describe('a number', () => {
  it.each([
    ['12', 12],
    ['-3.5', -3.5],
    ['−3,5', -3.5],
    ['1,234.5', 1234.5],
    ['1.234,5', 1234.5],
    ['1 234,5', 1234.5],
    ["1'234.5", 1234.5],
    ['1,234,567', 1_234_567],
    ['1.234.567', 1_234_567],
    ['1,234', 1234],
    ['1.234', 1.234],
    ['0,125', 0.125],
    ['.5', 0.5],
    [7, 7],
  ])('%s is %s', (text, number) => expect(readNumber(text)).toBe(number))

  it.each(['', '-', '1.2.3', '12 cm', '1,23,4', 'twelve', '1e3', Number.NaN, null, {}])('%s is none', (text) =>
    expect(readNumber(text)).toBeUndefined(),
  )
})

describe('a value against the type of its attribute', () => {
  it.each<[AttributeType, unknown, Misfit | undefined, AttributeRules?]>([
    ['text', 'a', undefined],
    ['text', { a: 1 }, 'no_text'],
    ['text', 'abc', 'too_long', { maxLength: 2 }],
    ['html', '<p>abc</p>', undefined, { maxLength: 3 }],
    ['number', '12,5', undefined],
    ['number', 'many', 'no_number'],
    ['number', '-1', 'too_small', { minimum: 0 }],
    ['number', 11, 'too_large', { maximum: 10 }],
    ['number', '1.5', 'too_many_decimals', { decimals: 0 }],
    ['measurement', '12 cm', undefined],
    ['measurement', '12', 'no_unit'],
    ['measurement', '12', undefined, { unit: 'cm' }],
    ['measurement', '12 Zoll', undefined, { unit: 'cm' }],
    ['measurement', '12 kg', 'other_unit', { unit: 'cm' }],
    ['measurement', '12 furlongs', 'unknown_unit'],
    ['measurement', '12 furlongs', undefined, { unit: 'furlongs' }],
    ['measurement', { amount: '1', unit: 'KILOGRAM' }, undefined, { unit: 'g' }],
    ['measurement', 'large', 'no_measurement'],
    ['price', '12.99 EUR', undefined],
    ['price', { EUR: '12.99', USD: 14 }, undefined],
    ['price', [{ amount: 3, currency: 'EUR' }], undefined],
    ['price', '12.99', 'no_currency'],
    ['price', '12.99', undefined, { currency: 'EUR' }],
    ['price', 'on request', 'no_price'],
    ['boolean', 'ja', undefined],
    ['boolean', 0, undefined],
    ['boolean', 'perhaps', 'no_boolean'],
    ['date', '2024-02-29', undefined],
    ['date', '2023-02-29', 'no_date'],
    ['date', 'soon', 'no_date'],
    ['image', 'https://a.example/1.jpg, https://a.example/2', undefined],
    ['image', 'files/a/b.jpg', undefined],
    ['image', 'a nice one', 'no_image'],
    ['image', 'javascript:alert(1).png', 'no_image'],
    ['table', [{ a: 1 }], undefined],
    ['table', '[{"a":1}]', undefined],
    ['table', '[{"a":1}]', 'other_columns', { columns: ['b'] }],
    ['table', 'a: 1', 'no_table'],
  ])('%s: %j is %s', (type, value, misfit, rules) => expect(misfitOf(attribute(type, rules), value)).toBe(misfit))

  it('an option goes by its code or a label, in any case; several in one cell or a list', () => {
    const colour = attribute('select', {}, ['red', 'Rouge', 'déjà vu'])
    expect(['red', 'ROUGE', 'Deja Vu', 'green', ['red']].map((value) => misfitOf(colour, value))).toEqual([
      undefined,
      undefined,
      undefined,
      'no_option',
      'no_option',
    ])
    const colours = attribute('multi_select', {}, ['red', 'blue', 'black, white'])
    expect(['red,blue', ['blue'], 'black, white', 'red,green'].map((value) => misfitOf(colours, value))).toEqual([
      undefined,
      undefined,
      undefined,
      'no_option',
    ])
    expect(misfitOf(attribute('select'), 'whatever')).toBeUndefined() // nobody named an option
  })

  it('what says nothing fits everywhere', () => {
    for (const value of [null, undefined, '', ' ', [], {}]) expect(misfitOf(attribute('number'), value)).toBeUndefined()
  })
})

it('prices are read with their currency', () => {
  expect(readPrices('€ 1.299,00')).toEqual([{ amount: 1299, currency: 'EUR' }])
  expect(readPrices('12,50 zł')).toEqual([{ amount: 12.5, currency: 'PLN' }])
  expect(readPrices('12 apples')).toBeUndefined()
})

it('days are those of the calendar', () => {
  expect(['2024-1-5', '05.01.2024', '01/25/2024', '25/01/2024', '20240105', '2024-01-05T10:00:00Z'].map(readDate)).toEqual([
    '2024-01-05',
    '2024-01-05',
    '2024-01-25',
    '2024-01-25',
    '2024-01-05',
    '2024-01-05',
  ])
  expect(['31.02.2024', '2024-13-01', '12345678', '1-1-24'].map(readDate)).toEqual([undefined, undefined, undefined, undefined])
})

it('a GTIN has a right check digit', () => {
  // Those of the GS1 General Specifications and of real products.
  expect(['4006381333931', '96385074', '036000291452', '00012345600012', "'4006381333931"].map(isGtin)).toEqual([
    true,
    true,
    true,
    true,
    true,
  ])
  expect(['4006381333932', '123', '0000000000000', '4006381333931x', ''].map(isGtin)).toEqual([false, false, false, false, false])
})
