import { afterAll, beforeAll, expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/apps/gateway/endpoints.ts'
import type { MeteredUsage } from '../../src/providers/wire-protocol.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { type GatewayTest, startGatewayTest } from '../support/gateway.ts'
import { type DialectRecording, dialectRecordings } from '../support/recordings.ts'
import { describeShared } from '../support/shared.ts'

// Every recording in a dialect that the gateway speaks, replayed as its provider: the bytes that come out are those that went in.

describeShared('recorded answers, passed on', () => {
  const all = dialectRecordings()
  const providers = [...new Set(all.map(({ provider }) => provider))]
  let gateway: GatewayTest
  let playing: DialectRecording
  beforeAll(async () => {
    gateway = await startGatewayTest({
      answer: (_, response) => {
        response.writeHead(playing.status, { 'content-type': playing.contentType })
        // in pieces that split lines and characters
        for (let at = 0; at < playing.bytes.length; at += 911) response.write(playing.bytes.subarray(at, at + 911))
        response.end()
      },
    })
    for (const provider of providers) {
      for (const kind of ['good', 'bad'])
        await gateway.connect({ slug: `${kind}-${provider}`, provider, ...destinationOf(gateway, provider) })
    }
  })
  afterAll(() => gateway.close())

  const asked = async (recording: DialectRecording, more: object = {}): Promise<{ response: Response; bytes: Buffer }> => {
    playing = recording
    const { provider, endpoint, model, events, status } = recording
    const slug = `${status < 300 ? 'good' : 'bad'}-${provider}`
    const response = await fetch(`${gateway.server.url}${endpoint}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: `${slug}/${model}`, ...(events ? { stream: true } : {}), ...more }),
    })
    return { response, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const calls: { path: string; response: Response; metered: MeteredUsage }[] = []

  it('are many', () => {
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses', '/v1/embeddings'])
      expect(all.filter(({ endpoint }) => endpoint === path).length, path).toBeGreaterThanOrEqual(5)
  })

  it.each(all.filter(isServed).map((recording) => [recording.path, recording] as const))('%s', async (path, recording) => {
    const asks = recording.endpoint === '/v1/chat/completions' && recording.events ? { stream_options: { include_usage: true } } : {}
    const { response, bytes } = await asked(recording, asks)
    if (FAILS_FIRST.has(path)) return expect(response.status).toBe(429)
    expect(response.status).toBe(recording.status)
    expect(bytes.equals(recording.bytes)).toBe(true)
    expect(response.headers.get('content-type')).toBe(recording.contentType)
    if (recording.status >= 300) return
    calls.push({ path, response, metered: meteredOf(recording) })
    const isOurWish = findProvider(recording.provider).chat?.streamedUsage === 'asked' && recording.endpoint === '/v1/chat/completions'
    if (!recording.events || !isOurWish) return
    const unasked = await asked(recording)
    expect(unasked.bytes.toString()).toBe(withoutUsageChunk(recording.bytes.toString()))
  })

  it('are metered by the provider’s own count', async () => {
    for (const { path, response, metered } of calls) {
      const entry = await gateway.entry(response)
      expect([path, entry.usage, entry.servedModel]).toEqual([path, metered.usage ?? null, metered.servedModel ?? null])
    }
    expect(calls.length).toBeGreaterThan(100)
  })

  it('lesson 1: what a stream cost is what the same answer costs whole', async () => {
    const streams = all.filter((recording) => isServed(recording) && recording.events && recording.endpoint !== '/v1/responses')
    let compared = 0
    for (const recording of streams) {
      const { usage, raw, servedModel, serviceTier, source } = meteredOf(recording)
      if (!usage || source !== 'reported') continue
      const whole = { id: 'x', type: 'message', model: servedModel, service_tier: serviceTier, choices: [], content: [], usage: raw }
      const said = { ...recording, events: undefined, contentType: 'application/json', bytes: Buffer.from(JSON.stringify(whole)) }
      const streamed = await gateway.entry((await asked(recording)).response)
      const asWhole = await gateway.entry((await asked(said)).response)
      expect([recording.path, streamed.usage, streamed.cost]).toEqual([recording.path, asWhole.usage, asWhole.cost])
      compared += 1
    }
    expect(compared).toBeGreaterThan(20)
  })
})

/** Streams that fail before their first word: the failure has a status of its own (lesson 21). */
const FAILS_FIRST = new Set(['vercel-ai/openai/responses/openai-error.1.chunks.txt'])

/** Whether the provider is asked in this dialect for this: its data says so. */
function isServed({ provider, endpoint: path, model }: DialectRecording): boolean {
  const endpoint = ENDPOINTS.find((one) => one.path === path)!
  return endpoint.offerOf(findProvider(provider), model)?.offer.protocol.id === endpoint.protocol
}

function meteredOf({ provider, endpoint: path, model, bytes, events }: DialectRecording): MeteredUsage {
  const { usage } = ENDPOINTS.find((one) => one.path === path)!.offerOf(findProvider(provider), model)!.offer.protocol
  if (!events) return usage.whole(JSON.parse(bytes.toString()))
  const stream = usage.stream()
  for (const event of events) stream.push(event)
  return stream.end()
}

function destinationOf({ upstream }: GatewayTest, provider: string): { destination: { baseUrl: string } } {
  return { destination: { baseUrl: provider === 'anthropic' ? upstream.origin : `${upstream.origin}/v1` } }
}

/** By the plainest possible reading: events are apart by a blank line. */
const withoutUsageChunk = (text: string): string =>
  text
    .split(/(?<=\n\n|\r\n\r\n)/)
    .filter((event) => !(/"choices": ?\[\]/.test(event) && /"usage": ?\{/.test(event)))
    .join('')
