import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { sources } from '../db/schema/index.ts'
import { type Condition, conditionsOf, whereAll } from './filter.ts'
import { type Bitmap, countMembers, intersect } from './postings/bitmap.ts'
import { type Postings, readPostings } from './postings/read.ts'
import {
  ATTRIBUTES,
  belowQuality,
  completeIn,
  FAMILIES,
  incompleteIn,
  MISFITS,
  namedBy,
  type Wanted,
  withAttribute,
  withFlagged,
  isVariant,
  withProposals,
} from './postings/terms.ts'
import { placesOf } from './structure/completeness.ts'
import { loadStructure } from './structure/load.ts'
import { placeKey } from './structure/measure.ts'

export interface Facets {
  readonly matching: number
  readonly proposals: number
  readonly flagged: number
  readonly variants: number
  readonly families: readonly { readonly family: string | null; readonly count: number }[]
  readonly attributes: readonly { readonly attribute: string; readonly missing: number }[]
  readonly standing: {
    readonly unfit: number
    readonly quality: readonly { readonly below: number; readonly count: number }[]
    readonly places: readonly { readonly place: string; readonly complete: number; readonly incomplete: number }[]
  }
}

/** The scores below which the list offers to look. */
const QUALITY_STEPS = [50, 70, 90]

const MOST_FAMILIES = 500
const MOST_PLACES = 60

/**
 * What the products that match can be narrowed by. Families are counted as if no family were chosen, attributes as if none were
 * asked to be missing: so that each choice shows what the others would give.
 */
export async function readFacets(tx: Tx, filter: ProductFilter): Promise<Facets> {
  const { family, missing, ...others } = filter
  const keys = placesOf(await loadStructure(tx))
    .slice(0, MOST_PLACES)
    .map(({ channel, locale }) => placeKey({ channel: channel?.code ?? null, locale }))
  const rest = conditionsOf(others)
  const ofFamily = family === undefined ? [] : conditionsOf({ family })
  const ofMissing = missing === undefined ? [] : conditionsOf({ missing })
  const conditions = [...rest, ...ofFamily, ...ofMissing]
  const wanted: Wanted[] = [
    ...conditions.map((condition) => condition.wanted),
    { first: withProposals },
    { first: withFlagged },
    FAMILIES,
    ATTRIBUTES,
    MISFITS,
    ...QUALITY_STEPS.map(belowQuality),
    ...keys.flatMap((key) => [{ first: completeIn(key) }, { first: incompleteIn(key) }]),
    { first: isVariant },
  ]
  const postings = await readPostings(tx, wanted)
  const standingFrom = conditions.length + 4
  const places = {
    proposals: conditions.length,
    flagged: conditions.length + 1,
    families: conditions.length + 2,
    attributes: conditions.length + 3,
  }
  const inRest = rest.length === 0 ? undefined : whereAll(rest, postings)
  const inFamily = narrowed(inRest, { conditions: ofFamily, postings, place: rest.length })
  const inMissing = narrowed(inRest, { conditions: ofMissing, postings, place: rest.length + ofFamily.length })
  const matching = narrowed(inFamily, { conditions: ofMissing, postings, place: rest.length + ofFamily.length }) ?? postings.standing()
  const having = postings.counts(places.attributes, inFamily)
  const total = countMembers(inFamily ?? postings.standing())
  return {
    matching: countMembers(matching),
    proposals: countBoth(matching, postings.having(places.proposals)),
    flagged: countBoth(matching, postings.having(places.flagged)),
    variants: countBoth(matching, postings.having(wanted.length - 1)),
    families: Array.from(postings.counts(places.families, inMissing), ([term, count]) => ({ family: namedBy(term) || null, count }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count || (a.family ?? '').localeCompare(b.family ?? '', 'en'))
      .slice(0, MOST_FAMILIES),
    attributes: (await attributeNames(tx)).map((attribute) => ({
      attribute,
      missing: total - (having.get(withAttribute(attribute)) ?? 0),
    })),
    standing: {
      unfit: countBoth(matching, postings.having(standingFrom)),
      quality: QUALITY_STEPS.map((below, step) => ({ below, count: countBoth(matching, postings.having(standingFrom + 1 + step)) })),
      places: keys.map((place, index) => {
        const at = standingFrom + 1 + QUALITY_STEPS.length + 2 * index
        return { place, complete: countBoth(matching, postings.having(at)), incomplete: countBoth(matching, postings.having(at + 1)) }
      }),
    },
  }
}

async function attributeNames(tx: Tx): Promise<string[]> {
  const known = await tx.select({ attributes: sources.attributes }).from(sources).orderBy(sources.id)
  return [...new Set(known.flatMap(({ attributes }) => attributes))]
}

/** A set, narrowed by conditions whose postings begin at `place`; undefined: all products. */
function narrowed(
  members: Bitmap | undefined,
  { conditions, postings, place }: { conditions: readonly Condition[]; postings: Postings; place: number },
): Bitmap | undefined {
  if (conditions.length === 0) return members
  const narrower = whereAll(conditions, postings, place)
  if (members) intersect(narrower, members)
  return narrower
}

function countBoth(one: Bitmap, other: Bitmap): number {
  const both = other.slice()
  intersect(both, one)
  return countMembers(both)
}
