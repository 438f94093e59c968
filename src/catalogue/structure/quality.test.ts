import { describe, expect, it } from 'vitest'
import type { QualityFinding, QualityPartName } from '../../contract/quality.ts'
import type { MeasuredProduct, MeasuredValue } from './completeness.ts'
import { type Attribute, NO_STRUCTURE, type Structure } from './model.ts'
import { qualityOf } from './quality.ts'

const value = (attribute: string, given: unknown, locale: string | null = null): MeasuredValue => ({
  attribute,
  locale,
  channel: null,
  value: given,
})
const attribute = (code: string, more: Partial<Attribute> = {}): [string, Attribute] => [
  code,
  { code, type: 'text', localisable: false, scopable: false, rules: {}, origin: 'file', options: new Set(), ...more },
]
const WORDS = Array.from({ length: 45 }, (_, index) => `word${index}`).join(' ')
const GOOD = [
  value('name', 'Desk lamp Aurora 40 cm, brass'),
  value('description', `<p>${WORDS}</p>`),
  value('image', 'https://shop.example/lamp.jpg'),
  value('ean', '4006381333931'),
]
const product = (values: readonly MeasuredValue[], family: string | null = null): MeasuredProduct => ({ identifier: 'L1', family, values })
const quality = (values: readonly MeasuredValue[], structure: Structure = NO_STRUCTURE, family: string | null = null, flagged = false) =>
  qualityOf(structure, product(values, family), { name: 'name', picture: 'image', flagged })
const partOf = (name: QualityPartName, ...given: Parameters<typeof quality>) => quality(...given).parts.find(({ part }) => part === name)
const instead = (...values: MeasuredValue[]) => [
  ...GOOD.filter((one) => values.every(({ attribute: name }) => name !== one.attribute)),
  ...values,
]

describe('a quality score', () => {
  it('is 100 where every part that applies is good, and its weights are of those alone', () => {
    const { score, parts } = quality(GOOD)
    expect(score).toBe(100)
    expect(parts.map(({ part, weight, finding }) => [part, weight, finding])).toEqual([
      ['title', 15, 'good'],
      ['description', 20, 'good'],
      ['picture', 15, 'good'],
      ['identifier', 5, 'good'],
      ['capitals', 5, 'good'],
      ['placeholders', 5, 'good'],
      ['review', 5, 'good'],
    ])
  })

  it('of nothing is what its blank texts cannot do wrong', () => {
    expect(quality([]).score).toBe(Math.round((100 * 15) / 65))
  })

  it('is the weighted mean of its parts', () => {
    const { score, parts } = quality(instead(value('name', 'Lamp'), value('ean', '4006381333932')))
    const weights = parts.reduce((sum, { weight }) => sum + weight, 0)
    expect(score).toBe(Math.round((100 * parts.reduce((sum, { weight, share }) => sum + weight * share, 0)) / weights))
    expect(score).toBeLessThan(95)
  })

  it.each<[QualityPartName, QualityFinding, readonly MeasuredValue[]]>([
    ['title', 'title_missing', GOOD.filter(({ attribute: name }) => name !== 'name')],
    ['title', 'title_short', instead(value('name', 'Lamp'))],
    ['title', 'title_long', instead(value('name', 'Lamp '.repeat(40)))],
    ['title', 'title_form', instead(value('name', 'BEST DESK LAMP AURORA BRASS'))],
    ['title', 'title_form', instead(value('name', 'Desk lamp Aurora, buy now!!'))],
    ['description', 'description_missing', GOOD.filter(({ attribute: name }) => name !== 'description')],
    ['description', 'description_short', instead(value('description', 'A lamp for the desk.'))],
    ['description', 'description_missing', instead(value('description', ' '), value('meta_description', WORDS))],
    ['picture', 'picture_missing', instead(value('image', 'to follow'))],
    ['identifier', 'identifier_wrong', instead(value('ean', '4006381333932'))],
    ['capitals', 'capitals', [...GOOD, value('note', 'THIS LAMP IS THE BEST OF ALL LAMPS')]],
    ['placeholders', 'placeholders', [...GOOD, value('note', 'TBD')]],
    ['placeholders', 'placeholders', [...GOOD, value('note', 'Lorem ipsum dolor sit amet')]],
  ])('%s: says %s', (name, finding, values) => {
    const part = partOf(name, values)!
    expect(part.finding).toBe(finding)
    expect(part.share).toBeLessThan(1)
  })

  it('counts what a family asks for, by name', () => {
    const structure: Structure = {
      ...NO_STRUCTURE,
      families: [
        { code: 'lamps', labels: {}, attributes: [], required: { '*': ['name', 'colour'] }, labelAttribute: 'name', imageAttribute: null },
      ],
    }
    expect(partOf('required', GOOD, structure, 'lamps')).toMatchObject({ share: 0.5, finding: 'required_missing', names: ['colour'] })
    expect(partOf('required', [...GOOD, value('colour', 'red')], structure, 'lamps')).toMatchObject({ share: 1, finding: 'good' })
    expect(partOf('required', GOOD, structure, 'chairs')).toBeUndefined()
  })

  it('names values that do not fit their types, and misses an identifier that others have', () => {
    const structure: Structure = { ...NO_STRUCTURE, attributes: new Map([attribute('weight', { type: 'number' }), attribute('ean')]) }
    expect(partOf('fitting', [...GOOD, value('weight', 'heavy')], structure)).toMatchObject({
      finding: 'misfits',
      count: 1,
      names: ['weight'],
    })
    expect(partOf('fitting', [...GOOD, value('weight', '3')], structure)).toMatchObject({ share: 1 })
    const without = GOOD.filter(({ attribute: name }) => name !== 'ean')
    expect(partOf('identifier', without, structure)).toMatchObject({ finding: 'identifier_missing' })
    expect(partOf('identifier', without)).toBeUndefined()
  })

  it('counts the languages of the channels', () => {
    const structure: Structure = {
      ...NO_STRUCTURE,
      attributes: new Map([attribute('text', { localisable: true })]),
      channels: [{ code: 'shop', locales: ['en-US', 'de-DE', 'fr-FR'], currencies: [] }],
    }
    const part = partOf('locales', [...GOOD, value('text', 'Lamp', 'en'), value('text', 'Lampe', 'de-DE')], structure)!
    expect(part).toMatchObject({ finding: 'locales_missing', names: ['fr-FR'] })
    expect(part.share).toBeCloseTo(2 / 3)
  })

  it('loses points while a flagged value waits for a person', () => {
    expect(partOf('review', GOOD, NO_STRUCTURE, null, true)).toMatchObject({ share: 0, finding: 'flagged_waiting' })
  })

  it('reads scripts without blanks as words too', () => {
    expect(partOf('description', instead(value('description', '台灯'.repeat(45))))).toMatchObject({ finding: 'good' })
  })
})
