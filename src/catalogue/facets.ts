import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { sources } from '../db/schema/index.ts'
import { type Condition, conditionsOf, whereAll } from './filter.ts'
import { type Bitmap, countMembers, intersect } from './postings/bitmap.ts'
import { readCounts } from './postings/counts.ts'
import { type Postings, readPostings } from './postings/read.ts'
import {
  ATTRIBUTES,
  belowQuality,
  CATEGORIES,
  completeIn,
  FAMILIES,
  incompleteIn,
  isVariant,
  namedBy,
  SOURCES,
  type Term,
  type Wanted,
  withAttribute,
  withFlagged,
  withMisfits,
  withProposals,
} from './postings/terms.ts'
import { placesOf } from './structure/completeness.ts'
import { loadStructure } from './structure/load.ts'
import { placeKey } from './structure/measure.ts'

export interface Facets {
  readonly matching: number
  /** All other counts are lower bounds: so many match that some of them were looked at only. */
  readonly atLeast: boolean
  readonly proposals: number
  readonly flagged: number
  readonly variants: number
  readonly families: readonly { readonly family: string | null; readonly count: number }[]
  readonly categories: readonly { readonly category: string; readonly count: number }[]
  readonly attributes: readonly { readonly attribute: string; readonly missing: number }[]
  readonly standing: {
    readonly unfit: number
    readonly quality: readonly { readonly below: number; readonly count: number }[]
    readonly places: readonly { readonly place: string; readonly complete: number; readonly incomplete: number }[]
  }
}

/** The scores below which the list offers to look. */
const QUALITY_STEPS = [50, 70, 90]

const MOST_OFFERED = 500 // families, and categories
const MOST_PLACES = 60
/** Of a filter that more products match, no more segments are counted than have so many of them. */
const ENOUGH = 10_000

/** Filters that show what each other choice of them would give: what they narrow is counted as if they were not chosen. */
const CHOICES = ['family', 'category', 'missing'] as const
type Choice = (typeof CHOICES)[number]

/** Counts products by their terms, as if one of the filters were not chosen. */
interface Counted {
  readonly matching: number
  readonly atLeast: boolean
  readonly products: (without: Choice) => number
  readonly each: (terms: Wanted, without: Choice) => Iterable<[Term, number]>
  readonly having: (term: Term) => number
}

/**
 * What the products that match can be narrowed by. Of the whole catalogue everything is known (postings/counts.ts); of a filter
 * it is counted, exactly up to some ten thousand products, and as a lower bound where more match.
 */
export async function readFacets(tx: Tx, filter: ProductFilter, enough = ENOUGH): Promise<Facets> {
  const places = placesOf(await loadStructure(tx))
    .slice(0, MOST_PLACES)
    .map(({ channel, locale }) => placeKey({ channel: channel?.code ?? null, locale }))
  const known = await readCounts(tx)
  const counted = conditionsOf(filter).length === 0 ? countAll(known) : await countFiltered(tx, { filter, places, enough })
  const offered = (terms: Wanted, without: Choice): { name: string; count: number }[] => {
    const counts = new Map(counted.each(terms, without))
    if (counted.atLeast) for (const [term] of within(known, terms)) if (!counts.has(term)) counts.set(term, 0)
    return Array.from(counts, ([term, count]) => ({ name: namedBy(term), count }))
      .filter(({ count }) => count > 0 || counted.atLeast)
      .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name, 'en'))
      .slice(0, MOST_OFFERED)
  }
  const filled = new Map(counted.each(ATTRIBUTES, 'missing'))
  const products = counted.products('missing')
  return {
    matching: counted.matching,
    atLeast: counted.atLeast,
    proposals: counted.having(withProposals),
    flagged: counted.having(withFlagged),
    variants: counted.having(isVariant),
    families: offered(FAMILIES, 'family').map(({ name, count }) => ({ family: name || null, count })),
    categories: offered(CATEGORIES, 'category').map(({ name, count }) => ({ category: name, count })),
    attributes: (await attributeNames(tx)).map((attribute) => ({
      attribute,
      missing: products - (filled.get(withAttribute(attribute)) ?? 0),
    })),
    standing: {
      unfit: counted.having(withMisfits),
      quality: QUALITY_STEPS.map((below) => ({ below, count: counted.having(belowQuality(below).first) })),
      places: places.map((place) => ({
        place,
        complete: counted.having(completeIn(place)),
        incomplete: counted.having(incompleteIn(place)),
      })),
    },
  }
}

