import { describe, expect, it } from 'vitest'
import { chatModel } from '../../../calls/chat-model.ts'
import { openAiChat } from '../../../providers/protocols/openai-chat.ts'
import type { ChatOffer } from '../../../providers/offer.ts'
import { anthropicMessagesIn } from './anthropic-messages-in.ts'
import { openaiChatIn } from './openai-chat-in.ts'
import type { TranslatedRequest } from './settings.ts'

// What the table of abilities says of each package, tried with the package: what is reported as mapped is in the body that it
// builds, what is reported as dropped is not, and nothing else is.

const MODELS: Readonly<Record<ChatOffer['sdk'], string>> = {
  openai: 'gpt-4.1-mini',
  'openai-responses': 'gpt-4.1-mini',
  'openai-compatible': 'llama-3.3-70b',
  mistral: 'mistral-large-latest',
  anthropic: 'claude-sonnet-4-5',
  'amazon-bedrock': 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  google: 'gemini-3-pro-preview',
  cohere: 'command-a-03-2025',
  ollama: 'qwen3:8b',
}
const SDKS = Object.keys(MODELS) as ChatOffer['sdk'][]

const targetOf = (sdk: ChatOffer['sdk']): { offer: ChatOffer; model: string } => ({
  offer: { protocol: openAiChat, path: '/', sdk, jsonSchema: true },
  model: MODELS[sdk],
})

/** The body that a package builds of a translated request. */
async function bodyOf({ offer, model }: ReturnType<typeof targetOf>, { options }: TranslatedRequest) {
  let body = ''
  const made = await chatModel({
    offer,
    model,
    fetch: (_url, init) => {
      body = init?.body as string
      return Promise.resolve(Response.json({ error: 'enough' }, { status: 400 }))
    },
  })
  await made.doGenerate(options).then(undefined, () => undefined) // what was sent is asked here, not what was answered
  expect(body, 'the package builds a body').not.toBe('')
  return body
}

const TOOL_SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Each with a value that is found nowhere else in a body. */
const OPENAI_VALUES: Readonly<Record<string, readonly [value: unknown, inBody: string]>> = {
  max_completion_tokens: [4_321, '4321'],
  temperature: [0.123, '0.123'],
  top_p: [0.877, '0.877'],
  frequency_penalty: [0.345, '0.345'],
  presence_penalty: [0.678, '0.678'],
  seed: [424_242, '424242'],
  stop: [['HALT!'], 'HALT!'],
  user: ['person-77', 'person-77'],
  safety_identifier: ['person-88', 'person-88'],
  prompt_cache_key: ['cache-99', 'cache-99'],
  metadata: [{ team: 'blue-team' }, 'blue-team'],
  logit_bias: [{}, 'logit_bias'],
  unheard_of: ['secret-word', 'secret-word'],
}

