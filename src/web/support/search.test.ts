import { expect, it } from 'vitest'
import { aCount, aDay, aFlag, anId, oneOf, searchOf, someText } from './search.ts'

const read = searchOf({ by: oneOf(['day', 'model']), from: aDay, call: anId, text: someText(5), flagged: aFlag, page: aCount })

it('keeps what it understands', () => {
  const search = { by: 'day', from: '2024-02-29', call: '01890000-0000-7000-8000-00000000000a', text: 'lamps', flagged: false, page: 0 }
  expect(read(search)).toEqual(search)
  expect(read({ text: 4310 })).toEqual({ text: '4310' }) // the router reads numbers as numbers
})

it('leaves out what it does not understand, and what nobody declared', () => {
  const strange = { by: 'week', from: '2026-02-30', call: 'x', text: 'longer', flagged: 'yes', page: -1, other: 1 }
  expect(read(strange)).toEqual({})
  expect(read({ by: ['day'], text: '', from: 20260101 })).toEqual({})
})
