import type { ServerResponse } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replaceAssignment } from '../../src/contract/assignments.ts'
import { revokeVirtualKey } from '../../src/contract/gateway.ts'
import { eventText, events, type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

// What users of other gateways suffer from, where it concerns streams: each test bears the number of its complaint.

const chunk = (content: string, finish: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, delta: { content }, finish_reason: finish }],
})
const USAGE = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [],
  usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
}
const ERROR = { error: { message: 'Overloaded', type: 'server_error', code: 503 } }
const HI = [{ role: 'user' as const, content: 'Hi' }]
const ASKED = { model: 'open/gpt-4o-mini', messages: HI, stream: true } as const

let gateway: GatewayTest
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  gateway = await startGatewayTest()
  // OpenAI stops its work when its caller leaves; of a server of one's own nobody knows.
  await gateway.connect({ slug: 'open', provider: 'openai' })
  await gateway.connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: gateway.token, baseURL: gateway.server.url, maxRetries: 0 })
})
afterAll(() => gateway.close())

/** Sends a word every few milliseconds until its reader is gone, `most` at most; counts them. */
function talkOn(counted: { words: number; closed: boolean }, most = 10_000, end: () => readonly unknown[] = () => []) {
  return (_: unknown, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => {
      if (counted.words >= most) {
        clearInterval(timer)
        response.end(eventText(end()))
        return
      }
      counted.words += 1
      response.write(eventText([chunk('word ')]))
    }, 2)
    response.on('close', () => {
      counted.closed = true
      clearInterval(timer)
    })
  }
}

/** Reads `count` chunks and leaves. */
async function readAndLeave(model: string, count: number): Promise<Response> {
  const { data: stream, response } = await openai.chat.completions.create({ ...ASKED, model }).withResponse()
  let read = 0
  for await (const _ of stream) {
    read += 1
    if (read === count) break
  }
  return response
}

/** Writes these bytes, and breaks the connection. */
const breakAfter = (text: string) => (_: unknown, response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(text, () => setTimeout(() => response.destroy(), 20))
}

describe('a program that leaves', () => {
  it('lessons 3 and 4: cancels the provider’s work where that stops its bill; no word is pulled after it', async () => {
    const counted = { words: 0, closed: false }
    gateway.upstream.answer = talkOn(counted)
    const response = await readAndLeave('open/gpt-4o-mini', 5)
    await until(() => counted.closed)
    expect(counted.words).toBeLessThan(1_000)
    const entry = await gateway.entry(response)
    expect(entry).toMatchObject({ outcome: 'cancelled', usageSource: 'estimated', estimated: true })
    expect(entry.usage!.output_tokens).toBeGreaterThanOrEqual(5)
    expect(entry.cost).not.toBeNull()
    // a cap does not rest on a guess
    expect(Number(entry.charged.amount)).toBeGreaterThan(Number(entry.cost!.amount))
  })

  it('lesson 2: is metered by the provider’s own words where its work goes on', async () => {
    const counted = { words: 0, closed: false }
    gateway.upstream.answer = talkOn(counted, 60, () => [chunk('', 'stop'), USAGE, '[DONE]'])
    const response = await readAndLeave('up/some-model', 3)
    expect(await gateway.entry(response)).toMatchObject({
      outcome: 'succeeded',
      usage: { input_tokens: 10, output_tokens: 20 },
      usageSource: 'reported',
    })
    expect(counted.words).toBe(60)
  })

  it('lesson 4: also through a translation', async () => {
    const counted = { words: 0, closed: false }
    gateway.upstream.answer = talkOn(counted)
    const { data: stream, response } = await anthropic.messages
      .create({ model: 'open/gpt-4o-mini', max_tokens: 4_000, messages: HI, stream: true })
      .withResponse()
    let read = 0
    for await (const event of stream) {
      if (event.type === 'content_block_delta') read += 1
      if (read === 3) break
    }
    await until(() => counted.closed)
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'cancelled', usageSource: 'estimated' })
  })

  it('lesson 4: before the first word', async () => {
    let isClosed = false
    gateway.upstream.answer = (_, response) => {
      response.on('close', () => (isClosed = true))
    }
    const leaving = new AbortController()
    const asked = openai.chat.completions.create(ASKED, { signal: leaving.signal })
    const before = gateway.upstream.requests.length
    await until(() => gateway.upstream.requests.length > before)
    leaving.abort()
    await expect(asked).rejects.toThrow(OpenAI.APIUserAbortError)
    await until(() => isClosed)
  })
})

