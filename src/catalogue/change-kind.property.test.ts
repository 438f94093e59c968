import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { comparedWords, kindOfChange } from './change-kind.ts'

const word = fc.constantFrom('acme', 'kettle', 'steel', 'red', '1.7', 'l', 'غلاية', 'чайник', 'straße', 'c++', '50%', '-5')
const words = fc.array(word, { minLength: 1, maxLength: 8 })
const text = fc.oneof(
  words.map((some) => some.join(' ')),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
)
const kindOf = (before: string, after: string) => kindOfChange({ before, after, data: {}, isOption: false }).kind

const MIRROR: Readonly<Record<string, readonly string[]>> = {
  new: ['cleared'],
  cleared: ['new'],
  same: ['same'],
  markup_only: ['markup_only'],
  case_or_punctuation: ['case_or_punctuation'],
  units_normalised: ['units_normalised'],
  moved_to_front: ['moved_to_front', 'words_reordered'],
  words_reordered: ['moved_to_front', 'words_reordered'],
  added_at_end: ['shortened'],
  added_at_front: ['shortened'],
  lengthened: ['shortened'],
  shortened: ['added_at_end', 'added_at_front', 'lengthened'],
  number_changed: ['number_changed'],
  word_replaced: ['word_replaced'],
  rewritten: ['rewritten'],
}

test.prop([text, text])('the change back is of the mirrored kind', (before, after) => {
  expect(MIRROR[kindOf(before, after)]).toContain(kindOf(after, before))
})

test.prop([words, words])('what is added at the end or the front leaves the rest as it was', (before, more) => {
  expect(['added_at_end', 'case_or_punctuation', 'units_normalised']).toContain(kindOf(before.join(' '), [...before, ...more].join(' ')))
  const front = kindOf(before.join(' '), [...more, ...before].join(' '))
  expect(['added_at_front', 'added_at_end', 'units_normalised']).toContain(front) // "red" before "red": the same at either end
})

test.prop([words, fc.nat(), fc.integer({ min: 1, max: 3 })])('words moved to the front are found', (before, place, count) => {
  const from = place % before.length
  const moved = before.slice(from, from + count)
  const after = [...moved, ...before.slice(0, from), ...before.slice(from + count)]
  const kind = kindOf(before.join(' '), after.join(' '))
  expect(after.join(' ') === before.join(' ') ? ['same'] : ['moved_to_front', 'units_normalised']).toContain(kind)
})

test.prop([text, text])('a kind that leaves words as they are has the same words on both sides', (before, after) => {
  const kind = kindOf(before, after)
  const sorted = (of: string) => comparedWords(of).toSorted()
  if (kind === 'case_or_punctuation') expect(comparedWords(after)).toEqual(comparedWords(before))
  if (kind === 'words_reordered' || kind === 'moved_to_front') expect(sorted(after)).toEqual(sorted(before))
  if (kind === 'word_replaced') expect(comparedWords(after)).toHaveLength(comparedWords(before).length)
})

test.prop([text])('nothing that has digits is called a matter of case or punctuation when its digits differ', (before) => {
  const after = before.replace(/\d/, (digit) => String((Number(digit) + 1) % 10))
  if (after !== before)
    expect(['number_changed', 'rewritten', 'new', 'lengthened', 'shortened', 'markup_only']).toContain(kindOf(before, after))
})
