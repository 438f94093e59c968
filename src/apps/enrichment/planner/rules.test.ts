import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { OptionList } from '../../../catalogue/structure/option-lists.ts'
import { recipeSchema } from '../../../contract/recipe.ts'
import { createLearner } from './learn.ts'
import { leftOf } from './left.ts'
import { createRules } from './rules.ts'
import { withLists } from './target-lists.ts'
import { ruleTargets } from './targets.ts'

const COLOURS = ['Black', 'White', 'Red', 'Blue', 'Dark Blue', 'Stainless steel', 'Light-grey']
const recipe = recipeSchema.parse({
  fields: [
    { name: 'title', type: 'text' },
    { name: 'colour', type: 'select', values: COLOURS },
    { name: 'attributes', type: 'attributes', names: ['Length', { name: 'Material', allowed: ['Cotton', 'Wool', 'Leather'] }] },
  ],
})

const rulesFrom = (examples: readonly Record<string, unknown>[] = []) => {
  const learner = createLearner(ruleTargets(recipe))
  for (const example of examples) learner.add(example)
  return createRules(recipe, learner.learned())
}
const colourOf = (title: string, more: Record<string, unknown> = {}) =>
  rulesFrom()
    .answer({ title, ...more })
    .get('colour')

describe('an option that stands in the title', () => {
  it.each([
    ['Acme chair, red', 'Red'],
    ['Acme chair RED', 'Red'],
    ['Acme chair (dark blue)', 'Dark Blue'],
    ['Acme pan Stainless Steel 24 cm', 'Stainless steel'],
    ['Red case for black phones', 'Red'],
    ['Acme lamp Light-Gray', 'Light-grey'],
  ])('%s: %s', (title, colour) => {
    expect(colourOf(title)).toMatchObject({ value: colour, rule: 'option', source: 'title' })
  })

  it.each([
    ['different ones', 'Acme chair red, white'],
    ['tied to another word', 'Acme red-hot pan'],
    ['half of a pair', 'Acme chair black/white'],
    ['inside another word', 'Acme Blackberry jam'],
    ['inflected', 'Acme blacks'],
    ['negated', 'Acme paint, not red'],
    ['without it', 'Acme cable without black tie'],
    ['what it is for', 'Ink for red pens'],
    ['a likeness', 'Acme shelf black look'],
    ['none', 'Acme chair'],
  ])('is none when it is %s', (_, title) => {
    expect(colourOf(title)).toBeUndefined()
  })

  it('is none when it is a part of the brand', () => {
    expect(colourOf('Black & Decker drill', { brand: 'Black & Decker' })).toBeUndefined()
    expect(colourOf('Blue Bottle mug red', { brand: 'Blue Bottle' })?.value).toBe('Red')
  })

  it('is none when the short description names another one', () => {
    expect(colourOf('Acme chair red', { short_description: 'A white chair.' })).toBeUndefined()
  })
})

it('takes an attribute of the same name, if it is allowed', () => {
  expect(colourOf('Acme chair', { product_color: 'red' })).toMatchObject({ value: 'Red', rule: 'attribute', source: 'product_color' })
  expect(colourOf('Acme chair', { Farbe: 'Rot' })).toBeUndefined()
  expect(colourOf('Acme chair', { colour: 'Red', color: 'White' })).toBeUndefined()
})

describe('what the catalogue teaches', () => {
  const cables = Array.from({ length: 40 }, (_, index) => ({ title: `Acme cable ${index + 1} m`, length: `${index + 1} m` }))

  it('a quantity of the title, in the unit that known values are in', () => {
    expect(rulesFrom(cables).answer({ title: 'Acme cable 7 m' }).get('attributes/Length')).toMatchObject({
      value: '7 m',
      rule: 'measure',
      words: '7 m',
    })
    expect(rulesFrom(cables).answer({ title: 'Acme cable 2 x 7 m' }).get('attributes/Length')).toBeUndefined()
    expect(rulesFrom().answer({ title: 'Acme cable 7 m' }).get('attributes/Length')).toBeUndefined()
  })

  it('the same of an amount with its unit, as a number in the unit that the structure names', () => {
    const asked = recipeSchema.parse({ fields: [{ name: 'length', type: 'number', unit: 'METER' }] })
    const learner = createLearner(ruleTargets(asked))
    for (const { title } of cables) learner.add({ title, length: { amount: title.split(' ')[2], unit: 'METER' } })
    const rules = createRules(asked, learner.learned())
    expect(rules.answer({ title: 'Acme cable 7 m' }).get('length')).toMatchObject({ value: 7, rule: 'measure', words: '7 m' })
    expect(rules.answer({ title: 'Acme cable 7 cm' }).get('length')).toBeUndefined()
  })

  it('an option that is often something else is not taken', () => {
    const wrong = Array.from({ length: 40 }, (_, index) => ({ title: `Acme toner ${index} black`, colour: index % 2 ? 'Black' : 'White' }))
    expect(rulesFrom(wrong).answer({ title: 'Acme toner black' }).get('colour')).toBeUndefined()
  })

  it('a product of another kind has no such attribute', () => {
    const shirts = Array.from({ length: 200 }, (_, index) => ({ title: `Nordic shirt cotton size ${index} 3 m` }))
    expect(
      rulesFrom([...cables, ...shirts])
        .answer({ title: 'Nordic shirt cotton 3 m' })
        .get('attributes/Length'),
    ).toBeUndefined()
  })
})

