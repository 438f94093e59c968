import { PRODUCT_SORTS, type ProductFilter } from '../../../contract/catalogue.ts'
import { aFlag, anId, oneOf, type SearchOf, searchOf, someText } from '../../support/search.ts'

const FIELDS = {
  search: someText(200),
  source: anId,
  family: someText(500),
  unfiled: aFlag,
  category: someText(1_000),
  missing: someText(500),
  state: oneOf(['proposals', 'flagged', 'stale']),
  standing: someText(620),
  variants: oneOf(['without', 'only']),
  sort: oneOf(PRODUCT_SORTS),
  down: aFlag,
} as const

/** What the list is narrowed to and sorted by; in the address, so that it can be kept, sent and gone back to. */
export type ListSearch = SearchOf<typeof FIELDS>
export const productSearch = searchOf(FIELDS)

/** The list's own, with the import that is open: "file" to begin one, or its id. */
export const catalogueSearch = searchOf({ ...FIELDS, import: someText(36) })

/** "complete:ecommerce/de-DE", "incomplete:", "below:50", "unfit", "unfit:weight". */
function standingFilter(standing: string | undefined): ProductFilter {
  const [, kind, of = ''] = /^(complete|incomplete|below|unfit)(?::(.*))?$/s.exec(standing ?? '') ?? []
  if (kind === 'below') return /^(?:[1-9]\d?|100)$/.test(of) ? { qualityBelow: Number(of) } : {}
  return kind === undefined ? {} : { [kind]: of }
}

export const filterOf = ({ search, source, family, unfiled, category, missing, state, standing, variants }: ListSearch): ProductFilter => ({
  ...(search === undefined ? {} : { search }),
  ...(source === undefined ? {} : { sourceId: source }),
  ...(unfiled ? { family: '' } : family === undefined ? {} : { family }),
  ...(category === undefined ? {} : { category }),
  ...(missing === undefined ? {} : { missing }),
  ...(state === 'proposals' ? { proposals: true } : state === 'flagged' ? { flagged: true } : state === 'stale' ? { stale: true } : {}),
  ...standingFilter(standing),
  ...(variants === undefined ? {} : { variants: variants === 'only' }),
})

/** The same for the query of a route, where everything is text. */
export function queryOfList(search: ListSearch) {
  const { proposals, flagged, stale, variants, qualityBelow, ...filter } = filterOf(search)
  return {
    ...filter,
    ...(proposals ? { proposals: 'true' } : {}),
    ...(flagged ? { flagged: 'true' } : {}),
    ...(variants === undefined ? {} : { variants: String(variants) }),
    ...(qualityBelow === undefined ? {} : { qualityBelow: String(qualityBelow) }),
    ...(stale ? { stale: 'true' } : {}),
    sort: search.sort ?? 'row',
    direction: search.down ? ('down' as const) : ('up' as const),
  }
}

export const isNarrowed = (search: ListSearch): boolean => Object.keys(filterOf(search)).length > 0
