import { expect, it } from 'vitest'
import type { ChatOffer } from '../providers/offer.ts'
import { openaiCompatible } from '../providers/openai-compatible.ts'
import { offerAsFound } from './chat-call.ts'

const plain: ChatOffer = openaiCompatible.chat
const json: ChatOffer = { ...plain, responseFormat: 'json_object' }
const other: ChatOffer = { ...plain, outputLimit: 'max_completion_tokens' }

it('a model that was never tested is asked as its provider is known', () => {
  for (const offer of [plain, json, other]) expect(offerAsFound(offer, undefined)).toEqual(offer)
})

it('a schema is sent where it is kept, and stands in the prompt where it is not', () => {
  expect(offerAsFound(plain, { json_schema: 'does_not' }).responseFormat).toBe('none')
  expect(offerAsFound(json, { json_schema: 'does_not' }).responseFormat).toBe('json_object')
  expect(offerAsFound(json, { json_schema: 'works' })).not.toHaveProperty('responseFormat')
})

it('the output limit changes its name only where the other one is known to work', () => {
  const limitOf = (offer: ChatOffer, found: Parameters<typeof offerAsFound>[1]) => offerAsFound(offer, found).outputLimit
  expect(limitOf(plain, { max_tokens: 'does_not', max_completion_tokens: 'works' })).toBe('max_completion_tokens')
  expect(limitOf(plain, { max_tokens: 'does_not' })).toBeUndefined()
  expect(limitOf(other, { max_completion_tokens: 'does_not', max_tokens: 'works' })).toBeUndefined()
  expect(limitOf(other, { max_completion_tokens: 'does_not' })).toBe('max_completion_tokens')
})

it('usage is asked for in streams where that is understood, and not where it is refused', () => {
  expect(offerAsFound(plain, { stream_options: 'works', streamed_usage: 'works' }).streamedUsage).toBe('asked')
  expect(offerAsFound({ ...plain, streamedUsage: 'asked' }, { stream_options: 'does_not' })).not.toHaveProperty('streamedUsage')
  expect(offerAsFound(plain, { stream_options: 'does_not', streamed_usage: 'works' }).streamedUsage).toBe('unasked')
})
