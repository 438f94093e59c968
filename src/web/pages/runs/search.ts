import { oneOf, searchOf } from '../../support/search.ts'

export const RUN_STATES = ['ready', 'running', 'paused', 'finished', 'cancelled'] as const

/** What the address of Runs says. */
export const runsSearch = searchOf({ state: oneOf(RUN_STATES) })
export type RunsSearch = ReturnType<typeof runsSearch>

export const RUN_TABS = ['cost', 'failed', 'quote'] as const
export const runSearch = searchOf({ tab: oneOf(RUN_TABS) })
