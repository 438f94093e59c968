import { describe, expect, it } from 'vitest'
import { akeneoRows, missingInAkeneo } from '../../../test/support/akeneo.ts'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { detectFormat } from '../formats/detect.ts'
import { readRows } from '../formats/read.ts'
import { completenessOf, type MeasuredValue } from './completeness.ts'
import { bcp47, readStructureRow } from './files.ts'
import { type Attribute, type Channel, type Family, NO_STRUCTURE, type Structure } from './model.ts'

const FAMILY: Family = {
  code: 'lamps',
  labels: { de: 'Leuchten' },
  attributes: [],
  required: {},
  labelAttribute: null,
  imageAttribute: null,
}
const at = (attribute: string, value: unknown, locale: string | null = null, channel: string | null = null): MeasuredValue => ({
  attribute,
  value,
  locale,
  channel,
})
const attribute = (code: string, more: Partial<Attribute>): [string, Attribute] => [
  code,
  { code, type: 'text', localisable: false, scopable: false, rules: {}, origin: 'file', options: new Set(), ...more },
]

describe('completeness', () => {
  const structure: Structure = {
    ...NO_STRUCTURE,
    attributes: new Map([
      attribute('sku', { rules: { identifies: true } }),
      attribute('text', { localisable: true, scopable: true }),
      attribute('price', { type: 'price' }),
    ]),
    families: [{ ...FAMILY, required: { '*': ['sku', 'text'], shop: ['price'] } }],
    channels: [
      { code: 'shop', locales: ['en-US', 'de-DE'], currencies: ['EUR', 'USD'] },
      { code: 'print', locales: ['de-DE'], currencies: [] },
    ],
  }
  const missing = (values: readonly MeasuredValue[], family = 'lamps') =>
    completenessOf(structure, { identifier: 'L1', family, values }).map(({ channel, locale, missing: names }) => [channel, locale, names])

  it('asks each channel and locale for what the family requires there', () => {
    expect(missing([])).toEqual([
      ['shop', 'en-US', ['text', 'price']],
      ['shop', 'de-DE', ['text', 'price']],
      ['print', 'de-DE', ['text']],
    ])
  })

  it('takes a value where it is written: for its locale, its channel, or for all', () => {
    const values = [at('text', 'Lampe', 'de-DE', 'print'), at('text', 'Lamp', 'en'), at('price', { EUR: '1', USD: '2' })]
    expect(missing(values)).toEqual([
      ['shop', 'en-US', []],
      ['shop', 'de-DE', ['text']],
      ['print', 'de-DE', []],
    ])
    expect(missing([at('text', 'x'), at('price', '3')]).flatMap(([, , names]) => names)).toEqual([])
  })

  it('wants a price in each of the channel’s currencies', () => {
    expect(missing([at('text', 'x'), at('price', { EUR: '1' })])[0]).toEqual(['shop', 'en-US', ['price']])
  })

  it('knows a family by a label too, and asks nothing of a product that has none', () => {
    expect(missing([], 'LEUCHTEN')).toHaveLength(3)
    expect(missing([], 'chairs')).toEqual([])
    const plain: Structure = { ...NO_STRUCTURE, families: [{ ...FAMILY, required: { '*': ['colour'] } }] }
    const product = { identifier: 'L1', family: 'lamps', values: [at('colour', ' ')] }
    expect(completenessOf(plain, product)).toEqual([{ channel: null, locale: null, required: 1, missing: ['colour'] }])
  })
})

describeShared('completeness of a whole Akeneo export', () => {
  it('is what counting the cells of its files gives, for every product, channel and locale', async () => {
    const structure = await akeneoStructure()
    let compared = 0
    let complete = 0
    for (const row of akeneoRows('products.csv')) {
      const values = Object.entries(row).flatMap(([column, cell]) => measured(column, cell))
      for (const standing of completenessOf(structure, { identifier: row['sku']!, family: row['family']!, values })) {
        const [channel, locale] = [standing.channel!, standing.locale!]
        const missing = missingInAkeneo(row, { channel, locale: locale.replace('-', '_') })!
        expect(standing, `${row['sku']} ${channel} ${locale}`).toMatchObject({ missing })
        compared += 1
        complete += missing.length === 0 ? 1 : 0
      }
    }
    const inFamilies = akeneoRows('products.csv').filter((row) => row['family'] !== '')
    expect(compared).toBe(9 * inFamilies.length) // three channels, three locales
    expect(complete).toBeGreaterThan(0)
    expect(complete).toBeLessThan(compared)
  })

  /** "description-de_DE-print", "release_date-ecommerce", "price-EUR", "weight". */
  function measured(column: string, cell: string): MeasuredValue[] {
    const [code, first, second] = column.split('-') as [string, string?, string?]
    if (cell.trim() === '' || first === 'unit') return []
    if (first !== undefined && /^[A-Z]{3}$/.test(first)) return [at(code, { [first]: cell })]
    const locale = first !== undefined && /^[a-z]{2}_[A-Z]{2}$/.test(first) ? bcp47(first) : null
    return [at(code, cell, locale, locale === null ? (first ?? null) : (second ?? null))]
  }

  async function akeneoStructure(): Promise<Structure> {
    const items = async (kind: 'attributes' | 'families' | 'channels'): Promise<object[]> => {
      const path = sharedPath(`data/akeneo/${kind}.csv`)
      const found: object[] = []
      for await (const rows of readRows(path, await detectFormat(path), {})) {
        for (const row of rows) {
          const item = 'values' in row ? readStructureRow(kind, row.values as Record<string, string>) : undefined
          if (item && 'set' in item) found.push({ code: item.code, ...item.set })
        }
      }
      return found
    }
    const attributes = (await items('attributes')) as Attribute[]
    return {
      version: 1,
      attributes: new Map(attributes.map((one) => [one.code, { ...one, origin: 'file', options: new Set<string>() }])),
      families: (await items('families')) as Family[],
      channels: (await items('channels')) as Channel[],
    }
  }
})
