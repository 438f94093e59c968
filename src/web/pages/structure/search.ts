import { ATTRIBUTE_TYPES, STRUCTURE_ORIGINS } from '../../../contract/structure.ts'
import { oneOf, type SearchOf, searchOf, someText } from '../../support/search.ts'

export const TABS = ['attributes', 'families', 'categories', 'channels', 'groups', 'completeness'] as const
export type Tab = (typeof TABS)[number]
/** The tabs that list something. */
export type StructureList = Exclude<Tab, 'completeness'>

const FIELDS = {
  tab: oneOf(TABS),
  search: someText(200),
  type: oneOf(ATTRIBUTE_TYPES),
  group: someText(500),
  origin: oneOf(STRUCTURE_ORIGINS),
  parent: someText(500),
} as const

/** What the lists of the structure are narrowed to; in the address. */
export type StructureSearch = SearchOf<typeof FIELDS>
export const structureSearch = searchOf(FIELDS)
