import { expect, it } from 'vitest'
import { objectOf } from '../../../base/json.ts'
import { chatModel } from '../../../calls/chat-model.ts'
import { openAiChat } from '../../../providers/protocols/openai-chat.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { openaiChatIn } from './openai-chat-in.ts'
import { withinOutputLimit } from './output-limit.ts'

/** What goes out for a request of OpenAI's with a limit and an effort; the packages build it. */
async function sent(sdk: ChatOffer['sdk'], model: string, parameters: object) {
  const offer: ChatOffer = { protocol: openAiChat, path: '/', sdk, jsonSchema: true }
  const { options, report } = openaiChatIn({ model, messages: [{ role: 'user', content: 'Hi' }], ...parameters }, { offer, model })
  let body: unknown
  const fetch = withinOutputLimit(
    (_url, init) => {
      body = JSON.parse(init?.body as string)
      return Promise.resolve(Response.json({ error: 'enough' }, { status: 400 }))
    },
    { sdk, limit: options.maxOutputTokens, report, parameter: 'reasoning_effort' },
  )
  const failure = await (await chatModel({ offer, model, fetch })).doGenerate(options).then(undefined, (error: unknown) => error)
  return { body: objectOf(body), report, failure }
}

const SONNET = 'claude-sonnet-4-5'
const AT_BEDROCK = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0'

it('thinking and answer share the caller’s limit at Anthropic', async () => {
  const { body, report } = await sent('anthropic', SONNET, { max_tokens: 5_000, reasoning_effort: 'high' })
  expect(body).toMatchObject({ max_tokens: 5_000, thinking: { type: 'enabled', budget_tokens: 4_000 } })
  expect(report.fates.get('reasoning_effort')).toEqual({ outcome: 'mapped', note: '4000 tokens of the output limit' })
})

it('and at Bedrock', async () => {
  const { body } = await sent('amazon-bedrock', AT_BEDROCK, { max_tokens: 5_000, reasoning_effort: 'high' })
  expect(body).toMatchObject({
    inferenceConfig: { maxTokens: 5_000 },
    additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 4_000 } },
  })
})

it('a limit too small for any thinking leaves it out, and says so', async () => {
  const { body, report } = await sent('anthropic', SONNET, { max_tokens: 500, reasoning_effort: 'high' })
  expect(body?.['max_tokens']).toBe(500)
  expect(body).not.toHaveProperty('thinking')
  expect(report.fates.get('reasoning_effort')?.note).toContain('too small')
})

it('a model that takes no limit while it reasons is not asked', async () => {
  const { body, failure } = await sent('amazon-bedrock', 'amazon.nova-2-lite-v1:0', { max_tokens: 500, reasoning_effort: 'high' })
  expect(body).toBeUndefined()
  expect(failure).toMatchObject({ code: 'parameter.refused' })
})

it.each([
  ['anthropic', SONNET],
  ['amazon-bedrock', AT_BEDROCK],
] as const)('nothing is changed for %s where nothing is added', async (sdk, model) => {
  const { body } = await sent(sdk, model, { max_tokens: 500 })
  expect(JSON.stringify(body)).toMatch(/"max_?[tT]okens":500/)
})
