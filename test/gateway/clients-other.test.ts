import { createOpenAI } from '@ai-sdk/openai'
import { OpenAIEmbeddings } from '@langchain/openai'
import { embedMany, generateImage, generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { events, type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'

// What unmodified clients can do besides chat: OpenAI's Responses, embeddings, images, and the list of models.

const VECTORS = [
  [0.5, -0.25],
  [1, 0.125],
]
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'gpt-4o-mini-2024-07-18',
  status: 'completed',
  output: [
    {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Good day', annotations: [], logprobs: [] }],
    },
  ],
  usage: {
    input_tokens: 12,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 5,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 17,
  },
}
const [MESSAGE] = RESPONSE.output
const STREAM = [
  { type: 'response.created', sequence_number: 0, response: { ...RESPONSE, status: 'in_progress', output: [], usage: null } },
  { type: 'response.output_item.added', sequence_number: 1, output_index: 0, item: { ...MESSAGE, status: 'in_progress', content: [] } },
  {
    type: 'response.content_part.added',
    sequence_number: 2,
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
  },
  ...['Good ', 'day'].map((delta, at) => ({
    type: 'response.output_text.delta',
    sequence_number: 3 + at,
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta,
    logprobs: [],
  })),
  { type: 'response.output_item.done', sequence_number: 5, output_index: 0, item: MESSAGE },
  { type: 'response.completed', sequence_number: 6, response: RESPONSE },
]
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

let gateway: GatewayTest
let openai: OpenAI
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai' })
  await gateway.connect({ slug: 'ollama', provider: 'ollama', destination: { baseUrl: gateway.upstream.origin } })
  await gateway.connect({ slug: 'gemini', provider: 'gemini', destination: { baseUrl: gateway.upstream.origin } })
  await gateway.connect({ slug: 'cohere', provider: 'cohere', destination: { baseUrl: gateway.upstream.origin } })
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
})
afterAll(() => gateway.close())

const aiSdk = () => createOpenAI({ baseURL: `${gateway.server.url}/v1`, apiKey: gateway.token })

describe('OpenAI’s Responses', () => {
  it('of the openai client', async () => {
    gateway.upstream.answer = json(RESPONSE)
    const { data, response } = await openai.responses.create({ model: 'up/gpt-4o-mini', input: 'Hi' }).withResponse()
    expect(data.output_text).toBe('Good day')
    expect(await gateway.entry(response)).toMatchObject({ usage: { input_tokens: 12, output_tokens: 5 }, outcome: 'succeeded' })
    gateway.upstream.answer = events(STREAM)
    expect((await openai.responses.stream({ model: 'up/gpt-4o-mini', input: 'Hi' }).finalResponse()).output_text).toBe('Good day')
  })

  it('of the AI SDK, whose default they are', async () => {
    gateway.upstream.answer = json(RESPONSE)
    expect((await generateText({ model: aiSdk()('up/gpt-4o-mini'), prompt: 'Hi', maxRetries: 0 })).text).toBe('Good day')
    gateway.upstream.answer = events(STREAM)
    expect(await streamText({ model: aiSdk()('up/gpt-4o-mini'), prompt: 'Hi', maxRetries: 0 }).text).toBe('Good day')
  })

  it('lesson 21: a stream of them that breaks ends with their own error event', async () => {
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(
        STREAM.slice(0, 4)
          .map((event) => `data: ${JSON.stringify(event)}\n\n`)
          .join(''),
        () => setTimeout(() => response.destroy(), 20),
      )
    }
    const stream = await openai.responses.create({ model: 'up/gpt-4o-mini', input: 'Hi', stream: true })
    const types: string[] = []
    await (async () => {
      for await (const event of stream) types.push(event.type)
    })().catch(() => types.push('thrown'))
    expect(types).toContain('response.output_text.delta')
    expect(['error', 'thrown']).toContain(types.at(-1))
  })

  it('are not translated, and say so', async () => {
    await expect(openai.responses.create({ model: 'cohere/command-a', input: 'Hi' })).rejects.toMatchObject({
      code: 'provider.does_not_serve',
    })
  })
})

