import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAiChat } from './protocols/openai-chat.ts'
import { PRACTICE_MODEL, practice } from './practice.ts'
import { type PracticeServer, startPracticeServer } from './practice-server.ts'
import { findProvider } from './registry.ts'
import { practiceTokens } from './tokenizers.ts'

let server: PracticeServer
beforeAll(async () => {
  server = await startPracticeServer()
})
afterAll(() => server.close())

const schema = {
  type: 'object',
  properties: {
    title: { type: 'string', description: 'At least 3 characters, at most 40 characters.' },
    description: { type: 'string', description: 'At least 20 words, at most 30 words.' },
    attributes: {
      type: 'array',
      description: 'At least 1 attributes, at most 2 attributes, values of at most 20 characters.',
      items: { type: 'object', properties: { name: { type: 'string' }, value: { type: 'string' } } },
    },
    colour: { type: ['string', 'null'], enum: ['Red', 'Black', null] },
    cores: { type: ['number', 'null'], description: 'A number, from 1, up to 64.' },
  },
}
const user = '<product>\ntitle: Acme X5 notebook\nbrand: Acme\nproduct colour: matte black\nprocessor cores: 4\nweight: 3.4 kg\n</product>'
const body = (more: Record<string, unknown> = {}) => ({
  model: PRACTICE_MODEL,
  messages: [
    { role: 'system', content: 'Write.' },
    { role: 'user', content: user },
  ],
  response_format: { type: 'json_schema', json_schema: { name: 'a', strict: true, schema } },
  ...more,
})
const post = (payload: unknown, path = '/chat/completions') =>
  fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }]
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number }
  readonly service_tier: string
}

describe('the practice provider', () => {
  it('is a provider without a key and with the reserved destination', () => {
    expect(findProvider('practice')).toBe(practice)
    expect(practice).toMatchObject({ name: 'Practice, not AI', baseUrl: 'practice:', key: 'none' })
  })

  it('writes from the record’s own lines, in the schema’s form and lengths, the same each time', async () => {
    const [first, second] = (await Promise.all([post(body()), post(body())].map(async (answer) => (await answer).json()))) as [
      Completion,
      Completion,
    ]
    const [choice] = first.choices
    expect(second.choices[0].message.content).toBe(choice.message.content)
    expect(choice.finish_reason).toBe('stop')
    const answer = JSON.parse(choice.message.content) as {
      title: string
      description: string
      attributes: unknown
      colour: string
      cores: number
    }
    expect(answer).toMatchObject({
      title: 'Acme X5 notebook',
      colour: 'Black',
      cores: 4,
      attributes: [
        { name: 'product colour', value: 'matte black' },
        { name: 'processor cores', value: '4' },
      ],
    })
    const words = answer.description.split(' ').length
    expect(words).toBeGreaterThanOrEqual(20)
    expect(words).toBeLessThanOrEqual(30)
    expect(first.service_tier).toBe('practice')
  })

  it('reports usage that the OpenAI reader understands, whole and streamed alike', async () => {
    const whole: unknown = await (await post(body())).json()
    const metered = openAiChat.usage.whole(whole)
    expect(metered).toMatchObject({
      source: 'reported',
      servedModel: PRACTICE_MODEL,
      usage: { input_tokens: practiceTokens('Write.') + practiceTokens(user) },
    })
    const text = await (await post(body({ stream: true, stream_options: { include_usage: true } }))).text()
    const events = text
      .split('\n\n')
      .filter((event) => event.startsWith('data: {'))
      .map((event) => JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] })
    const stream = openAiChat.usage.stream()
    for (const event of events) stream.push(event)
    expect(stream.end().usage).toEqual(metered.usage)
    expect(events.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe((whole as Completion).choices[0].message.content)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  it('stops at the output limit and says so', async () => {
    const answer = (await (await post(body({ max_completion_tokens: 10 }))).json()) as Completion
    expect(answer.choices[0].finish_reason).toBe('length')
    expect(answer.choices[0].message.content).toHaveLength(40)
    expect(answer.usage.completion_tokens).toBe(10)
  })

  it('without a schema says what it is', async () => {
    const answer = (await (await post({ model: PRACTICE_MODEL, messages: [{ role: 'user', content: 'hello' }] })).json()) as Completion
    expect(answer.choices[0].message.content).toMatch(/practice answer, not AI/)
  })

  it('lists its model', async () => {
    expect(await (await fetch(`${server.baseUrl}/models`)).json()).toMatchObject({ data: [{ id: 'practice-1' }] })
  })

  it('answers nothing without its random path, and errors in OpenAI’s form', async () => {
    const { origin } = new URL(server.baseUrl)
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    for (const path of ['/models', '/v1/models', '/x/models', '//models']) expect((await fetch(`${origin}${path}`)).status).toBe(404)
    const cases: [unknown, number, string][] = [
      ['{', 400, 'provider.request_refused'],
      ['[]', 400, 'provider.request_refused'],
      [body({ model: 'gpt-4o' }), 404, 'provider.model_missing'],
    ]
    for (const [payload, status, code] of cases) {
      const answer = await post(payload)
      expect(answer.status).toBe(status)
      expect(openAiChat.classifyError({ status, headers: {}, body: await answer.json() }).code).toBe(code)
    }
    expect((await post('x'.repeat(9 * 1024 * 1024))).status).toBe(413)
  })

  it('starts on a path of its own each time, and stops', async () => {
    const other = await startPracticeServer()
    expect(other.baseUrl.split('/').at(-1)).not.toBe(server.baseUrl.split('/').at(-1))
    await other.close()
    await expect(fetch(`${other.baseUrl}/models`)).rejects.toThrow('fetch failed')
  })
})
