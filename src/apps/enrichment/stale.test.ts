import { describe, expect, it } from 'vitest'
import type { OptionList } from '../../catalogue/structure/option-lists.ts'
import type { GlossaryEntry, Recipe } from '../../contract/recipe.ts'
import { makingNow } from './making-now.ts'
import { changedAttributes, keptRecord, type Making, makingOf, withRules } from './makings.ts'
import { createLearner } from './planner/learn.ts'
import { createRules } from './planner/rules.ts'
import { withLists } from './planner/target-lists.ts'
import { ruleTargets } from './planner/targets.ts'
import { parseRecipe } from './read-recipe.ts'
import { linesRead, rulesPartOf } from './rule-making.ts'
import { shownLines } from './show.ts'
import { isThere, type MadeValue, stalenessOf } from './stale.ts'

const recipe = (more: Record<string, unknown> = {}, title: Record<string, unknown> = {}): Recipe =>
  parseRecipe(
    JSON.stringify({
      ...more,
      fields: [
        { name: 'title', type: 'text', ...title },
        { name: 'text', type: 'text' },
      ],
    }),
  )
const server = (model = 'm-1') =>
  ({ connection: { provider: 'openai', destination: 'https://api.openai.com/v1' }, model }) as unknown as Parameters<typeof makingOf>[2]
const DATA = { brand: 'Acme', colour: 'red', name: 'Lamp' }
const lines = (values: Record<string, unknown>, of = recipe()) => shownLines(values, of)

const before = makingOf(recipe(), 'title', server())
const made: MadeValue = { workHash: 'old', making: before.id, record: keptRecord(lines(DATA)).id, value: 'Acme lamp' }
const kept = (makings: readonly { id: string; parts: Making }[] = [before]) => ({
  making: (id: string) => makings.find((one) => one.id === id)?.parts,
  record: (id: string) => (id === made.record ? keptRecord(lines(DATA)).lines : undefined),
})
const against = (now: Recipe, { values = DATA, model = 'm-1' }: { values?: Record<string, unknown>; model?: string } = {}) => {
  const shown = lines(values, now)
  return stalenessOf(
    made,
    { hashes: ['new'], makings: [makingOf(now, 'title', server(model))], record: keptRecord(shown), lines: shown },
    kept(),
  )
}

it.each([
  ['the same', recipe(), []],
  ['another name for the recipe, and other products per call', recipe({ name: 'Other', perCall: 5 }), []],
  ['rules of the field', recipe({}, { instructions: 'Short.' }), ['rules']],
  ['rules of the whole recipe', recipe({ tone: 'dry' }), ['rules']],
  ['another language', recipe({ locale: 'de' }), ['rules']],
  ['a word that neither record nor text holds', recipe({ glossary: [{ term: 'sofa', use: 'couch' }] }), []],
  ['a word that the record holds', recipe({ glossary: [{ term: 'RED', use: 'crimson' }] }), ['glossary']],
  ['a word that the text holds', recipe({}, { glossary: [{ term: 'lamp', avoid: true }] }), ['glossary']],
  ['a word to write that stands there', recipe({ glossary: [{ term: 'luminaire', use: 'lamp' }] }), ['glossary']],
  ['what is shown', recipe({ show: { exclude: ['colour'] } }), ['rules']],
] satisfies [string, Recipe, string[]][])('%s: %j', (_, now, causes) => {
  expect(against(now).causes).toEqual(causes)
})

it('rules of another field make nothing stale', () => {
  const other = parseRecipe(
    JSON.stringify({
      fields: [
        { name: 'title', type: 'text' },
        { name: 'text', type: 'text', tone: 'dry' },
      ],
    }),
  )
  expect(against(other).causes).toEqual([])
})

it('names the attributes that say something else, are new, or are gone', () => {
  expect(against(recipe(), { values: { ...DATA, colour: 'blue' } })).toEqual({ causes: ['source'], changed: ['colour'] })
  expect(against(recipe(), { values: { ...DATA, size: 'L' } }).changed).toEqual(['size'])
  expect(changedAttributes(keptRecord(lines(DATA)).lines, lines({ name: 'Lamp', brand: 'Acme' }), ['ean', 'colour'])).toEqual(['colour'])
  expect(against(recipe(), { values: { ...DATA, price: '12.00' } })).toEqual({ causes: [], changed: [] }) // the model never sees it
})

it('says the model only when none of those that may be asked wrote it, and what it does not know', () => {
  expect(against(recipe(), { model: 'm-2' }).causes).toEqual(['model'])
  const shown = lines(DATA)
  const now = { hashes: ['new'], makings: [makingOf(recipe({ tone: 'dry' }), 'title', server('m-2')), makingOf(recipe({ tone: 'dry' }), 'title', server())], record: keptRecord(shown), lines: shown } // prettier-ignore
  expect(stalenessOf(made, now, kept()).causes).toEqual(['rules'])
  expect(stalenessOf({ ...made, making: null, record: null }, now, kept())).toEqual({ causes: ['unknown'], changed: [] })
  // written before parts were kept: the work hash says whether all is as before
  expect(stalenessOf({ ...made, workHash: 'new', making: null, record: null }, now, kept()).causes).toEqual([])
})

