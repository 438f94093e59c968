import { expect, it } from 'vitest'
import { measuredProduct, standingOf } from './measure.ts'
import { type Attribute, NO_STRUCTURE, type Structure } from './model.ts'

const COLUMNS = { name: 'name', family: 'family', picture: null }
const weight: Attribute = {
  code: 'weight',
  type: 'number',
  localisable: false,
  scopable: false,
  rules: {},
  origin: 'file',
  options: new Set(),
}
const structure: Structure = {
  ...NO_STRUCTURE,
  attributes: new Map([['weight', weight]]),
  families: [{ code: 'lamps', labels: {}, attributes: [], required: { shop: ['weight'] }, labelAttribute: null, imageAttribute: null }],
  channels: [
    { code: 'shop', locales: ['en', 'de'], currencies: [] },
    { code: 'print', locales: [], currencies: [] },
  ],
}
const product = (imported: Record<string, unknown>) => ({ identifier: 'L1', imported, written: {}, mapping: null })

const stands = (one: Parameters<typeof measuredProduct>[1]) =>
  standingOf(structure, { columns: COLUMNS, product: measuredProduct(COLUMNS, one), flagged: false })

it('a product stands against its structure by what it says now', () => {
  const without = stands(product({ name: 'Lamp', family: ' lamps ' }))
  expect(without).toMatchObject({ complete: [], incomplete: ['shop/en', 'shop/de'], misfits: [] })
  const wrong = stands(product({ family: 'lamps', weight: 'heavy' }))
  expect(wrong).toMatchObject({ complete: ['shop/en', 'shop/de'], incomplete: [], misfits: ['weight'] })
  const written = { 'weight@': { value: '3', changeId: '01980000-0000-7000-8000-000000000000', workHash: null, kind: 'person' as const } }
  const corrected = stands({ ...product({ family: 'lamps', weight: 'heavy' }), written })
  expect(corrected.misfits).toEqual([])
  expect(corrected.quality).toBeGreaterThan(wrong.quality)
})
