import type { StructureSearch } from './search.ts'

/** What every tab of the structure is given. */
export interface TabProps {
  readonly search: StructureSearch
  /** The button at the head of the page was pressed: something new is being added. */
  readonly adding: boolean
  readonly onAdded: () => void
  readonly onChange: (search: StructureSearch) => void
}
