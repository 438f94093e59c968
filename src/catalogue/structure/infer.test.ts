import { expect, it, describe } from 'vitest'
import type { AttributeType } from '../../contract/structure.ts'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { detectFormat } from '../formats/detect.ts'
import { readRows } from '../formats/read.ts'
import { type AttributeProfile, profileAttribute } from './infer.ts'
import { readStructureRow } from './files.ts'

const inferred = (name: string, values: readonly unknown[]) => {
  const profile = profileAttribute(name)
  for (const value of values) profile.observe(value)
  return profile.infer()
}
const many = <Value>(count: number, make: (index: number) => Value): Value[] => Array.from({ length: count }, (_, index) => make(index))

describe('the type of an attribute', () => {
  it.each<[string, string, readonly unknown[], AttributeType]>([
    ['numbers, however they are written', 'weight', ['1', '1,5', '2.000,5', 3], 'number'],
    ['codes with leading noughts are no numbers', 'lot', ['0012', '0013', '0471', '0009'], 'text'],
    ['a column that is called a code is none either', 'EAN', ['4006381333931', '4006381333948'], 'text'],
    ['a number and its unit', 'height', ['12 cm', '12,5 cm', '130 mm'], 'measurement'],
    [
      'a measurement in two parts',
      'weight',
      [
        { amount: '500', unit: 'GRAM' },
        { amount: 1, unit: 'KILOGRAM' },
      ],
      'measurement',
    ],
    ['prices with their currency', 'x', ['12.99 EUR', '€ 3', '4,50 €'], 'price'],
    ['prices by currency', 'x', [{ EUR: '12.99', USD: '14' }], 'price'],
    ['numbers that are called prices', 'Listenpreis / UVP', ['12.99', '3'], 'price'],
    ['yes and no', 'waterproof', ['yes', 'no', 'no'], 'boolean'],
    ['ones and noughts', 'auto_focus', ['1', '0', '1'], 'boolean'],
    ['ones and noughts that count something', 'quantity', ['1', '0', '1'], 'number'],
    ['days', 'released', ['2024-01-31', '2023-12-01'], 'date'],
    ['days as in Germany', 'released', ['31.01.2024', '01.12.2023'], 'date'],
    ['addresses of pictures', 'x', ['https://a.example/b.jpg', 'https://a.example/c.png?w=3'], 'image'],
    ['paths of pictures', 'x', ['files/1/image/bag.jpg', 'files/2/image/hat.png'], 'image'],
    ['addresses under a picture’s name', 'image_link', ['https://cdn.example/1', 'https://cdn.example/2'], 'image'],
    ['markup', 'text', ['<p>One</p>', 'Two', '<ul><li>Three</li></ul>'], 'html'],
    ['few values that repeat', 'colour', many(30, (index) => ['red', 'green', 'blue'][index % 3]), 'select'],
    ['lists of few values', 'collection', many(30, (index) => ['summer,winter', 'summer', 'autumn,winter'][index % 3]), 'multi_select'],
    ['long sentences', 'note', many(5, (index) => `${index} ${'This lamp gives light to a whole room. '.repeat(4)}`), 'long_text'],
    ['rows', 'sizes', [[{ size: 'M', chest: 96 }], [{ size: 'L', chest: 102 }]], 'table'],
    ['rows in a cell', 'sizes', ['[{"size":"M","chest":96}]'], 'table'],
    ['names', 'name', many(20, (index) => `Lamp ${index} of a kind`), 'text'],
  ])('%s', (_, name, values, type) => {
    expect(inferred(name, values)).toMatchObject({ type })
  })

  it('stands on a share of the values that were looked at, empty ones left out', () => {
    const values = [...many(97, String), ...many(3, () => 'unknown'), '', null, []]
    expect(inferred('depth', values)).toMatchObject({ type: 'number', guess: { values: 100, share: 0.97, distinct: 98 } })
    expect(inferred('depth', [...many(90, String), ...many(10, (index) => `about ${index}`)])).toMatchObject({ type: 'text' })
    expect(inferred('depth', ['', null])).toBeUndefined()
  })

  it('knows the commonest unit and the only currency', () => {
    expect(inferred('height', ['1 cm', '2 cm', '3 mm'])).toMatchObject({ rules: { unit: 'cm' } })
    expect(inferred('x', ['1 EUR', '2 €'])).toMatchObject({ rules: { currency: 'EUR' } })
    expect(inferred('x', ['1 EUR', '2 USD'])).toMatchObject({ type: 'price', rules: {} })
  })

  it('holds a bounded number of different values, whatever a column has', () => {
    const profile = profileAttribute('serial')
    for (let index = 0; index < 50_000; index += 1) profile.observe(`S-${index}`)
    expect(profile.infer()).toMatchObject({ type: 'text', guess: { values: 50_000, distinct: 1_000 } })
  })
})

