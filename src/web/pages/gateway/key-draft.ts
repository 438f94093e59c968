import type { VirtualKeyView } from '../../../contract/gateway.ts'

/** What a person is about to make of a virtual key. Lists: null is any; an empty one is not finished yet. */
export interface KeyDraft {
  readonly name: string
  readonly ownerId: string
  readonly contexts: string[] | null
  readonly connectionIds: string[] | null
  readonly models: string[] | null
  readonly maxOutputTokens: number | undefined
  /** `keep`: of a key that is there, as it is. */
  readonly days: (typeof DAYS)[number] | 'keep'
}

export const DAYS = ['30', '90', '365', 'none'] as const

export const emptyKey = (ownerId: string): KeyDraft => ({
  name: '',
  ownerId,
  contexts: null,
  connectionIds: null,
  models: null,
  maxOutputTokens: undefined,
  days: '90',
})

export const draftOf = (key: VirtualKeyView): KeyDraft => ({
  name: key.name,
  ownerId: key.owner.userId,
  contexts: key.contexts,
  connectionIds: key.connections?.map(({ id }) => id) ?? null,
  models: key.models,
  maxOutputTokens: key.maxOutputTokens ?? undefined,
  days: 'keep',
})

export const isFinished = ({ name, contexts, connectionIds, models, maxOutputTokens }: KeyDraft): boolean =>
  name.trim() !== '' && [contexts, connectionIds, models].every((list) => list === null || list.length > 0) && maxOutputTokens !== 0

/** What both routes take of it. */
export function bodyOf({ name, contexts, connectionIds, models, maxOutputTokens, days }: KeyDraft) {
  const common = { name, contexts, connectionIds, models, maxOutputTokens: maxOutputTokens ?? null }
  return days === 'keep' ? common : { ...common, days: days === 'none' ? null : Number(days) }
}

/** A budget and a rate limit that a virtual key is given with it; what is empty is not given. */
export interface LimitsDraft {
  readonly limit: string
  readonly period: 'day' | 'week' | 'month' | 'total'
  readonly requestsPerMinute: number | undefined
  readonly tokensPerMinute: number | undefined
}

export const NO_LIMITS: LimitsDraft = { limit: '', period: 'month', requestsPerMinute: undefined, tokensPerMinute: undefined }

const AMOUNT = /^\d{1,9}(\.\d{1,9})?$/

export const isAmount = (text: string): boolean => AMOUNT.test(text)
export const areFinished = ({ limit, requestsPerMinute, tokensPerMinute }: LimitsDraft): boolean =>
  (limit === '' || isAmount(limit)) && requestsPerMinute !== 0 && tokensPerMinute !== 0
