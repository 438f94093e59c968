import { describe, expect, it } from 'vitest'
import { bedrock } from '../providers/bedrock.ts'
import { cohere } from '../providers/cohere.ts'
import { gemini } from '../providers/gemini.ts'
import { ollama } from '../providers/ollama.ts'
import { openai } from '../providers/openai.ts'
import { chatOfferOf, chatPath } from '../providers/asked.ts'
import type { Provider } from '../providers/provider.ts'
import { chatModel } from './chat-model.ts'

const SCHEMA = { type: 'object', properties: { title: { type: 'string' } }, required: ['title'], additionalProperties: false } as const
const ANSWER = '{"title":"Lamp"}'

/** One call with a made-up answer: what was sent, and what was read. */
async function call(provider: Provider, model: string, answer: unknown, { reasoning }: { reasoning?: 'none' | 'low' } = {}) {
  const sent: { url: string; body: Record<string, unknown> }[] = []
  const made = await chatModel({
    offer: chatOfferOf(provider, model),
    model,
    fetch: (url, init) => {
      sent.push({ url: url as string, body: JSON.parse(init?.body as string) as Record<string, unknown> })
      return Promise.resolve(Response.json(answer))
    },
  })
  const { content, finishReason, structuredOutputText } = await made.doGenerate({
    prompt: [
      { role: 'system', content: 'Write.' },
      { role: 'user', content: [{ type: 'text', text: 'name: Lamp' }] },
    ],
    maxOutputTokens: 100,
    responseFormat: { type: 'json', schema: SCHEMA, name: 'products' },
    ...(reasoning ? { reasoning } : {}),
  })
  expect(sent).toHaveLength(1)
  const text = structuredOutputText ?? content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
  return { ...sent[0]!, text, finish: finishReason.unified }
}

const geminiAnswer = (finishReason: string): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text: 'Let me see.', thought: true }, { text: ANSWER }] }, finishReason, index: 0 }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3, thoughtsTokenCount: 4, totalTokenCount: 12 },
})
const cohereAnswer = (finish: string): object => ({
  id: 'c',
  message: {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'Let me see.' },
      { type: 'text', text: ANSWER },
    ],
  },
  finish_reason: finish,
  usage: { billed_units: { input_tokens: 1, output_tokens: 1 }, tokens: { input_tokens: 1, output_tokens: 1 } },
})
const converseAnswer = (content: object[], stopReason: string): object => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage: { inputTokens: 5, outputTokens: 3, totalTokens: 8 },
})
const ollamaAnswer = (reason: string): object => ({
  model: 'm',
  message: { role: 'assistant', content: ANSWER, thinking: 'Let me see.' },
  done: true,
  done_reason: reason,
  prompt_eval_count: 5,
  eval_count: 3,
})

