import { GROUP_KINDS } from '../../../contract/review-groups.ts'
import { VALUE_KINDS } from '../../../contract/review.ts'
import { aFlag, anId, oneOf, searchOf, someText } from '../../support/search.ts'

/** What the address of Review says: which proposals, of which product. */
export const reviewSearch = searchOf({
  search: someText(200),
  sourceId: anId,
  family: someText(500),
  productId: anId,
  runId: anId,
  attribute: someText(500),
  locale: someText(35),
  channel: someText(100),
  model: someText(),
  flag: someText(100),
  kind: oneOf(VALUE_KINDS),
  flagged: aFlag,
  overPerson: aFlag,
  change: oneOf(GROUP_KINDS),
  words: someText(200),
  sampleId: anId,
})
export type ReviewSearch = ReturnType<typeof reviewSearch>

type Given = { [Name in keyof ReviewSearch]?: NonNullable<ReviewSearch[Name]> }

/** Without what is not set, as the routes that take a body want it. */
export const filterOf = (search: ReviewSearch): Given =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined))

type Asked = { [Name in keyof Given]: Given[Name] extends boolean | undefined ? string : Given[Name] }

/** The same for a query string, where "true" and "false" are text. */
export const queryOfFilter = (search: ReviewSearch): Asked =>
  Object.fromEntries(Object.entries(filterOf(search)).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]))
