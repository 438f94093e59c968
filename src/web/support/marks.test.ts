import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { markedPieces, markRanges } from './marks.ts'

const marks = [
  { text: '40 W', why: 'a number' },
  { text: 'W', why: 'a unit' },
]

it('marks words everywhere they occur, also across the parts of a difference', () => {
  const text = 'A 40 W lamp, 40 W'
  const ranges = markRanges(text, marks)
  expect(ranges.map(({ from, to }) => text.slice(from, to))).toEqual(['40 W', '40 W'])
  expect(markedPieces('A 40', 0, ranges)).toEqual([{ text: 'A ' }, { text: '40', why: 'a number' }])
  expect(markedPieces(' W lamp', 4, ranges)).toEqual([{ text: ' W', why: 'a number' }, { text: ' lamp' }])
})

test.prop([fc.string(), fc.array(fc.string({ maxLength: 3 })), fc.nat({ max: 20 })])(
  'loses and repeats nothing of a text',
  (text, words, cut) => {
    const ranges = markRanges(
      text,
      words.map((word) => ({ text: word, why: 'why' })),
    )
    const parts = [text.slice(0, cut), text.slice(cut)]
    const pieces = [...markedPieces(parts[0]!, 0, ranges), ...markedPieces(parts[1]!, parts[0]!.length, ranges)]
    expect(pieces.map((piece) => piece.text).join('')).toBe(text)
  },
)
