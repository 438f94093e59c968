import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { composePrompt } from './prompt.ts'
import { mergeReadings, readAnswer, repairPrompt } from './read-answer.ts'
import { parseRecipe } from './read-recipe.ts'

const one = parseRecipe(`
glossary: [{ term: cheap, avoid: true }]
fields:
  - { name: title, type: text, characters: { min: 3, max: 20 } }
  - { name: note, type: text, words: { max: 5 }, required: false, paragraphs: true }
  - { name: use, type: select, values: [Office, Home] }
  - { name: watts, type: number, minimum: 1, maximum: 100, decimals: 1 }
  - { name: specs, type: attributes, count: { min: 1, max: 2 } }
`)
const good = { title: 'Desk lamp', note: null, use: 'Office', watts: 5.5, specs: [{ name: 'Colour', value: 'Black' }] }
const parsed = { title: 'Desk lamp', note: null, use: 'Office', watts: 5.5, specs: { Colour: 'Black' } }
const ids = [{ shortId: 'p1', id: 'a' }]
const read = (answer: unknown) =>
  readAnswer({ text: typeof answer === 'string' ? answer : JSON.stringify(answer), recipe: one, ids }).products[0]!

describe('an answer for one product', () => {
  it.each([
    ['plain', JSON.stringify(good)],
    ['with a byte order mark', `\ufeff${JSON.stringify(good)}`],
    ['in a code fence', `\`\`\`json\n${JSON.stringify(good, null, 2)}\n\`\`\``],
    ['after prose with brackets', `Sure! Here [1] is {the} answer:\n${JSON.stringify(good)}\nAnything else?`],
    ['with trailing commas', JSON.stringify(good).replace('}]', ',},]').replace(/}$/, ',}')],
    ['wrapped in a list of one', JSON.stringify({ products: [{ id: 'p1', ...good }] })],
    ['with attributes as an object', JSON.stringify({ ...good, specs: { Colour: 'Black' } })],
    ['with a select value in other case and a number as text', JSON.stringify({ ...good, use: ' office ', watts: '5.5' })],
    ['with fields nobody asked for', JSON.stringify({ ...good, price: 3 })],
  ])('is read %s', (_, text) => {
    expect(read(text)).toEqual({ id: 'a', values: parsed, problems: [] })
  })

  it.each([
    ['cut off', JSON.stringify(good).slice(0, -20), 'not_json', undefined],
    ['no JSON', 'I cannot do that.', 'not_json', undefined],
    ['empty', '', 'not_json', undefined],
    ['a number', '5', 'not_json', undefined],
    ['two objects in a list', [good, good], 'not_json', undefined],
    ['a field missing', { ...good, title: undefined }, 'missing_field', 'title'],
    ['a required field null', { ...good, title: null }, 'empty', 'title'],
    ['a title of a wrong type', { ...good, title: ['x'] }, 'wrong_type', 'title'],
    ['too long', { ...good, title: 'x'.repeat(21) }, 'too_long', 'title'],
    ['too short', { ...good, title: 'xx' }, 'too_short', 'title'],
    ['too many words', { ...good, note: 'one two three four five six' }, 'too_long', 'note'],
    ['a value that is not allowed', { ...good, use: 'Garden' }, 'not_allowed', 'use'],
    ['a number out of range', { ...good, watts: 0 }, 'out_of_range', 'watts'],
    ['too many decimals', { ...good, watts: 5.55 }, 'out_of_range', 'watts'],
    ['words as a number', { ...good, watts: 'five' }, 'wrong_type', 'watts'],
    ['too many attributes', { ...good, specs: { a: '1', b: '2', c: '3' } }, 'too_many', 'specs'],
    ['no attribute', { ...good, specs: [] }, 'empty', 'specs'],
    ['nested attributes', { ...good, specs: { a: { b: 1 } } }, 'wrong_type', 'specs'],
    ['an avoided word', { ...good, title: 'Cheap lamp' }, 'avoided_term', 'title'],
    ['markup that is no known tag', { ...good, title: 'x <foo bar>' }, 'markup', 'title'],
  ])('is refused when %s, and only that field', (_, answer, kind, field) => {
    const { problems, values } = read(answer)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ kind, ...(field === undefined ? {} : { field }) })
    if (field !== undefined) expect(Object.keys(values)).toHaveLength(4)
  })

  it('keeps plain text only', () => {
    const { values } = read({ ...good, title: '**Desk** <b>lamp</b>\u0000\u200b', note: '# Head\n\n\n* a [link](https://x.y)' })
    expect(values['title']).toBe('Desk lamp')
    expect(values['note']).toBe('Head\n\n- a link')
  })

  it('counts characters as people do, and words in scripts without spaces', () => {
    expect(read({ ...good, title: '😀'.repeat(20) }).problems).toEqual([])
    expect(read({ ...good, note: '机の上に置く小さな黒いランプです' }).problems).toMatchObject([{ kind: 'too_long' }])
  })

  test.prop([fc.string({ unit: 'binary' })])('never throws, whatever the text', (text) => {
    expect(read(text).id).toBe('a')
  })

  test.prop([fc.json()])('never throws, whatever the JSON, and gives only values of the right types', (text) => {
    const { values } = read(`{"title":${text},"note":${text},"use":${text},"watts":${text},"specs":${text}}`)
    if (values['title'] !== undefined) expect(values['title']).toBeTypeOf('string')
    if (values['watts'] !== undefined && values['watts'] !== null) expect(values['watts']).toBeTypeOf('number')
  })
})

