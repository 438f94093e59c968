import { deflateSync } from 'node:zlib'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { events, type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'

// Images through the gateway: OpenAI's own client, requests of JSON and forms with files.

const PIXELS = 'iVBORw0KGgo='
const USAGE = {
  input_tokens: 50,
  output_tokens: 4_160,
  total_tokens: 4_210,
  input_tokens_details: { text_tokens: 50, image_tokens: 0 },
}
const MADE = { created: 1, data: [{ b64_json: PIXELS }], usage: USAGE }

let gateway: GatewayTest
let openai: OpenAI
beforeAll(async () => {
  gateway = await startGatewayTest({ provider: 'openai' })
  await gateway.connect({ slug: 'claude', provider: 'anthropic-compatible', destination: { baseUrl: gateway.upstream.origin } })
  openai = new OpenAI({ apiKey: gateway.token, baseURL: `${gateway.server.url}/v1`, maxRetries: 0 })
})
afterAll(() => gateway.close())

const sent = () => gateway.upstream.requests.at(-1)!
/** Bytes that look like delimiters, line breaks and fields of a form, and are none. */
const FILE = Buffer.concat([Buffer.from('\x89PNG\r\n\r\n--\r\nname="model"\r\n'), deflateSync(Buffer.alloc(5_000, 7))])

describe('OpenAI’s client', () => {
  it('makes images, paid by the provider’s own count', async () => {
    gateway.upstream.answer = json(MADE)
    const { data, response } = await openai.images
      .generate({ model: 'up/gpt-image-1', prompt: 'A key', size: '1024x1024', quality: 'high' })
      .withResponse()
    expect(data.data?.[0]?.b64_json).toBe(PIXELS)
    expect(JSON.parse(sent().body.toString())).toEqual({ model: 'gpt-image-1', prompt: 'A key', size: '1024x1024', quality: 'high' })
    expect(await gateway.entry(response)).toMatchObject({
      context: 'images',
      usage: { input_tokens: 50, image_output_tokens: 4_160 },
      cost: { amount: '0.16665', currency: 'USD' }, // 50 x 5 + 4,160 x 40 USD per million
    })
  })

  it('edits images: the model’s name is replaced in the form, and no other byte', async () => {
    gateway.upstream.answer = json(MADE)
    const edit = (model: string): Promise<unknown> =>
      openai.images.edit({ model, prompt: 'A "model" key', n: 1, image: [new File([FILE], 'name="model".png', { type: 'image/png' })] })
    await edit('up/gpt-image-1')
    const { headers, body, path } = sent()
    expect(path).toBe('/v1/images/edits')
    const form = await new Response(new Uint8Array(body), { headers: { 'content-type': headers['content-type']! } }).formData()
    expect([form.get('model'), form.get('prompt'), form.get('n')]).toEqual(['gpt-image-1', 'A "model" key', '1'])
    const file = form.getAll('image[]')[0] as File
    expect(Buffer.from(await file.arrayBuffer()).equals(FILE)).toBe(true)
  })

  it('edits images that come as a stream', async () => {
    const made = { type: 'image_edit.completed', b64_json: PIXELS, usage: USAGE }
    gateway.upstream.answer = events([{ type: 'image_edit.partial_image', b64_json: PIXELS, partial_image_index: 0 }, made])
    const image = new File([FILE], 'a.png', { type: 'image/png' })
    const { data: stream, response } = await openai.images
      .edit({ model: 'up/gpt-image-1', prompt: 'x', image, stream: true })
      .withResponse()
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types).toEqual(['image_edit.partial_image', 'image_edit.completed'])
    expect(await gateway.entry(response)).toMatchObject({ usage: { image_output_tokens: 4_160 } })
  })

  it('an edit of JSON goes through as it is', async () => {
    gateway.upstream.answer = json(MADE)
    const body = '{"model":"up/gpt-image-1", "prompt":"x","images":[{"image_url":"https://example.com/a.png"}]}'
    const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' }
    expect((await fetch(`${gateway.server.url}/v1/images/edits`, { method: 'POST', headers, body })).status).toBe(200)
    expect(sent().body.toString()).toBe(body.replace('up/', ''))
  })

  it('is told of a provider that makes none, and of forms that are none', async () => {
    await expect(openai.images.generate({ model: 'claude/claude-haiku-4-5', prompt: 'x' })).rejects.toMatchObject({
      code: 'provider.does_not_serve',
      status: 400,
    })
    const post = (body: string): Promise<Response> =>
      fetch(`${gateway.server.url}/v1/images/edits`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.token}`, 'content-type': 'multipart/form-data; boundary=x' },
        body,
      })
    const field = (value: string): string => `--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n${value}\r\n`
    for (const body of ['', '--x', field('a'), `${field('a')}${field('b')}--x--`, '--x--']) expect((await post(body)).status).toBe(400)
  })
})
