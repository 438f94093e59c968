import { anId, searchOf } from '../../support/search.ts'

/** What the address of Budgets says: the budget that is open. */
export const budgetsSearch = searchOf({ budget: anId })
