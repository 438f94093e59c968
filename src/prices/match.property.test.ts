import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { fitsPattern, loadBook, PRICED_PROVIDERS } from './book.ts'
import { findPrices } from './match.ts'

const at = new Date('2026-11-20T12:00:00Z')

/** Every provider with the names that its book states, each in full. */
const BOOKS = PRICED_PROVIDERS.filter((provider) => !loadBook(provider)!.free).map((provider) => {
  const book = loadBook(provider)!
  return { provider, names: new Set([...book.linesByModel.keys(), ...book.aliasesByName.keys()]), patterns: book.patterns }
})

const arbitraryName = fc
  .constantFrom(...BOOKS)
  .chain((book) => fc.record({ book: fc.constant(book), name: fc.constantFrom(...[...book.names].filter((name) => !name.includes('*'))) }))
/** What may stand around a name by accident: another model's suffix, a size, a version, a vendor's prefix. */
const arbitraryPiece = fc.oneof(
  fc.constantFrom(
    '-mini',
    '-pro',
    '-fast',
    '-preview',
    '-latest',
    '-v2',
    '.1',
    '5',
    '-2',
    'eu.',
    'us.',
    'ft:',
    'models/',
    ' ',
    ':free',
    '@1',
  ),
  fc.string({ minLength: 1, maxLength: 6 }),
)
const arbitraryChange = fc.oneof(
  fc.record({ kind: fc.constant('after' as const), piece: arbitraryPiece }),
  fc.record({ kind: fc.constant('before' as const), piece: arbitraryPiece }),
  fc.record({ kind: fc.constant('cut' as const), piece: fc.nat(20) }),
  fc.record({ kind: fc.constant('inside' as const), piece: arbitraryPiece, place: fc.nat(40) }),
  fc.record({ kind: fc.constant('capitals' as const) }),
)

function changed(name: string, change: typeof arbitraryChange extends fc.Arbitrary<infer T> ? T : never): string {
  if (change.kind === 'after') return name + change.piece
  if (change.kind === 'before') return change.piece + name
  if (change.kind === 'cut') return name.slice(0, Math.max(1, name.length - 1 - change.piece))
  if (change.kind === 'inside') return name.slice(0, change.place) + change.piece + name.slice(change.place)
  return name.toUpperCase()
}

/** A snapshot's day at the end: the one ending that does not make a name another model's. */
const DAY = /(?:[-@]20\d\d-?\d\d-?\d\d|@default)$/

test.prop([arbitraryName, arbitraryChange], { numRuns: 2_000 })(
  'a name that no table states has no price, however near it is to one that has',
  ({ book, name }, change) => {
    const model = changed(name, change)
    const isStated = book.names.has(model) || book.names.has(model.replace(DAY, '')) || book.patterns.some((one) => fitsPattern(model, one))
    fc.pre(!isStated)
    expect(findPrices({ provider: book.provider, model, isNamed: true, at })).toBeUndefined()
  },
)

test.prop([arbitraryName, fc.constantFrom(...BOOKS)], { numRuns: 500 })(
  "a provider's names say nothing at another one",
  ({ name }, other) => {
    fc.pre(!other.names.has(name) && !other.names.has(name.replace(DAY, '')) && !other.patterns.some((one) => fitsPattern(name, one)))
    expect(findPrices({ provider: other.provider, model: name, isNamed: true, at })).toBeUndefined()
  },
)
