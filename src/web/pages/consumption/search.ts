import { GROUPINGS, OUTCOMES, PERIODS, type Grouping } from '../../../contract/consumption.ts'
import { aDay, anId, oneOf, searchOf, someText } from '../../support/search.ts'

export const MEASURES = ['cost', 'calls', 'tokens'] as const
export type Measure = (typeof MEASURES)[number]

/** What the page's address says: period, grouping, filters, and the call that is open. What is not understood is left out. */
export const consumptionSearch = searchOf({
  period: oneOf(PERIODS),
  from: aDay,
  to: aDay,
  by: oneOf(GROUPINGS),
  show: oneOf(MEASURES),
  currency: someText(3),
  originKind: someText(),
  origin: someText(),
  context: someText(),
  connectionId: anId,
  model: someText(),
  member: someText(),
  view: oneOf(['calls']),
  outcome: oneOf(OUTCOMES),
  cost: oneOf(['known', 'unknown']),
  call: anId,
})
export type ConsumptionSearch = ReturnType<typeof consumptionSearch>

/** The filters that groups can be narrowed by, with the grouping that each is a part of. */
export const FILTERS = {
  originKind: 'originKind',
  origin: 'origin',
  context: 'context',
  connectionId: 'connection',
  model: 'model',
  member: 'member',
} as const satisfies Record<string, Grouping>
export type FilterName = keyof typeof FILTERS

export const FILTER_NAMES = Object.keys(FILTERS) as FilterName[]

/** What to look at next inside one group; an origin's next step is its calls. */
const NEXT: Record<Exclude<Grouping, 'origin'>, Grouping> = {
  day: 'originKind',
  originKind: 'origin',
  context: 'origin',
  connection: 'model',
  model: 'origin',
  member: 'origin',
}

/** The address after a click on a group: narrowed to it, and grouped by what says more. */
export function narrowedTo(search: ConsumptionSearch, { by, key }: { by: Grouping; key: string }): ConsumptionSearch {
  if (by === 'day') return { ...search, period: undefined, from: key, to: key, by: NEXT.day }
  const filter = FILTER_NAMES.find((name) => FILTERS[name] === by)!
  const narrowed = { ...search, [filter]: key }
  return by === 'origin' ? { ...narrowed, by: 'day', view: 'calls' } : { ...narrowed, by: NEXT[by] }
}

/** What both routes are asked for. */
export function askedOf({ period, from, to, originKind, origin, context, connectionId, model, member }: ConsumptionSearch) {
  const asked = { period: from || to ? undefined : period, from, to, originKind, origin, context, connectionId, model, member }
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as {
    [Name in keyof typeof asked]?: NonNullable<(typeof asked)[Name]>
  }
}