function countAll(known: ReadonlyMap<Term, number>): Counted {
  let products = 0
  for (const [, count] of within(known, SOURCES)) products += count // each product is of one
  return {
    matching: products,
    atLeast: false,
    products: () => products,
    each: (terms) => within(known, terms),
    having: (term) => known.get(term) ?? 0,
  }
}

function within(known: ReadonlyMap<Term, number>, { first, last }: Wanted): [Term, number][] {
  return [...known].filter(([term]) => term === first || (last !== undefined && term > first && term < last))
}

async function countFiltered(
  tx: Tx,
  { filter, places, enough }: { filter: ProductFilter; places: readonly string[]; enough: number },
): Promise<Counted> {
  const { family, category, missing, ...others } = filter
  const groups: { choice: Choice | undefined; conditions: Condition[] }[] = [
    { choice: undefined, conditions: conditionsOf(others) },
    { choice: 'family', conditions: family === undefined ? [] : conditionsOf({ family }) },
    { choice: 'category', conditions: category === undefined ? [] : conditionsOf({ category }) },
    { choice: 'missing', conditions: missing === undefined ? [] : conditionsOf({ missing }) },
  ]
  const conditions = groups.flatMap((group) => group.conditions)
  const asked = await readPostings(
    tx,
    conditions.map(({ wanted }) => wanted),
  )
  const sets = groups.flatMap(({ choice, conditions: own }) =>
    own.length === 0 ? [] : [{ choice, members: whereAll(own, asked, conditions.indexOf(own[0]!)) }],
  )
  const matching = together(sets, asked)
  const spread = asked.spread(matching)
  const segments = enoughOf(spread, enough)
  const atLeast = segments.length < spread.size
  const single = [
    withProposals,
    withFlagged,
    isVariant,
    withMisfits,
    ...QUALITY_STEPS.map((below) => belowQuality(below).first),
    ...places.flatMap((place) => [completeIn(place), incompleteIn(place)]),
  ]
  const ranges = [FAMILIES, CATEGORIES, ATTRIBUTES]
  const wanted = [...ranges, ...single.map((first) => ({ first }))]
  const postings = await readPostings(tx, wanted, atLeast ? segments : undefined)
  const bySet = new Map(
    CHOICES.map((choice) => [
      choice,
      together(
        sets.filter((set) => set.choice !== choice),
        asked,
      ),
    ]),
  )
  return {
    matching: countMembers(matching),
    atLeast,
    products(without) {
      const standing = postings.standing()
      intersect(standing, bySet.get(without)!)
      return countMembers(standing)
    },
    each: (terms, without) => postings.counts(ranges.indexOf(terms), bySet.get(without)),
    having: (term) => postings.counts(ranges.length + single.indexOf(term), matching).get(term) ?? 0,
  }
}

/** What is in all of some sets; of none: everything. */
function together(sets: readonly { readonly members: Bitmap }[], postings: Postings): Bitmap {
  const [first, ...others] = sets
  if (!first) return postings.standing()
  const members = first.members.slice()
  for (const other of others) intersect(members, other.members)
  return members
}

/** Those with most of the products, as few as have enough of them together. */
function enoughOf(spread: ReadonlyMap<number, number>, enough: number): number[] {
  let count = 0
  return [...spread]
    .sort((a, b) => b[1] - a[1])
    .filter(([, members]) => {
      const isWanted = count < enough
      count += members
      return isWanted
    })
    .map(([segment]) => segment)
}

async function attributeNames(tx: Tx): Promise<string[]> {
  const known = await tx.select({ attributes: sources.attributes }).from(sources).orderBy(sources.id)
  return [...new Set(known.flatMap(({ attributes }) => attributes))]
}