describe.each(SDKS)('a request in OpenAI’s dialect, said by %s', (sdk) => {
  const ask = (parameters: object): { translated: TranslatedRequest; target: ReturnType<typeof targetOf> } => {
    const target = targetOf(sdk)
    return { target, translated: openaiChatIn({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...parameters }, target) }
  }

  it.each(Object.entries(OPENAI_VALUES))(
    '%s: sent when it is reported as mapped, and not when as dropped',
    async (name, [value, inBody]) => {
      if (name === 'stop' && sdk === 'openai-responses') {
        expect(() => ask({ stop: value })).toThrow('"stop" cannot be honoured')
        return
      }
      const { target, translated } = ask({ [name]: value })
      const body = await bodyOf(target, translated)
      const fate = translated.report.fates.get(name)
      expect(fate?.outcome).toMatch(/^(?:mapped|dropped)$/)
      if (name !== 'logit_bias') expect(body.includes(inBody), `${name} is ${fate?.outcome}`).toBe(fate?.outcome === 'mapped')
    },
  )

  it('tools, choice, history, picture and schema are in the body; system messages too', async () => {
    const call = { id: 'call_a', type: 'function', function: { name: 'weather', arguments: '{"city":"Zug"}' } }
    const { target, translated } = ask({
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
            { type: 'text', text: 'Where?' },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_a', content: 'sunny-result' },
        { role: 'system', content: 'And polite.' },
        { role: 'user', content: 'Thanks' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', description: 'Looks out', parameters: TOOL_SCHEMA } }],
      tool_choice: 'auto',
    })
    const body = await bodyOf(target, translated)
    for (const said of ['Be brief.', PNG, 'Where?', 'weather', 'Zug', 'sunny-result', 'And polite.', 'Thanks', 'Looks out', 'city']) {
      expect(body).toContain(said)
    }
  })

  it('a schema binds the answer, or stands in the text', async () => {
    const schema = { ...TOOL_SCHEMA, properties: { city: { type: 'string', description: 'a-town' } } }
    const { target, translated } = ask({ response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } } })
    expect(await bodyOf(target, translated)).toContain('a-town')
    expect(translated.report.fates.get('response_format')?.outcome).toBe('mapped')
  })

  it('JSON of any form is asked for', async () => {
    const { target, translated } = ask({ response_format: { type: 'json_object' } })
    const body = await bodyOf(target, translated)
    expect(body).toMatch(/json_object|application\/json|"format":"json"|The answer is one JSON object/)
  })

  it('one tool call at a time: said, or reported as dropped', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: TOOL_SCHEMA } }]
    const { target, translated } = ask({ tools, parallel_tool_calls: false })
    const body = await bodyOf(target, translated)
    const isSaid = /parallel_tool/.test(body)
    expect(translated.report.fates.get('parallel_tool_calls')?.outcome).toBe(isSaid ? 'mapped' : 'dropped')
  })
})

const ANTHROPIC_VALUES: Readonly<Record<string, readonly [value: unknown, inBody: string]>> = {
  max_tokens: [4_321, '4321'],
  temperature: [0.123, '0.123'],
  top_p: [0.877, '0.877'],
  top_k: [777, '777'],
  stop_sequences: [['HALT!'], 'HALT!'],
  unheard_of: ['secret-word', 'secret-word'],
}

describe.each(SDKS)('a request in Anthropic’s dialect, said by %s', (sdk) => {
  const target = targetOf(sdk)
  const ask = (parameters: object): TranslatedRequest =>
    anthropicMessagesIn({ model: 'm', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }], ...parameters }, target)

  it.each(Object.entries(ANTHROPIC_VALUES))(
    '%s: sent when it is reported as mapped, and not when as dropped',
    async (name, [value, inBody]) => {
      if (name === 'stop_sequences' && sdk === 'openai-responses') {
        expect(() => ask({ stop_sequences: value })).toThrow('"stop_sequences" cannot be honoured')
        return
      }
      const translated = ask({ [name]: value })
      const body = await bodyOf(target, translated)
      const fate = translated.report.fates.get(name)
      expect(body.includes(inBody), `${name} is ${fate?.outcome}`).toBe(fate?.outcome === 'mapped')
    },
  )

  it('system, blocks, tools and a picture in a tool’s result are in the body', async () => {
    const translated = ask({
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [{ type: 'document', title: 'Doc', source: { type: 'text', media_type: 'text/plain', data: 'document-text' } }],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'foreign-thought', signature: 'x'.repeat(60) },
            { type: 'tool_use', id: 'toolu_1', name: 'look', input: { city: 'Zug' } },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: 'toolu_1',
              content: [
                { type: 'text', text: 'a-view' },
                { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
              ],
            },
            { type: 'text', text: 'Well?' },
          ],
        },
      ],
      tools: [{ name: 'look', input_schema: TOOL_SCHEMA }],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
      metadata: { user_id: 'person-77' },
    })
    const body = await bodyOf(target, translated)
    for (const said of ['Be brief.', 'Zug', 'a-view', PNG, 'Well?', 'look']) expect(body).toContain(said)
    expect(body.includes('document-text') || body.includes(Buffer.from('document-text').toString('base64'))).toBe(true)
    expect(body).not.toContain('foreign-thought')
    expect(body).not.toContain('x'.repeat(60))
    expect(translated.report.fates.get('messages.thinking')?.outcome).toBe('dropped')
    expect(translated.report.fates.get('metadata.user_id')?.outcome).toBe(body.includes('person-77') ? 'mapped' : 'dropped')
  })
})
