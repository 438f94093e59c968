import { anId, searchOf } from '../../support/search.ts'

/** What the address of Enrich says: the recipe to begin with. */
export const enrichSearch = searchOf({ recipe: anId })