describe('an answer for several products', () => {
  const several = parseRecipe('perCall: 10\nfields: [{ name: title, type: text, characters: { max: 30 } }]')
  const asked = (count: number) =>
    composePrompt({ recipe: several, products: Array.from({ length: count }, (_, index) => ({ id: `id-${index}`, values: {} })) }).ids
  const entry = (index: number) => ({ id: `p${index + 1}`, title: `Product ${index}` })

  test.prop([
    fc.integer({ min: 1, max: 10 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        order: fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index)),
        strangers: fc.integer({ min: 0, max: 3 }),
      }),
    ),
  ])('is matched by id: shuffled, with some missing and strangers between', ({ count, order, strangers }) => {
    const entries: unknown[] = order.map(entry)
    for (let number = 0; number < strangers; number += 1)
      entries.splice(number * 2, 0, { id: `p${count + 1 + number}`, title: 'Stranger' }, { title: 'Without id' }, 'text')
    const result = readAnswer({ text: JSON.stringify({ products: entries }), recipe: several, ids: asked(count) })
    expect(result.products.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, index) => `id-${index}`))
    for (const [index, product] of result.products.entries()) {
      if (order.includes(index)) expect(product).toEqual({ id: `id-${index}`, values: { title: `Product ${index}` }, problems: [] })
      else expect(product.problems).toMatchObject([{ kind: 'no_answer' }])
    }
    expect(result.askAgain).toEqual(result.products.flatMap(({ id }, index) => (order.includes(index) ? [] : [id])))
    expect(result.unknownIds).toBe(strangers * 2)
  })

  it('trusts neither of two entries under one id', () => {
    const result = readAnswer({
      text: JSON.stringify({ products: [entry(0), entry(1), { ...entry(0), title: 'Other' }] }),
      recipe: several,
      ids: asked(2),
    })
    expect(result.products[0]).toMatchObject({ values: {}, problems: [{ kind: 'duplicate_id' }] })
    expect(result.askAgain).toEqual(['id-0'])
  })

  it('keeps the complete entries of a list that was cut off', () => {
    const text = JSON.stringify({ products: [entry(0), { ...entry(1), title: 'brace } and ] in "text"' }, entry(2)] })
    const result = readAnswer({ text: text.slice(0, -8), recipe: several, ids: asked(3) })
    expect(result.products.map(({ problems }) => problems.length)).toEqual([0, 0, 1])
    expect(result.products[1]!.values['title']).toBe('brace } and ] in "text"')
  })

  it('asks again with the same constant part, the reasons, and only the products concerned', () => {
    const products = ['x', 'y'].map((id) => ({ id, values: { title: `canary-${id}` } }))
    const first = composePrompt({ recipe: several, products })
    const reading = readAnswer({
      text: JSON.stringify({ products: [entry(0), { id: 'p2', title: 'z'.repeat(40) }] }),
      recipe: several,
      ids: first.ids,
    })
    expect(reading.askAgain).toEqual(['y'])
    const repair = repairPrompt({ recipe: several, products: [{ ...products[1]!, problems: reading.products[1]!.problems }] })
    expect(repair.system).toBe(first.system)
    expect(repair.user).toContain('canary-y')
    expect(repair.user).not.toContain('canary-x')
    expect(repair.user).toContain('title has 40 characters; at most 30 are allowed')
    expect(repair.ids).toEqual([{ shortId: 'p1', id: 'y' }])
    expect(repair.user).not.toContain('zzzz')
  })
})

it('what passed at first stays when a product is asked again', () => {
  const first = read({ ...good, title: 'x', use: 'Home' })
  const second = read({ ...good, use: 'Garden' })
  expect(mergeReadings(first, second)).toEqual({ id: 'a', values: { ...parsed, use: 'Home' }, problems: [] })
  expect(mergeReadings(first, read({ ...good, title: 'y' })).problems).toMatchObject([{ field: 'title' }])
  expect(mergeReadings(first, read('nothing')).problems).toMatchObject([{ kind: 'not_json' }])
})
