import fc from 'fast-check'
import { expect, it } from 'vitest'
import { REMOVED } from '../runtime/scrub.ts'
import { createKeyFilter } from './without-key.ts'

const KEY = 'sk-sk-sk-abcdefabcdef'

/** What comes out of a text that is cut into pieces at these places. */
function filtered(text: string, cuts: readonly number[], key = KEY): string {
  const filter = createKeyFilter(key)!
  const bytes = Buffer.from(text)
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  const parts = places.slice(1).map((end, at) => filter.push(bytes.subarray(places[at], end)))
  return Buffer.concat([...parts, filter.end()]).toString()
}

it('KEY-11: a key is removed however its bytes are cut, and every other byte stays', () => {
  const piece = fc.oneof(fc.constant(KEY), fc.constant(KEY.slice(0, 12)), fc.constant('sk-'), fc.string(), fc.constant('é'))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 12 }), (pieces, cuts) => {
      const text = pieces.join('|')
      expect(filtered(text, cuts)).toBe(text.replaceAll(KEY, REMOVED))
    }),
    { numRuns: 500 },
  )
})

it('holds nothing back that is not how the key begins', () => {
  const filter = createKeyFilter(KEY)!
  expect(Buffer.from(filter.push(Buffer.from('data: {"a":1}\n\n'))).toString()).toBe('data: {"a":1}\n\n')
  expect(Buffer.from(filter.push(Buffer.from('risk'))).toString()).toBe('ri')
  expect(Buffer.from(filter.push(Buffer.from('s'))).toString()).toBe('sk') // "sks" cannot be it, its last letter can
  expect(Buffer.from(filter.end()).toString()).toBe('s')
})

it('there is nothing to remove without a key, or for one that is a word', () => {
  expect(createKeyFilter(undefined)).toBeUndefined()
  expect(createKeyFilter('ollama')).toBeUndefined()
})