describe('lesson 21: a cut stream ends with a typed error, and is no 400', () => {
  it('in OpenAI’s dialect', async () => {
    gateway.upstream.answer = breakAfter(eventText([chunk('Hel')]))
    const { data: stream, response } = await openai.chat.completions.create(ASKED).withResponse()
    let said = ''
    await expect(async () => {
      for await (const part of stream) said += part.choices[0]?.delta.content ?? ''
    }).rejects.toMatchObject({ type: 'server_error', message: expect.stringContaining('broke') as unknown })
    expect(said).toBe('Hel')
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'failed', errorCode: 'provider.cut_off', usageSource: 'estimated' })
  })

  it('in Anthropic’s dialect', async () => {
    const start = {
      type: 'message_start',
      message: { id: 'm', model: 'claude-haiku-4-5', content: [], usage: { input_tokens: 9, output_tokens: 1 } },
    }
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } }
    const open = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    gateway.upstream.answer = breakAfter(eventText([start, open, delta]))
    const { data: stream, response } = await anthropic.messages
      .create({ model: 'claude/claude-haiku-4-5', max_tokens: 9, messages: HI, stream: true })
      .withResponse()
    await expect(async () => {
      for await (const _ of stream);
    }).rejects.toMatchObject({ error: { error: { type: 'api_error' } } })
    // the input is what the provider said at the start
    expect(await gateway.entry(response)).toMatchObject({
      errorCode: 'provider.cut_off',
      usage: { input_tokens: 9 },
      usageSource: 'estimated',
    })
  })

  it.each([
    ['that breaks', () => breakAfter('')],
    ['whose first event is an error', () => events([ERROR])],
    ['whose second event is an error', () => events([chunk(''), ERROR])],
    ['that is refused', () => json(ERROR, 503)],
  ])('a stream %s before its first word has a status of its own', async (_, answer) => {
    gateway.upstream.answer = answer()
    await expect(openai.chat.completions.create(ASKED)).rejects.toMatchObject({
      status: expect.toSatisfy((status) => status >= 500) as number,
    })
  })
})

describe('lesson 20: another candidate takes over until the first byte', () => {
  it('also when a stream breaks before its first word', async () => {
    await gateway.owner.call(replaceAssignment, {
      params: { context: 'chat' },
      body: {
        version: 0,
        candidates: [
          { connectionId: gateway.connectionId, model: 'first', fallbackOn: ['failed', 'unreachable', 'overloaded'] },
          { connectionId: gateway.connectionId, model: 'second', fallbackOn: [] },
        ],
      },
    })
    for (const broken of [events([ERROR]), json(ERROR, 503)]) {
      gateway.upstream.answer = (request, response, body) => {
        const { model } = JSON.parse(body.toString()) as { model: string }
        if (model === 'first') broken(request, response, body)
        else events([chunk('Hello', 'stop'), USAGE, '[DONE]'])(request, response, body)
      }
      const stream = await openai.chat.completions.create({ ...ASKED, model: 'context:chat' })
      let said = ''
      for await (const part of stream) said += part.choices[0]?.delta.content ?? ''
      expect(said).toBe('Hello')
    }
  })

  it('the end of the bytes is an end, with or without [DONE]', async () => {
    gateway.upstream.answer = events([chunk('Hello', 'stop'), USAGE])
    const { data: stream, response } = await openai.chat.completions
      .create({ ...ASKED, stream_options: { include_usage: true } })
      .withResponse()
    let usage: unknown
    for await (const part of stream) usage = part.usage ?? usage
    expect(usage).toEqual(USAGE.usage)
    expect(await gateway.entry(response)).toMatchObject({ outcome: 'succeeded', usage: { output_tokens: 20 } })
  })
})

describe('KEY-12: a virtual key that is revoked', () => {
  it.each(['same dialect', 'translated'])('cuts a running stream (%s), which ends with an error', async (kind) => {
    const counted = { words: 0, closed: false }
    gateway.upstream.answer = talkOn(counted)
    const key = await gateway.virtualKey({ name: 'short-lived' })
    const own = { apiKey: key.token, maxRetries: 0 }
    const stream =
      kind === 'translated'
        ? await new Anthropic({ ...own, baseURL: gateway.server.url }).messages.create({ ...ASKED, max_tokens: 4_000 })
        : await new OpenAI({ ...own, baseURL: `${gateway.server.url}/v1` }).chat.completions.create(ASKED)
    await expect(async () => {
      let isFirst = true
      for await (const _ of stream) {
        if (isFirst) await gateway.owner.call(revokeVirtualKey, { params: { virtualKeyId: key.id } })
        isFirst = false
      }
    }).rejects.toThrow(/revoked/)
    await until(() => counted.closed)
  })
})