describe('what rules found', () => {
  const NAMES = ['Black', 'Red']
  const coloured = (more: Record<string, unknown> = {}, colour: Record<string, unknown> = {}) =>
    parseRecipe(
      JSON.stringify({ ...more, fields: [{ name: 'colour', type: 'attributes', names: [{ name: 'Colour', allowed: NAMES }], ...colour }] }),
    )
  const listing = (...codes: string[]): OptionList => ({
    attribute: 'color',
    labels: {},
    several: false,
    options: codes.map((code) => ({ code, labels: {} })),
  })
  const targetsOf = (of: Recipe, list: OptionList) => withLists(ruleTargets(of), [list])
  const found = (record: Record<string, unknown>, { of = coloured(), list = listing('Black') } = {}) => {
    const targets = targetsOf(of, list)
    const answers = createRules(of, createLearner(targets).learned(), targets).answer(record)
    const part = rulesPartOf(of, of.fields[0]!, { answers, keys: [...answers.keys()] })
    const making = withRules(undefined, part)!
    const read = keptRecord(linesRead(record, of, part))
    const keptOf = { making: () => making.parts, record: (id: string) => (id === read.id ? read.lines : undefined) }
    return (now: Record<string, unknown> = record, { recipe: other = of, list: listed = list, model = 'm-1' } = {}) => {
      const shown = lines(now, other)
      const product = {
        recipe: other,
        targets: targetsOf(other, listed),
        values: now,
        lines: shown,
        record: keptRecord(shown),
        hashes: ['new'],
        candidates: [server(model)],
      }
      return stalenessOf(
        { workHash: 'old', making: making.id, record: read.id, value: { Colour: 'Red' } },
        makingNow(product, other.fields[0]!, making.parts),
        keptOf,
      )
    }
  }
  const TITLED = { title: 'Acme red chair', brand: 'Acme', legs: 'oak' }

  it.each([
    ['the same', {}, []],
    ['a model', { model: 'm-2' }, []],
    ['how it is told', { recipe: coloured({ tone: 'dry', glossary: [{ term: 'red', use: 'crimson' }] }, { instructions: 'Short.' }) }, []],
    ['what is allowed', { recipe: coloured({}, { names: [{ name: 'Colour', allowed: [...NAMES, 'Blue'] }] }) }, ['rules']],
    ['another kind of field', { recipe: coloured({}, { type: 'text', names: undefined }) }, ['rules']],
    ['a word that must not be written', { recipe: coloured({ glossary: [{ term: 'red', avoid: true }] }) }, ['glossary']],
    ['a word that it does not hold', { recipe: coloured({ glossary: [{ term: 'blue', avoid: true }] }) }, []],
    ['an option more', { list: listing('Black', 'Green') }, ['options']],
  ])('knows %s', (_, more, causes) => {
    expect(found(TITLED)(TITLED, more).causes).toEqual(causes)
  })

  it('knows the attributes that rules read, and those that they would read', () => {
    const now = found(TITLED)
    expect(now({ ...TITLED, legs: 'steel' })).toEqual({ causes: [], changed: [] })
    expect(now({ ...TITLED, title: 'Acme chair' })).toEqual({ causes: ['source'], changed: ['title'] })
    expect(now({ ...TITLED, Farbe: 'Black' })).toEqual({ causes: ['source'], changed: ['Farbe'] })
    const byAttribute = found({ ...TITLED, color: 'Red' })
    expect(byAttribute({ ...TITLED, color: 'Red', title: 'Another chair' }).causes).toEqual([])
    expect(byAttribute({ ...TITLED, color: 'Black' })).toEqual({ causes: ['source'], changed: ['color'] })
  })

  it('another list is no reason to pay for a whole product again', () => {
    expect(isThere(found(TITLED)(TITLED, { list: listing('Green') }))).toBe(true)
    expect(isThere(found(TITLED)({ ...TITLED, title: 'Acme chair' }))).toBe(false)
  })
})

it('examples alone are no reason to pay again', () => {
  const taught = { ...recipe(), examples: { title: [{ attribute: 'title', locale: 'en', wrote: 'a', made: 'b', reason: null }] } }
  const staleness = against(taught)
  expect(staleness.causes).toEqual(['examples'])
  expect([isThere(staleness), isThere(against(recipe({ tone: 'dry' })))]).toEqual([true, false])
})

it('the order of a glossary makes no difference', () => {
  const glossary: GlossaryEntry[] = [
    { term: 'red', use: 'crimson' },
    { term: 'lamp', use: 'light' },
  ]
  expect(makingOf(recipe({ glossary }), 'title', server()).id).toBe(
    makingOf(recipe({ glossary: glossary.toReversed() }), 'title', server()).id,
  )
})
