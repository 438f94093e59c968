import { expect, it } from 'vitest'
import { kindOfChange } from './change-kind.ts'

const DATA = { brand: 'Acme', colour: 'Dark red', ean: '4006381333931' }
const kindOf = (before: unknown, after: unknown, isOption = false) => {
  const { kind, words } = kindOfChange({ before, after, data: DATA, isOption })
  return words === null ? kind : `${kind}: ${words}`
}

it.each([
  ['Kettle 1.7 l Acme', 'Acme Kettle 1.7 l', 'moved_to_front: brand'],
  ['Kettle 1.7 l, steel', 'Steel kettle 1.7 l', 'moved_to_front'],
  ['Kettle with lid', 'Lid with kettle', 'words_reordered'],
  [null, 'Acme Kettle', 'new'],
  ['  ', 'Acme Kettle', 'new'],
  ['Acme Kettle', null, 'cleared'],
  ['Acme Kettle', 'Acme Kettle', 'same'],
  ['ACME kettle - 1.7 l', 'Acme Kettle, 1.7 l', 'case_or_punctuation'],
  ['Width 1.5 m', 'Width 15 m', 'number_changed'], // the point is no punctuation between digits
  ['Down to -5 °C', 'Down to 5 °C', 'number_changed'], // nor is the sign
  ['C++ guide', 'C guide', 'shortened'],
  ['Grip 50%', 'Grip 50', 'shortened'],
  ['Weight: 1500 g', 'Weight: 1,5 kg', 'units_normalised'],
  ['Cable 2m', 'Cable 2 m', 'units_normalised'],
  ['Cable 2m', 'Cable 3 m', 'rewritten'],
  ['Kettle', 'Kettle, dark red', 'added_at_end: colour'],
  ['Kettle', 'Kettle for tea', 'added_at_end'],
  ['Kettle', 'Acme Kettle', 'added_at_front: brand'],
  ['Kettle for tea', 'Kettle of steel for green tea', 'lengthened'],
  ['Kettle of steel for green tea', 'Kettle for tea', 'shortened'],
  ['Kettle of inox', 'Kettle of steel', 'word_replaced: inox → steel'],
  ['Kettle of inox', 'A steel vessel that boils water', 'rewritten'],
  ['<p>Acme <b>Kettle</b>&nbsp;1.7 l.</p>', 'Acme Kettle 1.7 l.', 'markup_only'],
  ['Acme **Kettle**', 'Acme Kettle', 'markup_only'],
  ['5 < 6 and 7 > 6', '5 and 7', 'shortened'],
  ['أحمر داكن غلاية', 'غلاية أحمر داكن', 'moved_to_front'],
  ['غلاية ماء', 'غلاية ماء كهربائية', 'added_at_end'],
  ['電気ケトル', '電気ケトル 白', 'added_at_end'],
  ['Чайник стальной', 'ЧАЙНИК, СТАЛЬНОЙ', 'case_or_punctuation'],
  [12, 13, 'number_changed'],
  [['red', 'blue'], ['blue', 'red'], 'moved_to_front'],
  [{ Colour: 'red' }, { Colour: 'red', Size: 'L' }, 'added_at_end'],
])('%j → %j is %s', (before, after, kind) => {
  expect(kindOf(before, after)).toBe(kind)
})

it('says of a value of the recipe’s list that it is one, where another stood', () => {
  expect(kindOf('rouge', 'Red', true)).toBe('option')
  expect(kindOf(null, 'Red', true)).toBe('new')
})

it('is quick with long texts, also with hostile ones', () => {
  const long = 'word '.repeat(20_000)
  expect(kindOf(long, `${long}more`)).toBe('added_at_end')
  expect(kindOf('<'.repeat(20_000), '*'.repeat(20_000))).toBe('rewritten')
  expect(kindOf(`<a ${'x'.repeat(50_000)}`, `${'**'.repeat(10_000)}a`)).toBe('shortened')
}, 20_000)
