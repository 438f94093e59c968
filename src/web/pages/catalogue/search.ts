import { PRODUCT_SORTS, type ProductFilter } from '../../../contract/catalogue.ts'
import { aFlag, anId, oneOf, type SearchOf, searchOf, someText } from '../../support/search.ts'

const FIELDS = {
  search: someText(200),
  source: anId,
  family: someText(500),
  unfiled: aFlag,
  missing: someText(500),
  state: oneOf(['proposals', 'flagged']),
  sort: oneOf(PRODUCT_SORTS),
  down: aFlag,
} as const

/** What the list is narrowed to and sorted by; in the address, so that it can be kept, sent and gone back to. */
export type ListSearch = SearchOf<typeof FIELDS>
export const productSearch = searchOf(FIELDS)

/** The list's own, with the import that is open: "file" to begin one, or its id. */
export const catalogueSearch = searchOf({ ...FIELDS, import: someText(36) })

export const filterOf = ({ search, source, family, unfiled, missing, state }: ListSearch): ProductFilter => ({
  ...(search === undefined ? {} : { search }),
  ...(source === undefined ? {} : { sourceId: source }),
  ...(unfiled ? { family: '' } : family === undefined ? {} : { family }),
  ...(missing === undefined ? {} : { missing }),
  ...(state === 'proposals' ? { proposals: true } : state === 'flagged' ? { flagged: true } : {}),
})

/** The same for the query of a route, where everything is text. */
export function queryOfList(search: ListSearch) {
  const { proposals, flagged, ...filter } = filterOf(search)
  return {
    ...filter,
    ...(proposals ? { proposals: 'true' } : {}),
    ...(flagged ? { flagged: 'true' } : {}),
    sort: search.sort ?? 'row',
    direction: search.down ? ('down' as const) : ('up' as const),
  }
}

export const isNarrowed = (search: ListSearch): boolean => Object.keys(filterOf(search)).length > 0
