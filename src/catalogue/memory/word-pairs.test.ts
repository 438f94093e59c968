import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { pairKey, readPair, wordPairs } from './word-pairs.ts'

it.each([
  ['Kettle of inox, 1.7 l', 'Kettle of stainless steel, 1.7 l', ['inox → stainless steel']],
  ['The ultimate kettle', 'The kettle', ['ultimate → ']],
  ['A usb hub', 'A USB hub', ['usb → USB']],
  ['Inox pot with inox lid', 'Steel pot with steel lid', ['Inox → Steel', 'inox → steel']],
  ['Holds 1.7 l', 'Holds 2 l', []], // numbers are the product's own
  ['Kettle', 'A kettle that boils water in no time at all', []],
  ['one two three four five', 'six seven eight nine ten', []], // more than a few words
  ['غلاية من اينوكس', 'غلاية من فولاذ', ['اينوكس → فولاذ']],
])('%j made into %j teaches %j', (before, after, pairs) => {
  expect(wordPairs(before, after).map(pairKey)).toEqual(pairs)
})

it('learns nothing from a text that was written anew, and does not take long for it', () => {
  const words = (letter: string): string => Array.from({ length: 3_000 }, (_, index) => letter.repeat((index % 9) + 1)).join(' ')
  expect(wordPairs(words('a'), words('b'))).toEqual([])
})

test.prop([fc.string(), fc.string()])('a pair comes back from its text, and stands in the texts it was taken from', (before, after) => {
  for (const pair of wordPairs(before, after)) {
    expect(readPair(pairKey(pair))).toEqual(pair)
    for (const word of pair.taken.split(' ')) expect(before).toContain(word)
    for (const word of pair.put.split(' ')) expect(after).toContain(word)
  }
})
