import type { FamilyStandingView, Labels } from '../../contract/structure.ts'
import type { Tx } from '../../db/database.ts'
import { hasMember, membersOf } from '../postings/bitmap.ts'
import { readPostings } from '../postings/read.ts'
import { completeIn, FAMILIES, incompleteIn, namedBy, ofQuality, type Term } from '../postings/terms.ts'
import { placesOf } from './completeness.ts'
import { loadStructure } from './load.ts'
import { placeKey } from './measure.ts'
import { familyOf } from './model.ts'

const MOST_FAMILIES = 300
const MOST_PLACES = 60
const BEST = 100

export interface Standings {
  readonly all: FamilyStandingView
  readonly families: readonly (FamilyStandingView & { readonly family: string | null; readonly labels: Labels })[]
}

interface Sums {
  products: number
  scores: number
  asked: number
  complete: number
  readonly places: { complete: number; asked: number }[]
}

/** Completeness and quality over all products and by family, from what the index knows of each: every product is visited a few times. */
export async function readStandings(tx: Tx): Promise<Standings> {
  const structure = await loadStructure(tx)
  const places = placesOf(structure)
    .slice(0, MOST_PLACES)
    .map(({ channel, locale }) => ({ channel: channel?.code ?? null, locale }))
  const known = (await readPostings(tx, [FAMILIES])).counts(0, undefined)
  const terms = [...known]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_FAMILIES)
    .map(([term]) => term)
  const scores = Array.from({ length: BEST + 1 }, (_, score) => ofQuality(score))
  const asked = places.flatMap((place) => [completeIn(placeKey(place)), incompleteIn(placeKey(place))])
  const postings = await readPostings(
    tx,
    [...terms, ...scores, ...asked].map((first: Term) => ({ first })),
  )
  const newSums = (): Sums => ({ products: 0, scores: 0, asked: 0, complete: 0, places: places.map(() => ({ complete: 0, asked: 0 })) })
  const all = newSums()
  const sums = terms.map(newSums)
  const familyAt = new Uint16Array(postings.ordinals) // 0: one of the small families, which count in all only
  for (const [index] of terms.entries()) for (const ordinal of membersOf(postings.having(index))) familyAt[ordinal] = index + 1
  const each = (place: number, add: (to: Sums, ordinal: number) => void): void => {
    for (const ordinal of membersOf(postings.having(place))) {
      add(all, ordinal)
      const own = sums[familyAt[ordinal]! - 1]
      if (own) add(own, ordinal)
    }
  }
  for (const [score] of scores.entries()) {
    each(terms.length + score, (to) => {
      to.products += 1
      to.scores += score
    })
  }
  const from = terms.length + scores.length
  const isAsked = new Uint8Array(postings.ordinals)
  const isLacking = new Uint8Array(postings.ordinals)
  for (const [index] of places.entries()) {
    each(from + 2 * index, (to, ordinal) => {
      isAsked[ordinal] = 1
      to.places[index]!.complete += 1
      to.places[index]!.asked += 1
    })
    each(from + 2 * index + 1, (to, ordinal) => {
      isAsked[ordinal] = 1
      isLacking[ordinal] = 1
      to.places[index]!.asked += 1
    })
  }
  const standing = postings.standing()
  for (let ordinal = 0; ordinal < postings.ordinals; ordinal += 1) {
    if (!isAsked[ordinal] || !hasMember(standing, ordinal)) continue
    for (const to of [all, sums[familyAt[ordinal]! - 1]]) {
      if (!to) continue
      to.asked += 1
      to.complete += isLacking[ordinal] ? 0 : 1
    }
  }
  const view = (of: Sums): FamilyStandingView => ({
    products: of.products,
    quality: of.products === 0 ? null : of.scores / of.products,
    complete: of.complete,
    asked: of.asked,
    places: places.map((place, index) => ({ ...place, ...of.places[index]! })),
  })
  return {
    all: view(all),
    families: terms
      .map((term, index) => {
        const family = namedBy(term) || null
        return { family, labels: { ...familyOf(structure, family)?.labels }, ...view(sums[index]!) }
      })
      .filter(({ products }) => products > 0),
  }
}
