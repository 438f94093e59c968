import fc from 'fast-check'
import { expect, it } from 'vitest'
import { storableJson } from './storable.ts'

it('replaces what PostgreSQL refuses, in values and in names, and nothing else', () => {
  expect(storableJson({ 'a\0b': ['\ud800', 'x\udc00y', '\\u0000', '\\\\ud800', '\u0001', '😀'] })).toBe(
    String.raw`{"a�b":["�","x�y","\\u0000","\\\\ud800","\u0001","😀"]}`,
  )
})

it('gives the same value back for everything else', () => {
  const text = fc.string({ unit: 'binary' })
  const storable = (value: string): string => value.replaceAll('\0', '\uFFFD').toWellFormed()
  fc.assert(
    fc.property(fc.array(text), text, (texts, name) => {
      expect(JSON.parse(storableJson([texts, { [`k${name}`]: texts }]))).toEqual([
        texts.map(storable),
        { [`k${storable(name)}`]: texts.map(storable) },
      ])
    }),
  )
})
