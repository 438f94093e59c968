import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { ColumnMapping, SourceMapping } from '../contract/mapping.ts'
import { rowsOf } from '../db/rows.ts'
import { products, sources, type WrittenValue } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { currentPlaces, currentValues, importedValues } from './current.ts'
import { addedColumns, cellsFor, placesOfImport, readingOf } from './mapping.ts'
import { type Place, readWrittenKey, writtenKey } from './place.ts'
import { currentValue, standingAt } from './values.ts'

const attribute = (column: string, more: Partial<ColumnMapping> = {}): ColumnMapping => ({ column, role: 'attribute', ...more })

const AKENEO: SourceMapping = {
  profile: 'akeneo',
  columns: [
    attribute('sku', { role: 'identifier' }),
    attribute('name-de_DE', { attribute: 'name', locale: 'de-DE' }),
    attribute('name-en_US', { attribute: 'name', locale: 'en-US' }),
    attribute('description-en_US-ecommerce', { attribute: 'description', locale: 'en-US', channel: 'ecommerce' }),
    attribute('description-en_US-print', { attribute: 'description', locale: 'en-US', channel: 'print' }),
    attribute('weight'),
    attribute('weight-unit', { role: 'unit', attribute: 'weight' }),
    attribute('price-EUR', { attribute: 'price', currency: 'EUR' }),
    attribute('price-USD', { attribute: 'price', currency: 'USD' }),
    attribute('grams', { attribute: 'net weight', unit: 'g' }),
    attribute('nutriments', { member: 'salt_100g', attribute: 'salt' }),
    attribute('X_SELL-products', { role: 'kept' }),
  ],
}

const LAMP = {
  sku: 'L1',
  'name-de_DE': 'Lampe',
  'name-en_US': 'Lamp',
  'description-en_US-ecommerce': 'For the shop',
  'description-en_US-print': 'For print',
  weight: '2.5',
  'weight-unit': 'KILOGRAM',
  'price-EUR': '12.00',
  grams: '80',
  nutriments: { salt_100g: 1.2, fat_100g: 3 },
  'X_SELL-products': 'L2,L3',
  colour: 'red',
}

const place = (name: string, locale: string | null = null, channel: string | null = null): Place => ({ attribute: name, locale, channel })

describe('what the columns of a file say through a mapping', () => {
  it('reads each value at its place, joins columns that are one value, and leaves kept ones out', () => {
    expect(Object.fromEntries(placesOfImport(AKENEO, LAMP).map(({ key, value }) => [key, value]))).toEqual({
      'sku@': 'L1',
      'name@de-DE': 'Lampe',
      'name@en-US': 'Lamp',
      'description@en-US/ecommerce': 'For the shop',
      'description@en-US/print': 'For print',
      'weight@': { amount: '2.5', unit: 'KILOGRAM' },
      'price@': { EUR: '12.00' },
      'net weight@': { amount: '80', unit: 'g' },
      'salt@': 1.2,
      'colour@': 'red',
    })
  })

  it('gives an attribute with several places the value of the locale asked for', () => {
    const product = { imported: LAMP, mapping: AKENEO }
    expect(importedValues(product, { locale: 'en' })).toMatchObject({ name: 'Lamp', description: 'For the shop' })
    expect(importedValues(product, { locale: 'de-AT' })).toMatchObject({ name: 'Lampe' })
    expect(importedValues(product, { locale: 'fr' })).toMatchObject({ name: 'Lampe', sku: 'L1' })
    expect(importedValues(product)).not.toHaveProperty('X_SELL-products')
  })

  it('reads a place without columns of its own where the file means it', () => {
    const says = (at: Place) => currentValue({ imported: LAMP, written: {}, mapping: AKENEO }, at).value
    expect(says(place('name', 'de'))).toBe('Lampe')
    expect(says(place('name', 'fr'))).toBeNull()
    expect(says(place('description', 'en'))).toBe('For the shop')
    expect(says(place('description', 'en-US', 'print'))).toBe('For print')
    expect(says(place('description-en_US-print'))).toBeNull() // a column of a mapping is no attribute of its own name
    expect(says(place('X_SELL-products'))).toBeNull()
    expect(says(place('colour', 'en'))).toBe('red')
  })

  it('takes what is written for a language as the value of its only locale, and for no channel as that of all', () => {
    const written = { 'description@en': entry('1', 'Written') }
    const product = { imported: LAMP, written, mapping: AKENEO }
    const shown = Object.fromEntries(currentPlaces(product).map(({ key, value }) => [key, value]))
    expect(shown).toMatchObject({ 'description@en-US/ecommerce': 'Written', 'description@en-US/print': 'Written' })
    expect(cellsFor(AKENEO, place('description', 'en'), { value: 'Written', now: LAMP })).toEqual({
      'description-en_US-ecommerce': 'Written',
      'description-en_US-print': 'Written',
    })
    const both = { ...product, written: { ...written, 'description@en-US/print': entry('0', 'Print only') } }
    expect(currentValue(both, place('description', 'en-US', 'print')).value).toBe('Print only')
    expect(currentValues(both).get('description')?.value).toBe('Written')
  })

  it('takes values apart again for the cells they came from', () => {
    const cells = (at: Place, value: unknown) => cellsFor(AKENEO, at, { value, now: LAMP })
    expect(cells(place('weight', 'en'), { amount: '3', unit: 'GRAM' })).toEqual({ weight: '3', 'weight-unit': 'GRAM' })
    expect(cells(place('weight'), '3 kg')).toEqual({ weight: '3', 'weight-unit': 'kg' })
    expect(cells(place('weight'), 3)).toEqual({ weight: 3 })
    expect(cells(place('weight'), null)).toEqual({ weight: null, 'weight-unit': null })
    expect(cells(place('price'), { EUR: '9', USD: '10' })).toEqual({ 'price-EUR': '9', 'price-USD': '10' })
    expect(cells(place('price'), '10 USD')).toEqual({ 'price-USD': '10' })
    expect(cells(place('net weight'), { amount: '90', unit: 'g' })).toEqual({ grams: '90' })
    expect(cells(place('salt'), 1.5)).toEqual({ nutriments: { salt_100g: 1.5, fat_100g: 3 } })
  })

  it('names a column that an export adds as the profile names columns, and never as one that means something else', () => {
    expect(addedColumns(AKENEO, [place('name', 'fr-FR'), place('name', 'en'), place('seo', 'en', 'print'), place('weight-unit')])).toEqual([
      'name-fr_FR',
      'seo-en-print',
      'weight-unit (2)',
    ])
    expect(addedColumns(null, [place('title', 'en'), place('title', 'de')])).toEqual(['title'])
  })

  it('keeps a place in a key, whatever signs its attribute holds', () => {
    for (const at of [place('title'), place('e@mail', 'en'), place('a/b@c', 'pt-BR', 'print'), place('x@', null, 'web')]) {
      expect(readWrittenKey(writtenKey(at))).toEqual(at)
    }
  })
})

