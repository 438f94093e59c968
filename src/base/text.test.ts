import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { compareText, countCharacters, editDistance, formatCount, groupDigits } from './text.ts'

it('orders by code unit, capitals before small letters, accents after', () => {
  expect(['é', 'b', 'B', 'a', 'aa'].toSorted(compareText)).toEqual(['B', 'a', 'aa', 'b', 'é'])
})

it('counts code points, not UTF-16 units', () => {
  expect(countCharacters('a😀é')).toBe(3)
})

it('groups digits by three from the right', () => {
  expect(['1', '123', '1234', '1234567'].map((digits) => groupDigits(digits, ','))).toEqual(['1', '123', '1,234', '1,234,567'])
  expect(formatCount(10_000)).toBe('10\u202f000')
})

it('counts the letters between two words', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3) // Levenshtein's textbook pair
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('tittle', 'title')).toBe(1)
})

const word = fc.string({ maxLength: 12 })
test.prop([word, word])('the distance between two words is the same in both directions, and none only for equal ones', (a, b) => {
  expect(editDistance(a, b)).toBe(editDistance(b, a))
  expect(editDistance(a, b) === 0).toBe(a === b)
  expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
})
