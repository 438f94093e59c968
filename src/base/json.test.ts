import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { canonicalJson, defined, objectOf, textOf } from './json.ts'

/** The same value with the members of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  const object = objectOf(value)
  if (!object) return value
  return Object.fromEntries(
    Object.entries(object)
      .toReversed()
      .map(([key, entry]) => [key, reversed(entry)]),
  )
}

// JSON.parse(JSON.stringify()) takes out -0, which JSON cannot say.
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown)

test.prop([json])('canonical JSON is JSON of the same value', (value) => {
  expect(JSON.parse(canonicalJson(value))).toEqual(value)
})

test.prop([json])('the order of members makes no difference to canonical JSON', (value) => {
  expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
})

it('sorts keys by code unit, keys that look like numbers too, and leaves absent values out', () => {
  expect(canonicalJson({ b: 1, a: [undefined, { d: 'x', c: undefined }], 10: null, 9: true, Z: 0, é: 0 })).toBe(
    '{"10":null,"9":true,"Z":0,"a":[null,{"d":"x"}],"b":1,"é":0}',
  )
})

it('has no fields of what is no object, and no text of what says nothing', () => {
  expect([null, [1], 'text', 1, undefined].map(objectOf)).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect(objectOf({ a: 1 })).toEqual({ a: 1 })
  expect(['', null, 1, 'x'].map(textOf)).toEqual([undefined, undefined, undefined, 'x'])
})

it('drops undefined members and keeps null, zero and empty text', () => {
  expect(Object.entries(defined({ a: undefined, b: null, c: 0, d: '' }))).toEqual([
    ['b', null],
    ['c', 0],
    ['d', ''],
  ])
})
