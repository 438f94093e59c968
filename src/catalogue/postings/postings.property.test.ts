import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { departedProducts, indexPages, indexSegments } from '../../db/schema/index.ts'
import { type Bitmap, countMembers, membersOf, newBitmap, addMember } from './bitmap.ts'
import { createSegmentBuilder } from './builder.ts'
import { compactSegments } from './compact.ts'
import { keepCounts, readCounts } from './counts.ts'
import { countPosting, decodePosting, encodePosting, readMask, skipPosting, standsIn, unitePosting } from './posting.ts'
import { readPostings } from './read.ts'
import { countIndexed, forgetDeparted, lockIndex, putSegment } from './segments.ts'
import { ATTRIBUTES, ofFamily, namedBy, wantedWord, withAttribute, wordTerms } from './terms.ts'

const WORDS = [
  'lamp',
  'lamps',
  'la',
  'hp250',
  'na-3455-12',
  'écran',
  'مصباح',
  'настольная',
  '商品名称と色',
  'ノートパソコン',
  'โคมไฟ',
  '🙂',
  'ﬁx',
  '\u{10400}x',
]
const ATTRIBUTE_NAMES = ['name', 'Farbe', 'قياس', 'x'.repeat(3_000)]

/** One thing that happens to an index: products with words and attributes come, or come again; some go; segments are merged. */
type Step =
  | {
      readonly kind: 'put'
      readonly products: readonly { readonly ordinal: number; readonly words: readonly string[]; readonly attributes: readonly string[] }[]
    }
  | { readonly kind: 'depart'; readonly ordinals: readonly number[] }
  | { readonly kind: 'merge' }

const ordinal = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 70_000 }))
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      products: fc.uniqueArray(fc.record({ ordinal, words: fc.subarray(WORDS), attributes: fc.subarray(ATTRIBUTE_NAMES) }), {
        minLength: 1,
        maxLength: 60,
        selector: (product) => product.ordinal,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('depart' as const), ordinals: fc.uniqueArray(ordinal, { minLength: 1, maxLength: 20 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const) }) },
)

describeOnEachDatabase('postings', (open) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await open()
  })

  type Model = Map<number, { readonly words: readonly string[]; readonly attributes: readonly string[] }>

  async function apply(workspaceId: string, done: Step, model: Model): Promise<void> {
    if (done.kind === 'merge') {
      while (await compactSegments(test.database, { workspaceId, signal: () => false, leastSegments: 2 }));
      return
    }
    await test.database.inWorkspace(workspaceId, async (tx) => {
      const index = await lockIndex(tx, workspaceId)
      if (done.kind === 'depart') {
        await tx.insert(departedProducts).values(done.ordinals.map((one) => ({ workspaceId, ordinal: one })))
        await forgetDeparted(tx, 1_000)
        for (const one of done.ordinals) model.delete(one)
        return
      }
      const builder = createSegmentBuilder()
      for (const { ordinal: one, words, attributes } of done.products) {
        builder.add(one, new Set([...words.flatMap(wordTerms), ...attributes.map(withAttribute), ofFamily(words[0] ?? null)]))
        model.set(one, { words, attributes })
      }
      await putSegment(tx, index, builder)
    })
  }

  it('say after anything that happened what a plain look at the products says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const workspaceId = await test.workspaceId()
        const model: Model = new Map()
        for (const done of steps) await apply(workspaceId, done, model)
        const searches = [
          'la',
          'lamp',
          'lamps',
          'lampshade',
          '3455',
          'na34',
          'hp',
          '250',
          'ecran',
          'écran',
          'مص',
          'наст',
          '名称',
          '商品名称と色',
          'パソ',
          'ไฟ',
          'zz',
        ]
        const wanted = searches.flatMap(wantedWord)
        await test.database.inWorkspace(workspaceId, async (tx) => {
          const postings = await readPostings(tx, [...wanted, ATTRIBUTES, { first: withAttribute('name') }, { first: ofFamily('lamp') }])
          const having = (which: (product: { words: readonly string[]; attributes: readonly string[] }) => boolean): number[] =>
            [...model]
              .filter(([, product]) => which(product))
              .map(([one]) => one)
              .sort((a, b) => a - b)
          expect(membersOf(postings.standing())).toEqual(having(() => true))
          expect(await countIndexed(tx)).toBe(model.size)
          for (const [place, search] of searches.entries()) {
            const expected = having(({ words }) => words.some((word) => partsOf(word).some((part) => part.startsWith(search))))
            expect(membersOf(postings.having(place)), search).toEqual(expected)
          }
          const counts = postings.counts(wanted.length, undefined)
          for (const name of ATTRIBUTE_NAMES) {
            expect(counts.get(withAttribute(name)) ?? 0).toBe(having(({ attributes }) => attributes.includes(name)).length)
          }
          for (const keep of [false, true]) {
            // as the segments have them, then with those counted anew that products have left
            if (keep) await keepCounts({ ...test.database, inWorkspace: (_, work) => work(tx) }, { workspaceId, signal: () => false })
            const kept = await readCounts(tx)
            expect(new Map([...kept].filter(([term, count]) => term.startsWith('a') && count > 0))).toEqual(
              new Map([...counts].filter(([, count]) => count > 0)),
            )
            expect(kept.get(ofFamily('lamp')) ?? 0).toBe(having(({ words }) => words[0] === 'lamp').length)
          }
          const segments = await tx.select({ products: indexSegments.products, counted: indexSegments.counted }).from(indexSegments)
          expect(segments.every(({ products, counted }) => products === counted)).toBe(true)
          const within = postings.having(wanted.length + 2)
          expect(membersOf(within)).toEqual(having(({ words }) => words[0] === 'lamp'))
          expect(postings.counts(wanted.length, within).get(withAttribute('name')) ?? 0).toBe(
            having(({ words, attributes }) => words[0] === 'lamp' && attributes.includes('name')).length,
          )
        })
      }),
      { numRuns: 40 },
    )
  })

  it('answer the beginning of a number that thousands of products share from one entry, exactly', async () => {
    const workspaceId = await test.workspaceId()
    const numberOf = (one: number): string => `40063${String(one * 7_919).padStart(8, '0')}`
    await test.database.inWorkspace(workspaceId, async (tx) => {
      const index = await lockIndex(tx, workspaceId)
      const builder = createSegmentBuilder()
      for (let one = 0; one < 4_000; one += 1) builder.add(one, wordTerms(numberOf(one)))
      await putSegment(tx, index, builder)
      const wide = await tx.select({ body: indexPages.body }).from(indexPages)
      for (const search of ['4', '40063', '400630', '4006301', numberOf(77), '5']) {
        const postings = await readPostings(tx, wantedWord(search))
        const expected = Array.from({ length: 4_000 }, (_, one) => one).filter((one) => numberOf(one).startsWith(search))
        expect(membersOf(postings.having(0)), search).toEqual(expected)
      }
      expect(wide.length).toBeGreaterThan(10)
    })
  })

  it('a merge whose process ended leaves nothing that is read, and is removed by a later one', async () => {
    const workspaceId = await test.workspaceId()
    const model: Model = new Map()
    const put = (from: number, count: number): Promise<void> =>
      apply(
        workspaceId,
        { kind: 'put', products: Array.from({ length: count }, (_, at) => ({ ordinal: from + at, words: ['lamp'], attributes: [] })) },
        model,
      )
    await put(0, 1_000)
    await put(2_000, 100)
    await put(3_000, 10)
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(indexSegments).values({
        workspaceId,
        id: 99,
        members: new Uint8Array(),
        products: 0,
        ready: false,
        counts: new Uint8Array(),
        counted: 0,
        madeAt: new Date(0),
      }),
    )
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(indexPages).values({ workspaceId, segmentId: 99, firstTerm: Buffer.from('wlamp'), body: new Uint8Array([1]) }),
    )
    let looks = 0
    const ended = await compactSegments(test.database, { workspaceId, signal: () => (looks += 1) > 1, leastSegments: 2 })
    expect(ended).toBe(false)
    await test.database.inWorkspace(workspaceId, async (tx) => {
      expect(countMembers((await readPostings(tx, wantedWord('lamp'))).having(0))).toBe(1_110)
    })
    expect(await compactSegments(test.database, { workspaceId, signal: () => false, leastSegments: 2 })).toBe(true)
    const left = await test.database.inWorkspace(workspaceId, (tx) => tx.select({ products: indexSegments.products }).from(indexSegments))
    expect(left).toEqual([{ products: 1_110 }])
  })
})

