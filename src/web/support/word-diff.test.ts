import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { wordDiff, type DiffPart } from './word-diff.ts'

const side = (parts: readonly DiffPart[], without: DiffPart['kind']): string =>
  parts
    .filter(({ kind }) => kind !== without)
    .map(({ text }) => text)
    .join('')

const text = fc
  .array(fc.constantFrom('lamp', 'Lamp', 'oak', ' ', '  ', '\n', ',', '12', '1,200', 'm²', 'كرسي', '椅子です', '👩‍🔧', '.'), {
    maxLength: 14,
  })
  .map((words) => words.join(''))

test.prop([text, text], { numRuns: 500 })(
  'what is the same and taken is the text before; what is the same and put is the text after',
  (before, after) => {
    const parts = wordDiff(before, after)
    expect(side(parts, 'put')).toBe(before)
    expect(side(parts, 'taken')).toBe(after)
  },
)

it('marks words, not letters', () => {
  expect(wordDiff('Oak chair, 80 cm', 'Oak armchair, 85 cm')).toEqual([
    { kind: 'same', text: 'Oak ' },
    { kind: 'taken', text: 'chair' },
    { kind: 'put', text: 'armchair' },
    { kind: 'same', text: ', ' },
    { kind: 'taken', text: '80' },
    { kind: 'put', text: '85' },
    { kind: 'same', text: ' cm' },
  ])
})

it('finds words where a language writes none apart', () => {
  const taken = wordDiff('木の椅子です', '木の机です', 'ja').filter(({ kind }) => kind === 'taken')
  expect(taken).toEqual([{ kind: 'taken', text: '椅子' }])
})