const entry = (changeId: string, value: unknown, kind: WrittenValue['kind'] = 'generated'): WrittenValue => ({
  value,
  changeId,
  workHash: null,
  ...(kind ? { kind } : {}),
})

const LOCALES = [null, 'en', 'en-US', 'de', 'de-DE', 'fr']
const anyPlace = fc.record({
  attribute: fc.constantFrom('name', 'description', 'weight', 'price', 'colour', 'X_SELL-products', 'net weight', 'salt'),
  locale: fc.constantFrom(...LOCALES),
  channel: fc.constantFrom(null, 'print', 'web'),
})
const anyEntry = fc.record({ value: fc.constantFrom('a', 'b', null), kind: fc.constantFrom('generated', 'person', 'imported') })

describeOnEachDatabase('statements', (open) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await open()
  })

  it('read what stands at a place as the rest of the program does, with any mapping and none', async () => {
    const workspaceId = await test.workspaceId()
    const [sourceId, importId] = [newId(), newId()]
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx
        .insert(sources)
        .values({ id: sourceId, workspaceId, location: 'x', format: {}, contentHash: '', importedHash: '', lastImport: importId }),
    )
    const columns = fc.subarray([...AKENEO.columns]).map((some): SourceMapping => ({ profile: 'akeneo', columns: some }))
    const held = fc
      .subarray(Object.keys(LAMP))
      .map((names) => Object.fromEntries(names.map((name) => [name, LAMP[name as keyof typeof LAMP]])))
    const given = fc.record({
      mapping: fc.option(columns, { freq: 5 }),
      imported: held,
      written: fc.array(fc.tuple(anyPlace, anyEntry), { maxLength: 4 }),
      places: fc.array(anyPlace, { minLength: 1, maxLength: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(given, async ({ mapping, imported, written: entries, places }) => {
        const written = Object.fromEntries(
          entries.map(([at, { value, kind }], index) => [writtenKey(at), entry(`change ${index}`, value, kind as WrittenValue['kind'])]),
        )
        const rows = await test.database.inWorkspace(workspaceId, async (tx) => {
          await tx.update(sources).set({ mapping, reading: mapping && readingOf(mapping) })
          await tx.delete(products)
          const row = { id: newId(), workspaceId, sourceId, identifier: 'L1', row: 1, imported, written, lastSeenImport: importId }
          await tx.insert(products).values(row)
          return rowsOf<{ value: unknown; change_id: string | null; kind: string }>(
            tx,
            sql`select standing.value, standing.change_id, standing.kind
              from products product cross join rows from (jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as (attribute text, locale text, channel text))
                with ordinality as place(attribute, locale, channel, n)
                cross join ${standingAt({ product: sql`product`, place: sql`place` })} order by n`,
          )
        })
        const expected = places.map((at) => currentValue({ imported, written, mapping }, at))
        expect(rows.map(({ value, change_id: changeId, kind }) => ({ value, changeId, kind }))).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  }, 120_000)
})
