import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { fillValues } from './fill.ts'
import { createSiblingFinder, siblingShape } from './siblings.ts'

const shape = (lines: Readonly<Record<string, string>>) =>
  siblingShape(
    Object.entries(lines)
      .map(([label, value]) => `${label}: ${value}`)
      .join('\n'),
  )!

const chair = (colour: string, ean = '4006381333931') =>
  shape({ title: `Acme Comfort office chair ${colour}`, brand: 'Acme', colour, material: 'Leather', ean })
const cable = (length: string) => shape({ title: `Acme network patch cable ${length}`, brand: 'Acme', category: 'Cables' })

const fill = <Values extends Readonly<Record<string, string>>>(
  values: Values,
  { leader = chair('Black'), follower = chair('Dark Red', '4006381333948'), locale = 'en' } = {},
) => fillValues({ leader, follower, values, localeOf: () => locale })

describe('siblings', () => {
  it('differ in colours, numbers and identifiers alone', () => {
    const finder = createSiblingFinder()
    expect(finder.leaderOf(chair('Black'), 1)).toBeUndefined()
    expect(finder.leaderOf(chair('Red', '4006381333948'), 2)).toBe(1)
    expect(
      finder.leaderOf(shape({ title: 'Acme Comfort office chair Black', brand: 'Acme', colour: 'Black', material: 'Wool', ean: '1' }), 3),
    ).toBeUndefined()
    expect(finder.leaderOf(cable('2m'), 4)).toBeUndefined()
    expect(finder.leaderOf(cable('5m'), 5)).toBe(4)
    expect(siblingShape('title: X-500')).toBeUndefined()
  })

  it('are found among many kinds', () => {
    const finder = createSiblingFinder()
    const name = (index: number) => index.toString().replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)]!)
    for (let index = 1; index <= 20_000; index += 1) finder.leaderOf(siblingShape(`title: Acme office chair ${name(index)} 5`), index)
    for (let index = 1; index <= 20_000; index += 997)
      expect(finder.leaderOf(siblingShape(`title: Acme office chair ${name(index)} 7`), 99_999)).toBe(index)
  })
})

describe('a text is filled in', () => {
  it.each([
    ['The Acme Comfort chair in Black has a seat of leather.', 'The Acme Comfort chair in Dark Red has a seat of leather.'],
    ['An office chair in black. Black suits any room.', 'An office chair in dark red. Dark Red suits any room.'],
    ['BLACK office chair', 'DARK RED office chair'],
    ['Black chair, EAN 4006381333931.', 'Dark Red chair, EAN 4006381333948.'],
  ])('%s', (text, expected) => {
    expect(fill({ text })).toEqual({ kind: 'filled', values: { text: expected } })
  })

  it('a number keeps the form of its unit', () => {
    expect(fill({ text: 'A cable of 2 m, or 2m.' }, { leader: cable('2m'), follower: cable('5m') })).toEqual({
      kind: 'filled',
      values: { text: 'A cable of 5 m, or 5m.' },
    })
  })

  it('with two slots at once, none is filled twice', () => {
    const of = (colour: string, other: string) =>
      shape({ title: `Acme garden chair ${colour}`, colour, seat: 'soft', cushion_colour: other })
    const filled = fill({ text: 'A Black chair with a White cushion.' }, { leader: of('Black', 'White'), follower: of('White', 'Black') })
    expect(filled).toEqual({ kind: 'filled', values: { text: 'A White chair with a Black cushion.' } })
  })
})

describe('a text is not filled in', () => {
  it.each([
    ['that does not name it', 'An office chair of leather.', 'not_named'],
    ['that has it inside another word', 'A Black chair, blackish by day.', 'inside_a_word'],
    ['that ties it to another word', 'A black-coloured chair.', 'inside_a_word'],
  ])('%s', (_, text, why) => {
    expect(fill({ text })).toEqual({ kind: 'refused', why })
  })

  it('whose article would be wrong', () => {
    expect(fill({ text: 'A Black chair.' }, { follower: chair('Orange') })).toEqual({ kind: 'refused', why: 'grammar' })
  })

  it('in a language whose words follow what they describe', () => {
    expect(fill({ text: 'Une chaise Black en cuir.' }, { locale: 'fr' })).toEqual({ kind: 'refused', why: 'grammar' })
    expect(fill({ text: 'Black' }, { locale: 'fr' })).toEqual({ kind: 'filled', values: { text: 'Dark Red' } })
  })

  it('where one and many differ', () => {
    const of = (ports: string) => shape({ title: `Acme desktop switch ${ports} port`, brand: 'Acme' })
    expect(fill({ text: 'A switch with 4 ports.' }, { leader: of('4'), follower: of('1') })).toEqual({ kind: 'refused', why: 'grammar' })
  })

  it('where a word stands for two things', () => {
    const of = (a: string, b: string) => shape({ title: `Acme shelf board ${a} and ${b}`, brand: 'Acme' })
    expect(fill({ text: 'Of 20 cm.' }, { leader: of('20', '20'), follower: of('20', '30') })).toEqual({ kind: 'refused', why: 'ambiguous' })
  })

  it('where a number stands there in words too', () => {
    const of = (count: string) => shape({ title: `Acme ink cartridge ${count} pack`, brand: 'Acme' })
    expect(fill({ text: 'A pack of 2: two cartridges.' }, { leader: of('2'), follower: of('3') })).toEqual({
      kind: 'refused',
      why: 'inside_a_word',
    })
  })
})

const WORDS = fc.array(fc.constantFrom('chair', 'soft', 'the', 'seat', 'with', 'office', 'and', 'arms', 'of', 'leather', ',', '.'), {
  maxLength: 12,
})

test.prop([WORDS, WORDS, fc.constantFrom('Black', 'White', 'Green'), fc.constantFrom('Blue', 'Dark Red', 'Yellow')])(
  'filling changes nothing but slots, and filling back gives the text again',
  (before, after, from, to) => {
    const [leader, follower] = [chair(from, '1111111111116'), chair(to, '2222222222222')]
    const text = [...before, from, ...after].join(' ')
    const there = fill({ text }, { leader, follower })
    if (there.kind === 'refused') return
    expect(there.values.text).toBe([...before, to, ...after].join(' '))
    expect(fill(there.values, { leader: follower, follower: leader })).toEqual({ kind: 'filled', values: { text } })
  },
)
