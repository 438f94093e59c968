import { count, sql } from 'drizzle-orm'
import type { ProductFilter } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, sources } from '../db/schema/index.ts'
import { matches } from './filter.ts'
import { hasBit } from './index-row.ts'

export interface Facets {
  readonly matching: number
  readonly proposals: number
  readonly flagged: number
  readonly families: readonly { readonly family: string | null; readonly count: number }[]
  readonly attributes: readonly { readonly attribute: string; readonly missing: number }[]
}

const MOST_FAMILIES = 500

/**
 * What the products that match can be narrowed by. Families are counted as if no family were chosen, attributes as if none were
 * asked to be missing: so that each choice shows what the others would give. Products are counted in groups of the same family
 * and the same filled attributes, of which there are few however many products there are.
 */
export async function readFacets(tx: Tx, filter: ProductFilter): Promise<Facets> {
  const { family, missing, ...others } = filter
  const groups = await tx
    .select({ sourceId: productIndex.sourceId, family: productIndex.family, filled: productIndex.filled, count: count() })
    .from(productIndex)
    .where(await matches(tx, others))
    .groupBy(productIndex.sourceId, productIndex.family, productIndex.filled)
  const known = await tx.select({ id: sources.id, attributes: sources.attributes }).from(sources)
  const names = [...new Set(known.flatMap(({ attributes }) => attributes))]
  const placesOf = new Map(known.map(({ id, attributes }) => [id, new Map(attributes.map((name, place) => [name, place]))]))
  const lacks = (group: (typeof groups)[number], attribute: string): boolean => {
    const place = placesOf.get(group.sourceId)?.get(attribute)
    return place === undefined || !hasBit(group.filled, place)
  }
  const inFamily = (group: (typeof groups)[number]): boolean => family === undefined || (group.family ?? '') === family
  const ofFamily = groups.filter(inFamily)
  const ofMissing = groups.filter((group) => missing === undefined || lacks(group, missing))
  const families = new Map<string | null, number>()
  for (const group of ofMissing) families.set(group.family, (families.get(group.family) ?? 0) + group.count)
  return {
    matching: total(ofMissing.filter(inFamily)),
    proposals: await countWith(tx, { ...filter, proposals: true }),
    flagged: await countWith(tx, { ...filter, flagged: true }),
    families: Array.from(families, ([name, products]) => ({ family: name, count: products }))
      .sort((a, b) => b.count - a.count || (a.family ?? '').localeCompare(b.family ?? '', 'en'))
      .slice(0, MOST_FAMILIES),
    attributes: names.map((attribute) => ({ attribute, missing: total(ofFamily.filter((group) => lacks(group, attribute))) })),
  }
}

const total = (groups: readonly { readonly count: number }[]): number => groups.reduce((sum, group) => sum + group.count, 0)

async function countWith(tx: Tx, filter: ProductFilter): Promise<number> {
  const [counted] = await tx
    .select({ count: sql<number>`count(*)::integer` })
    .from(productIndex)
    .where(await matches(tx, filter))
  return counted!.count
}