/** What a word is found by the beginning of, said plainly: itself, what stands behind a sign, a number behind letters ... */
function partsOf(word: string): string[] {
  const letters = Array.from(word)
  const begins = (at: number): boolean =>
    at === 0 ||
    /[-]/.test(letters[at - 1]!) ||
    (/\p{N}/u.test(letters[at]!) && /\p{L}/u.test(letters[at - 1]!)) ||
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(letters[at]!)
  const parts = letters.flatMap((_, at) => (begins(at) ? [letters.slice(at).join('')] : []))
  return [...parts, ...(word === 'na-3455-12' ? ['na345512'] : [])]
}

it('a posting and a mask hold what was put into them, written as a list, as a bitmap or as a run', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 3_000_000 })),
      fc.nat({ max: 2_000 }),
      fc.integer({ min: 1, max: 500 }), // a run alone where nothing is scattered
      (scattered, from, run) => {
        const members = [...new Set([...scattered, ...Array.from({ length: run }, (_, at) => from + at)])].sort((a, b) => a - b)
        const posting = encodePosting(members)
        const everything = { fromByte: 0, bytes: new Uint8Array(400_000).fill(255) }
        expect(decodePosting({ bytes: posting, at: 0 }, everything)).toEqual(members)
        expect(decodePosting({ bytes: posting, at: 0 }, readMask(posting))).toEqual(members)
        const bitmap: Bitmap = newBitmap(members.at(-1)! + 1)
        for (const member of members) addMember(bitmap, member)
        expect(membersOf(bitmap)).toEqual(members)
        expect(membersOf(bitmap, { from: members[0]! + 1, most: 3 })).toEqual(members.slice(1, 4))
        expect(countMembers(bitmap)).toBe(members.length)
        const odd = { fromByte: 5, bytes: new Uint8Array(200).fill(0b1010_1010) }
        const standing = members.filter((member) => standsIn(odd, member))
        const united: Bitmap = newBitmap(3_000_000)
        unitePosting({ bytes: posting, at: 0 }, odd, united)
        expect(membersOf(united)).toEqual(standing)
        expect(countPosting({ bytes: posting, at: 0 }, odd, undefined)).toBe(standing.length)
        expect(countPosting({ bytes: posting, at: 0 }, odd, united)).toBe(standing.length)
        const skipped = { bytes: posting, at: 0 }
        skipPosting(skipped)
        expect(skipped.at).toBe(posting.length)
      },
    ),
  )
})

it('a term gives its name back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
      expect(namedBy(ofFamily(name))).toBe(name)
    }),
  )
})
