import { LLMock } from '@copilotkit/aimock'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ImageOutcome, makeImages, type ImageRequest } from '../src/calls/image.ts'
import type { CallServices } from '../src/calls/services.ts'
import { readImage } from '../src/providers/image-file.ts'
import type { Sender } from '../src/providers/send.ts'
import { type CallBench, startCallBench } from './support/call-bench.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { pngOf } from './support/mock-image-jobs.ts'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './support/raw-server.ts'
import { describeShared, sharedPath } from './support/shared.ts'
import { newSecret } from './support/sweep.ts'

const SQUARE = pngOf(1024, 1024)
const inside = (bytes: Buffer): object => ({ b64_json: bytes.toString('base64') })

/** The body of a recorded answer, with an image where the recording was trimmed. */
function recorded(path: string): Record<string, unknown> {
  const text = readFileSync(sharedPath(`fixtures/http/${path}`), 'utf8')
  const { response } = JSON.parse(text.replace(/<<trimmed base64, \d+ chars>>/g, SQUARE.toString('base64'))) as {
    response: { body: Record<string, unknown> }
  }
  return response.body
}

describeOnEachDatabase('images that come with the answer', (open) => {
  let bench: CallBench
  let server: RawServer
  const mock = new LLMock({ port: 0, logLevel: 'silent' })
  let answer: (request: RawRequest) => { status?: number; body: unknown }
  beforeAll(async () => {
    server = await startRawServer((request, response) => {
      const { status = 200, body } = answer(request)
      answerJson(response, status, body)
    })
    await mock.start()
    bench = await startCallBench(await open(), [server.url, mock.url])
  })
  afterAll(() => Promise.all([server?.stop(), mock.stop()]))

  const make = async (
    provider: string,
    model: string,
    wish: Partial<ImageRequest<ImageOutcome>['wish']> = {},
    { baseUrl = server.url, services = bench.services }: { baseUrl?: string; services?: CallServices } = {},
  ): Promise<ImageOutcome> => {
    const candidate = await bench.candidate({ provider, baseUrl, model, key: newSecret() })
    const end = await makeImages<ImageOutcome>(services, {
      workspaceId: bench.workspaceId,
      actor: 'test',
      origin: 'test',
      context: 'images',
      candidate,
      budgetIds: [],
      currency: 'USD',
      signal: new AbortController().signal,
      wish: { prompt: 'a cat', count: 1, ...wish },
      settleWith: (outcome) => ({ value: outcome, writes: [] }),
    })
    if (end.kind !== 'settled') expect.fail(`it ended as ${end.kind}`)
    return end.value
  }
  const lastBody = (): unknown => JSON.parse(server.requests.at(-1)!.body)

  it('aimock as OpenAI: two images; what it does not count is counted, and without a price per image unknown', async () => {
    mock.onImage(/cat/, { images: [{ b64Json: SQUARE.toString('base64') }, { b64Json: pngOf(64, 32).toString('base64') }] })
    const outcome = await make('openai', 'gpt-image-2', { count: 2 }, { baseUrl: `${mock.url}/v1` })
    expect(outcome).toMatchObject({ kind: 'answered', images: [{ width: 1024 }, { width: 64, height: 32, mediaType: 'image/png' }] })
    expect(await bench.entries()).toMatchObject([{ outcome: 'succeeded', usage: { images: 2 }, usageSource: 'counted', costNano: null }])
  })

  it('an edit is a form with its images and its mask; aimock takes it', async () => {
    mock.onImage(/green/, { image: { b64Json: SQUARE.toString('base64') } })
    const picture = readImage(SQUARE)!
    const wish = { prompt: 'make it green', references: [picture, picture], mask: picture, size: { width: 1024, height: 1024 } }
    expect((await make('openai', 'gpt-image-2', wish, { baseUrl: `${mock.url}/v1` })).kind).toBe('answered')
    answer = () => ({ body: { data: [inside(SQUARE)] } })
    await make('openai', 'gpt-image-2', wish)
    const { path, headers, body } = server.requests.at(-1)!
    expect(path).toBe('/images/edits')
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    const names = [...body.matchAll(/name="([^"]+)"(?:; filename="([^"]+)")?/g)].map(([, name, file]) => (file ? `${name}: ${file}` : name))
    expect(names).toEqual(['model', 'prompt', 'size', 'image[]: image-1.png', 'image[]: image-2.png', 'mask: mask.png'])
    await bench.entries()
  })

  it('what OpenAI is asked for, in its words and no others', async () => {
    answer = () => ({ body: { data: [inside(SQUARE)] } })
    await make('openai', 'gpt-image-1.5', {
      count: 1,
      quality: 'low',
      format: 'png',
      background: 'transparent',
      size: { width: 1024, height: 1536 },
    })
    expect(lastBody()).toEqual({
      model: 'gpt-image-1.5',
      prompt: 'a cat',
      size: '1024x1536',
      quality: 'low',
      output_format: 'png',
      background: 'transparent',
    })
    await bench.entries()
  })

  it('each of its kin is asked in its own words', async () => {
    const references = [readImage(SQUARE)!]
    answer = () => ({ body: { data: [inside(SQUARE)] } })
    const dataUrl = expect.stringMatching(/^data:image\/png;base64,/)
    await make('xai', 'grok-imagine-image', { references })
    expect(lastBody()).toEqual({
      model: 'grok-imagine-image',
      prompt: 'a cat',
      response_format: 'b64_json',
      image: { type: 'image_url', url: dataUrl },
    })
    await make('together', 'black-forest-labs/FLUX.2-pro', { size: { width: 512, height: 768 }, seed: 3, references })
    expect(lastBody()).toEqual({
      model: 'black-forest-labs/FLUX.2-pro',
      prompt: 'a cat',
      width: 512,
      height: 768,
      seed: 3,
      response_format: 'base64',
      image_url: dataUrl,
    })
    await make('openrouter', 'google/gemini-3.1-flash-lite-image', { references })
    expect(lastBody()).toEqual({
      model: 'google/gemini-3.1-flash-lite-image',
      prompt: 'a cat',
      input_references: [{ type: 'image_url', image_url: { url: dataUrl } }],
    })
    expect((await bench.entries()).map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('an answer without an image, or with something that is none, is no answer and not asked for again', async () => {
    for (const body of [{ data: [] }, { data: [{}] }, { data: [inside(Buffer.from('<html>'))] }, {}]) {
      answer = () => ({ body })
      expect(await make('openai', 'gpt-image-2')).toMatchObject({ kind: 'failed', failure: { code: 'provider.answer_malformed' } })
      expect((await bench.entries()).length).toBe(1)
    }
  })

  it('an organization that is not verified is told where to do that, and pays nothing', async () => {
    const message = 'Your organization must be verified to use the model `gpt-image-2`.'
    answer = () => ({ status: 403, body: { error: { message, type: 'invalid_request_error', param: null, code: null } } })
    const candidate = make('openai', 'gpt-image-2')
    await expect(candidate).rejects.toThrow('it ended as refused')
    expect(await bench.entries()).toMatchObject([{ outcome: 'failed', errorCode: 'provider.no_permission', costNano: 0n }])
  })

  describeShared('recorded answers along the path', () => {
    it.each([
      [
        'openai',
        'gpt-image-1.5',
        'openai/images-json__image-edit-functionality-with-local-files-customizes-image-output__0.json',
        11_821_000n,
        'price_book',
      ],
      [
        'openrouter',
        'google/gemini-3.1-flash-lite-image',
        'openrouter/images-json__image-edit-functionality-with-openrouter-reference-images-openrouter-g__0.json',
        33_881_250n,
        'declared',
      ],
      [
        'gemini',
        'gemini-3.1-flash-lite-image',
        'gemini/images-json__image-basic-functionality-gemini-gemini-3-1-flash-lite-image-can-paint__0.json',
        // 5 x 0.25 + 1,120 x 30 + 398 x 1.5 dollars a million
        34_198_250n,
        'price_book',
      ],
      // of this model Google's prices are published for its other interface alone: the cost is unknown
      [
        'vertex',
        'gemini-3.1-flash-lite-image',
        'vertex/images-json__image-basic-functionality-vertexai-gemini-3-1-flash-lite-image-can-pai__1.json',
        null,
        null,
      ],
    ])('%s: image, usage and cost', async (provider, model, path, costNano, costSource) => {
      answer = () => ({ body: recorded(path) })
      expect(await make(provider, model)).toMatchObject({ kind: 'answered', images: [{ width: 1024, height: 1024 }] })
      expect(await bench.entries()).toMatchObject([{ outcome: 'succeeded', usageSource: 'reported', costNano, costSource }])
    })

    it('xAI names an address of its own for its image: it is fetched without the key', async () => {
      answer = () => ({ body: recorded('xai/images-json__image-edit-functionality-with-xai-reference-images-xai-grok-imagine-im__0.json') })
      const { sender } = bench.services
      const fetched: object[] = []
      const send: Sender['send'] = (request) => {
        if (request.destination.baseUrl !== 'https://imgen.x.ai') return sender.send(request)
        fetched.push({ path: request.path, keyed: request.key !== undefined })
        return sender.send({ ...request, destination: { baseUrl: mock.url }, path: '/health' })
      }
      await make('xai', 'grok-imagine-image-quality', {}, { services: { ...bench.services, sender: { ...sender, send } } })
      expect(fetched).toEqual([{ path: expect.stringMatching(/^\/xai-imgen\/.*\.jpeg$/), keyed: false }])
      expect(await bench.entries()).toMatchObject([{ usage: { images: 1 }, costNano: 70_000_000n, costSource: 'declared' }])
    })
  })
})