async function profiles(file: string, attributeOf: (column: string) => string): Promise<Map<string, AttributeProfile>> {
  const path = sharedPath(file)
  const format = await detectFormat(path)
  const found = new Map<string, AttributeProfile>()
  for await (const rows of readRows(path, format, {})) {
    for (const row of rows) {
      if (!('values' in row)) continue
      for (const [column, value] of Object.entries(row.values)) {
        const attribute = attributeOf(column)
        if (!found.has(attribute)) found.set(attribute, profileAttribute(attribute))
        found.get(attribute)!.observe(value)
      }
    }
  }
  return found
}

describeShared('inferred types of real catalogues', () => {
  it('are those that Akeneo’s own attributes.csv states, for seven of eight', async () => {
    const truth = new Map<string, AttributeType>()
    const path = sharedPath('data/akeneo/attributes.csv')
    for await (const rows of readRows(path, await detectFormat(path), {})) {
      for (const row of rows) {
        if (!('values' in row)) continue
        const item = readStructureRow('attributes', row.values as Record<string, string>)
        if ('set' in item) truth.set(item.code, item.set['type'] as AttributeType)
      }
    }
    // "description-de_DE-print" is of "description"; a unit stands in a column of its own, so a measurement looks like a number.
    const found = await profiles('data/akeneo/products.csv', (column) =>
      column.replace(/-[a-z]{2}_[A-Z]{2}(-\w+)?$|-(EUR|USD|ecommerce|print|mobile)$/, ''),
    )
    const judged = [...truth].flatMap(([code, type]) => {
      const guess = found.get(code)?.infer()
      return guess ? [{ code, type, guessed: guess.type, values: guess.guess.values }] : []
    })
    const same: Readonly<Record<string, readonly string[]>> = {
      measurement: ['number'],
      price: ['number'],
      html: ['long_text'],
      long_text: ['html', 'text'],
    }
    const wrong = judged.filter(({ type, guessed }) => type !== guessed && !same[type]?.includes(guessed))
    // 37 of 42, 88 %: "12.3" megapixels are text there, sizes are options, and a collection may hold several.
    expect(judged).toHaveLength(42)
    expect(wrong.map(({ code }) => code).toSorted()).toEqual(['brand', 'collection', 'eu_shoes_size', 'main_color', 'total_megapixels'])
  })

  it('of Icecat are what its own suffixes say: attr_n_ a number, attr_b_ a boolean', async () => {
    const found = await profiles('data/icecat/products-2k-full.jsonl', (column) => column)
    const judged = [...found].flatMap(([column, profile]) => {
      const wanted = column.startsWith('attr_n_') ? 'number' : column.startsWith('attr_b_') ? 'boolean' : undefined
      const guess = profile.infer()
      return wanted && guess ? [{ column, wanted, type: guess.type }] : []
    })
    const wrong = judged.filter(({ wanted, type }) => wanted !== type)
    expect(judged).toHaveLength(1_712)
    expect(wrong).toEqual([])
  })
})
