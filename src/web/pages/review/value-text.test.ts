import { expect, it } from 'vitest'
import { readValue, valueLine, valueText } from './value-text.ts'

it.each([
  ['A lamp: warm, 40 W', 'A lamp: warm, 40 W'],
  [12.5, '12.5'],
  [true, 'true'],
  [['red', 'blue'], 'red\nblue'],
  [{ Colour: 'red', Ratio: '1:2' }, 'Colour: red\nRatio: 1:2'],
])('%j is read as text and comes back as it was', (value, text) => {
  expect(valueText(value)).toBe(text)
  expect(readValue(text, value)).toEqual({ value })
})

it('says what a text should have been', () => {
  expect(readValue('twelve', 12)).toEqual({ wrong: 'number' })
  expect(readValue('', 12)).toEqual({ wrong: 'number' })
  expect(readValue('perhaps', true)).toEqual({ wrong: 'choice' })
  expect(readValue('Colour red', { Colour: 'blue' })).toEqual({ wrong: 'entries' })
})

it('where nothing stood, the text is the value', () => {
  expect(readValue('12', null)).toEqual({ value: '12' })
  expect(valueLine('two\n lines ')).toBe('two lines')
  expect(valueText(null)).toBe('')
})