describe('what is sent and read in each protocol of its own', () => {
  it('Gemini: schema, limit and system as it names them; thoughts are no answer', async () => {
    const { url, body, text, finish } = await call(gemini, 'gemini-2.5-flash', geminiAnswer('STOP'))
    expect(url).not.toContain('key')
    expect(body).toMatchObject({
      generationConfig: { maxOutputTokens: 100, responseMimeType: 'application/json', responseJsonSchema: SCHEMA },
      systemInstruction: { parts: [{ text: 'Write.' }] },
      contents: [{ role: 'user', parts: [{ text: 'name: Lamp' }] }],
    })
    expect([text, finish]).toEqual([ANSWER, 'stop'])
    expect((await call(gemini, 'gemini-2.5-flash', geminiAnswer('MAX_TOKENS'))).finish).toBe('length')
  })

  it('Cohere: schema in response_format; thinking is no answer', async () => {
    const { body, text, finish } = await call(cohere, 'command-a-03-2025', cohereAnswer('COMPLETE'))
    expect(body).toMatchObject({
      model: 'command-a-03-2025',
      max_tokens: 100,
      response_format: { type: 'json_object', json_schema: SCHEMA },
    })
    expect([text, finish]).toEqual([ANSWER, 'stop'])
    expect((await call(cohere, 'command-a-03-2025', cohereAnswer('MAX_TOKENS'))).finish).toBe('length')
  })

  it('Bedrock: Claude is bound by the schema, other models by a tool that they must use', async () => {
    const claude = await call(bedrock, 'anthropic.claude-sonnet-4-5-20250929-v1:0', converseAnswer([{ text: ANSWER }], 'end_turn'))
    expect(claude.body).toMatchObject({ inferenceConfig: { maxTokens: 100 }, system: [{ text: 'Write.' }] })
    expect(JSON.stringify(claude.body)).toContain('"additionalProperties":false')
    expect([claude.text, claude.finish]).toEqual([ANSWER, 'stop'])
    const tool = { toolUse: { toolUseId: 't', name: 'json', input: { title: 'Lamp' } } }
    const nova = await call(bedrock, 'amazon.nova-lite-v1:0', converseAnswer([tool], 'tool_use'))
    expect(nova.body).toMatchObject({ toolConfig: { tools: [{ toolSpec: { name: 'json', inputSchema: { json: SCHEMA } } }] } })
    expect([nova.text, nova.finish]).toEqual([ANSWER, 'stop'])
    const cut = await call(bedrock, 'amazon.nova-lite-v1:0', converseAnswer([{ text: '{' }], 'max_tokens'))
    expect(cut.finish).toBe('length')
  })

  it('OpenAI: models that only the Responses interface serves are asked there, and nothing is kept', async () => {
    const answer = {
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      model: 'gpt-5.4-pro',
      status: 'completed',
      output: [{ id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'output_text', text: ANSWER, annotations: [] }] }],
      usage: { input_tokens: 1, output_tokens: 1 },
    }
    const { body, text, finish } = await call(openai, 'gpt-5.4-pro', answer)
    expect(body).toMatchObject({
      store: false,
      max_output_tokens: 100,
      text: { format: { type: 'json_schema', name: 'products', schema: SCHEMA } },
    })
    expect([text, finish]).toEqual([ANSWER, 'stop'])
    const incomplete = { ...answer, status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    expect((await call(openai, 'gpt-5.4-pro', incomplete)).finish).toBe('length')
  })

  it.each([
    ['o1-pro', '/responses'],
    ['o3-pro-2025-06-10', '/responses'],
    ['gpt-5.5-pro-2026-04-23', '/responses'],
    ['gpt-5.1-codex-max', '/responses'],
    ['codex-mini-latest', '/responses'],
    ['gpt-4.1-mini', '/chat/completions'],
    ['o3', '/chat/completions'],
    ['gpt-6-luna', '/chat/completions'],
    ['gpt-5-project', '/chat/completions'],
  ])('OpenAI: %s is asked at %s', (model, path) => {
    expect(chatPath(chatOfferOf(openai, model), model)).toBe(path)
  })

  it('a model’s name is one step of the path, whatever it holds', () => {
    expect(chatPath(gemini.chat, 'models/gemini-2.5-flash')).toBe('/models/gemini-2.5-flash:generateContent')
    expect(chatPath(gemini.chat, '../x?key=1#:')).toBe('/models/..%2Fx%3Fkey%3D1%23%3A:generateContent')
    expect(chatPath(bedrock.chat, 'arn:aws:bedrock:eu-central-1:1:inference-profile/x')).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx/converse',
    )
  })

  it('Ollama: the schema as format, the limit, room for the prompt; thinking is no answer', async () => {
    const { body, text, finish } = await call(ollama, 'qwen3:8b', ollamaAnswer('stop'))
    expect(body).toEqual({
      model: 'qwen3:8b',
      messages: [
        { role: 'system', content: 'Write.' },
        { role: 'user', content: 'name: Lamp' },
      ],
      stream: false,
      truncate: false,
      shift: false,
      format: SCHEMA,
      options: { num_ctx: 4096, num_predict: 100 },
    })
    expect([text, finish]).toEqual([ANSWER, 'stop'])
    expect((await call(ollama, 'qwen3:8b', ollamaAnswer('length'))).finish).toBe('length')
    expect((await call(ollama, 'qwen3:8b', ollamaAnswer('stop'), { reasoning: 'none' })).body).toMatchObject({ think: false })
    expect((await call(ollama, 'qwen3:8b', ollamaAnswer('stop'), { reasoning: 'low' })).body).not.toHaveProperty('think')
  })

  it.each([{ done: false }, { done: true }, { done: true, message: { content: 5 } }, 'text', null])(
    'Ollama: %j is no answer',
    async (body) => {
      await expect(call(ollama, 'm', body)).rejects.toThrow('not an answer')
    },
  )
})
