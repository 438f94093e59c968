import { expect, it } from 'vitest'
import type { ChatOffer } from '../providers/offer.ts'
import type { Provider } from '../providers/provider.ts'
import { findProvider, providers } from '../providers/registry.ts'
import { offerAsFound } from './chat-call.ts'
import { chatModel } from './chat-model.ts'

/** The body of a streamed request, as the provider would get it. */
async function streamedBody(offer: ChatOffer): Promise<Record<string, unknown>> {
  let body = ''
  const fetch = (_url: unknown, init?: RequestInit): Promise<Response> => {
    body = init?.body as string
    return Promise.resolve(new Response('data: [DONE]\n\n', { headers: { 'content-type': 'text/event-stream' } }))
  }
  const model = await chatModel({ offer, model: 'm', fetch })
  await model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] })
  return JSON.parse(body) as Record<string, unknown>
}

const speakers = Object.values<Provider>(providers).filter(({ chat }) => chat?.sdk === 'openai-compatible')

it.each(speakers)('15: $id gets stream_options where that is known to be understood, and nowhere else', async ({ chat }) => {
  const asked = chat!.streamedUsage === 'asked' ? { include_usage: true } : undefined
  expect((await streamedBody(chat!))['stream_options']).toEqual(asked)
})

it('15: a server that nobody knows is asked for usage when its model’s test found that it understands', async () => {
  const { chat } = findProvider('openai-compatible')
  expect(await streamedBody(chat!)).not.toHaveProperty('stream_options')
  const tested = offerAsFound(chat!, { stream_options: 'works', streamed_usage: 'works' })
  expect((await streamedBody(tested))['stream_options']).toEqual({ include_usage: true })
  const refused = offerAsFound({ ...chat!, streamedUsage: 'asked' }, { stream_options: 'does_not' })
  expect(await streamedBody(refused)).not.toHaveProperty('stream_options')
})
