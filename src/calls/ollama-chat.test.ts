import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { ollamaModel } from './ollama-chat.ts'

const PROMPT: LanguageModelV4CallOptions['prompt'] = [{ role: 'user', content: [{ type: 'text', text: 'Weather?' }] }]
const TOOL = { type: 'function', name: 'weather', inputSchema: { type: 'object', properties: { city: { type: 'string' } } } } as const

/** A model whose server answers with `body`, cut into pieces of `size` bytes. */
function model(body: string, size = 7) {
  const sent: Record<string, unknown>[] = []
  const made = ollamaModel({
    model: 'm',
    fetch: (_url, init) => {
      sent.push(JSON.parse(init?.body as string) as Record<string, unknown>)
      const bytes = Buffer.from(body)
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, at * size + size))
      return Promise.resolve(new Response(ReadableStream.from(pieces)))
    },
  })
  return { made, sent }
}

async function streamed(body: string, size?: number): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await model(body, size).made.doStream({ prompt: PROMPT })
  const parts: LanguageModelV4StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

const lines = (...values: object[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('')
const said = (message: object): object => ({ model: 'm', message: { role: 'assistant', content: '', ...message }, done: false })
const done = (reason: string): object => ({ ...said({}), done: true, done_reason: reason, prompt_eval_count: 5, eval_count: 3 })

describe('Ollama’s own chat', () => {
  it('streams thinking, text and tool calls in the order in which they came, wherever the bytes are cut', async () => {
    const call = { function: { name: 'weather', arguments: { city: 'Zürich' } } }
    const body = lines(
      said({ thinking: 'Hm.' }),
      said({ content: 'Grü' }),
      said({ content: 'ezi' }),
      said({ tool_calls: [call] }),
      done('stop'),
    )
    for (const size of [1, 7, 10_000]) {
      const parts = await streamed(body, size)
      expect(parts.map(({ type }) => type)).toEqual([
        'stream-start',
        'reasoning-start',
        'reasoning-delta',
        'reasoning-end',
        'text-start',
        'text-delta',
        'text-delta',
        'text-end',
        'tool-call',
        'finish',
      ])
      expect(parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : [])).join('')).toBe('Grüezi')
      expect(parts.find((part) => part.type === 'tool-call')).toMatchObject({ toolName: 'weather', input: '{"city":"Zürich"}' })
      expect(parts.at(-1)).toMatchObject({ finishReason: { unified: 'tool-calls', raw: 'stop' } })
    }
  })

  it.each([
    ['ends before it is done', lines(said({ content: 'Hel' }))],
    ['fails on the way', lines(said({ content: 'Hel' }), { error: 'out of memory' }, done('stop'))],
    ['is no JSON', `${lines(said({ content: 'Hel' }))}<html>\n${lines(done('stop'))}`],
  ])('a stream that %s ends with an error and nothing after it', async (_, body) => {
    const parts = await streamed(body)
    expect(parts.map(({ type }) => type)).toEqual(['stream-start', 'text-start', 'text-delta', 'text-end', 'error'])
  })

  it('sends tools, pictures, results and sampling in its own words, and reads a whole answer’s calls', async () => {
    const { made, sent } = model(
      lines({
        ...done('stop'),
        message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'weather', arguments: {} } }] },
      }),
    )
    const { content, finishReason } = await made.doGenerate({
      prompt: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'This?' },
            { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'iVBO' } },
          ],
        },
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'weather', input: { city: 'Bern' } }] },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'weather', output: { type: 'text', value: 'rain' } }] },
      ],
      tools: [TOOL],
      temperature: 0.5,
      topK: 3,
      stopSequences: ['END'],
      seed: 7,
    })
    expect(sent[0]).toMatchObject({
      messages: [
        { role: 'user', content: 'This?', images: ['iVBO'] },
        { role: 'assistant', content: '', tool_calls: [{ function: { name: 'weather', arguments: { city: 'Bern' } } }] },
        { role: 'tool', tool_name: 'weather', content: 'rain' },
      ],
      tools: [{ type: 'function', function: { name: 'weather', parameters: TOOL.inputSchema } }],
      options: { temperature: 0.5, top_k: 3, stop: ['END'], seed: 7 },
    })
    expect(content).toMatchObject([{ type: 'tool-call', toolName: 'weather', input: '{}' }])
    expect(finishReason.unified).toBe('tool-calls')
  })

  it('asks for a context that holds its tools too', async () => {
    const { made, sent } = model(lines(done('stop')))
    await made.doGenerate({ prompt: PROMPT, tools: [{ ...TOOL, description: 'x'.repeat(30_000) }] })
    expect(sent[0]).toMatchObject({ options: { num_ctx: 16_384 } })
  })
})