describe('options that the structure lists', () => {
  const list = (several = false): OptionList => ({
    attribute: 'main_color',
    labels: { en: 'Main colour', de: 'Hauptfarbe' },
    several,
    options: [
      { code: 'black', labels: { en: 'Black', de: 'Schwarz', fr: 'Noir' } },
      { code: 'gold', labels: { en: 'Gold', de: 'Gold', fr: 'Or' } },
      { code: 'dark_blue', labels: { en: 'Navy', de: 'Dunkelblau' } },
      { code: 'blue', labels: { en: 'Blue', de: 'Blau' } },
      { code: 'xl', labels: { en: 'XL', de: 'XL' } },
      { code: 'sand', labels: { en: 'Beige' } },
      { code: 'cream', labels: { en: 'Beige' } },
    ],
  })
  const answersFor = (field: Record<string, unknown>, { several = false, known = [] as Record<string, unknown>[] } = {}) => {
    const asked = recipeSchema.parse({ fields: [field] })
    const targets = withLists(ruleTargets(asked), [list(several)])
    const learner = createLearner(targets)
    for (const each of known) learner.add(each)
    const rules = createRules(asked, learner.learned(), targets)
    return (title: string, more: Record<string, unknown> = {}) => [...rules.answer({ title, ...more }).values()][0]
  }
  const select = {
    name: 'colour',
    type: 'select',
    column: 'main_color',
    values: ['black', 'gold', 'dark_blue', 'blue', 'xl', 'sand', 'cream'],
  }
  const free = { name: 'attributes', type: 'attributes', names: ['Main colour'] }

  it.each([
    ['a code', 'Acme chair, gold', 'gold', 'gold'],
    ['a label', 'Acme chair Navy', 'dark_blue', 'Navy'],
    ['a label of another language', 'Acme Stuhl schwarz', 'black', 'schwarz'],
    ['the longer of two', 'Acme chair dark blue', 'dark_blue', 'dark blue'],
    ['two letters in capitals', 'Acme shirt XL', 'xl', 'XL'],
  ])('are found by %s: %s', (_, title, value, words) => {
    expect(answersFor(select)(title)).toMatchObject({ value, words, rule: 'option', source: 'title', listed: expect.any(String) })
    expect(answersFor(free)(title)).toMatchObject({ value, words })
  })

  it.each([
    ['two of them', 'Acme chair navy, schwarz'],
    ['a word of two letters', 'Acme chair with or without arms'],
    ['a name that two of them have', 'Acme chair beige'],
    ['tied to another word', 'Acme Schwarz-Weiß film'],
    ['what it is for', 'Ink for Navy pens'],
  ])('are none by %s', (_, title) => {
    expect(answersFor(select)(title)).toBeUndefined()
    expect(answersFor(free)(title)).toBeUndefined()
  })

  it('are written as the catalogue writes them', () => {
    const known = ['Schwarz', 'Gold', 'Blau', 'Dunkelblau'].flatMap((colour) =>
      Array.from({ length: 15 }, (_, index) => ({ title: `Acme Stuhl ${index} ${colour}`, main_color: colour })),
    )
    expect(answersFor(free, { known })('Acme Stuhl black')?.value).toBe('Schwarz')
    expect(answersFor(free)('Acme Stuhl Schwarz')?.value).toBe('black')
    expect(answersFor(select, { known })('Acme Stuhl Schwarz')?.value).toBe('black') // what the recipe allows
    expect(answersFor(free)('Acme Stuhl', { main_color: 'Dunkelblau' })).toMatchObject({ value: 'dark_blue', rule: 'attribute' })
    expect(answersFor(free)('Acme Stuhl', { main_color: 'Ocker' })).toBeUndefined() // no option of it
  })

  it('are several where an attribute may have several', () => {
    const answer = answersFor(free, { several: true })
    expect(answer('Acme chair navy, schwarz')).toMatchObject({ value: 'dark_blue,black', words: 'navy, schwarz' })
    expect(answer('Acme chair navy, schwarz-weiß')).toBeUndefined()
    expect(answer('Acme chair', { main_color: 'Noir | Blau' })).toMatchObject({ value: 'black,blue', rule: 'attribute' })
    expect(answersFor(select, { several: true })('Acme chair navy, schwarz')).toBeUndefined() // the recipe allows one
  })

  it('are those of the attribute of that code, and of none where two have that name', () => {
    const [target] = ruleTargets(recipeSchema.parse({ fields: [free] }))
    const other = { ...list(), attribute: 'Main-Color' }
    expect(withLists([target!], [list(), other])[0]!.list).toBeUndefined()
    const [exact] = ruleTargets(recipeSchema.parse({ fields: [select] }))
    expect(withLists([exact!], [other, list()])[0]!.list).toMatchObject({ attribute: 'main_color' })
  })
})

test.prop([fc.string(), fc.string(), fc.constantFrom(...COLOURS), fc.string()])(
  'a value that is found stands in the text',
  (before, between, colour, after) => {
    const record = { title: `${before} ${colour}${between} ${after}` }
    for (const { words, source } of rulesFrom().answer(record).values()) {
      expect(source).toBe('title')
      expect(record.title.normalize('NFKC').replace(/\s+/g, ' ').toLowerCase()).toContain(words.normalize('NFKC').toLowerCase())
    }
  },
)

it('what is answered is not asked: the recipe that is left is the same one each time', () => {
  const answers = rulesFrom().answer({ title: 'Acme chair red Leather' })
  const left = leftOf(recipe, answers)!
  expect(left.fields.map(({ name }) => name)).toEqual(['title', 'attributes'])
  expect(left.fields[1]).toMatchObject({ names: ['Length'] })
  expect(leftOf(recipe, rulesFrom().answer({ title: 'Acme table white Wool' }))).toBe(left)
  const only = recipeSchema.parse({ fields: [{ name: 'colour', type: 'select', values: COLOURS }] })
  expect(leftOf(only, answers)).toBeNull()
})