describe.each([
  [
    'up/text-embedding-3-small',
    {
      object: 'list',
      model: 'm',
      data: VECTORS.map((embedding, index) => ({ index, embedding })),
      usage: { prompt_tokens: 4, total_tokens: 4 },
    },
  ],
  ['cohere/embed-v4.0', { id: 'x', embeddings: { float: VECTORS }, meta: { billed_units: { input_tokens: 4 } } }],
])('embeddings of %s', (model, answer) => {
  it('by the AI SDK and by LangChain', async () => {
    gateway.upstream.answer = json(answer)
    const made = await embedMany({ model: aiSdk().embedding(model), values: ['a', 'b'], maxRetries: 0 })
    expect([made.embeddings, made.usage.tokens]).toEqual([VECTORS, 4])
    const langChain = new OpenAIEmbeddings({
      model,
      apiKey: gateway.token,
      maxRetries: 0,
      encodingFormat: 'float',
      configuration: { baseURL: `${gateway.server.url}/v1` },
    })
    expect(await langChain.embedDocuments(['a', 'b'])).toEqual(VECTORS)
  })
})

it('images by the AI SDK', async () => {
  gateway.upstream.answer = json({ created: 1, data: [{ b64_json: PNG }], usage: { input_tokens: 5, output_tokens: 9, total_tokens: 14 } })
  const { image } = await generateImage({ model: aiSdk().image('up/gpt-image-1'), prompt: 'A key', maxRetries: 0 })
  expect(image.base64).toBe(PNG)
})

it('the list of models, for OpenAI’s client', async () => {
  const names: string[] = []
  for await (const { id } of openai.models.list()) names.push(id)
  expect(names).toContain('up/gpt-4o-mini')
  expect((await openai.models.retrieve('up/gpt-4o-mini')).id).toBe('up/gpt-4o-mini')
})

describe('OpenAI chat in, other interfaces out', () => {
  const chat = (model: string, more: object = {}) =>
    openai.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hi' }],
      ...more,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming)
  const streamed = async (model: string): Promise<string> => {
    const stream = (await chat(model, { stream: true })) as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>
    let said = ''
    for await (const { choices } of stream) said += choices[0]?.delta.content ?? ''
    return said
  }

  it('a model that only answers in Responses; nothing of it is kept there', async () => {
    gateway.upstream.answer = json(RESPONSE)
    expect((await chat('up/gpt-5.4-pro')).choices[0]!.message.content).toBe('Good day')
    const sent = gateway.upstream.requests.at(-1)!
    expect([sent.path, JSON.parse(sent.body.toString())]).toMatchObject(['/v1/responses', { model: 'gpt-5.4-pro', store: false }])
    gateway.upstream.answer = events(STREAM)
    expect(await streamed('up/gpt-5.4-pro')).toBe('Good day')
  })

  it('Ollama’s own', async () => {
    const line = (content: string, more: object = {}): object => ({
      model: 'm',
      created_at: '2026-11-20T12:00:00Z',
      message: { role: 'assistant', content },
      ...more,
    })
    const end = { done: true, done_reason: 'stop', prompt_eval_count: 12, eval_count: 5 }
    gateway.upstream.answer = json(line('Good day', end))
    expect(await chat('ollama/llama3')).toMatchObject({ choices: [{ message: { content: 'Good day' } }], usage: { total_tokens: 17 } })
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      response.end([line('Good '), line('day'), line('', end)].map((part) => `${JSON.stringify(part)}\n`).join(''))
    }
    expect(await streamed('ollama/llama3')).toBe('Good day')
  })

  it('lesson 2: Gemini, which works on when its reader leaves, is read to its end and metered', async () => {
    let words = 0
    const part = (text: string, more: object = {}): string =>
      `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }], usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 5, totalTokenCount: 17 } })}\n\n`
    gateway.upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => {
        words += 1
        if (words < 60) return response.write(part('word '))
        clearInterval(timer)
        return response.end(part('end', { finishReason: 'STOP' }))
      }, 3)
    }
    const asked = openai.chat.completions.create({
      model: 'gemini/gemini-2.5-flash',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    })
    const { data: stream, response } = await asked.withResponse()
    for await (const _ of stream) break
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'succeeded', usageSource: 'reported', usage: { output_tokens: 5 } })
    expect(words).toBe(60)
  })
})
