import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { costOf } from '../../prices/cost.ts'
import { findPrices } from '../../prices/match.ts'
import { failureOf } from '../failure.ts'
import type { MeteredUsage, UsageReader } from '../wire-protocol.ts'
import { findProvider } from '../registry.ts'
import { blackForestLabs } from './black-forest-labs.ts'
import { falQueue } from './fal-queue.ts'
import { openAiImages } from './openai-images.ts'

const AT = new Date('2026-11-20T12:00:00Z')

const usageOf = (provider: string): UsageReader => findProvider(provider).images!.protocol.usage

const listCost = (provider: string, model: string, { usage }: MeteredUsage) =>
  costOf({ usage, prices: findPrices({ provider, model, at: AT, isNamed: true }) })

describeShared('recorded answers with images', () => {
  const bodyOf = (path: string): unknown =>
    (JSON.parse(readFileSync(sharedPath(`fixtures/http/${path}`), 'utf8')) as { response: { body: unknown } }).response.body

  it('OpenAI: words and images are told apart on both sides, and sum to the total', () => {
    const body = bodyOf('openai/images-json__image-edit-functionality-with-local-files-customizes-image-output__0.json')
    const metered = usageOf('openai').whole(body)
    const usage = { input_tokens: 27, image_input_tokens: 194, output_tokens: 143, image_output_tokens: 272 }
    expect(metered).toMatchObject({ usage, source: 'reported' })
    expect(Object.values(usage).reduce((a, b) => a + b)).toBe((body as { usage: { total_tokens: number } }).usage.total_tokens)
    // 27 x 5 + 194 x 8 + 143 x 10 + 272 x 32 dollars a million
    expect(listCost('openai', 'gpt-image-1.5', metered)).toMatchObject({ kind: 'known', nano: 11_821_000n })
  })

  it('OpenAI: an answer without usage is counted in images', () => {
    const metered = usageOf('openai').whole(bodyOf('openai/images-json__test-image-gen-metrics__0.json'))
    expect(metered).toEqual({ usage: { images: 1 }, source: 'counted' })
  })

  it('xAI: ticks are money, images are counted', () => {
    const metered = usageOf('xai').whole(
      bodyOf('xai/images-json__image-edit-functionality-with-xai-reference-images-xai-grok-imagine-im__0.json'),
    )
    expect(metered).toMatchObject({ usage: { images: 1 }, source: 'counted', declaredCost: { amount: '0.07', currency: 'USD' } })
  })

  it('OpenRouter: the usage of its chats, with what it charged', () => {
    const metered = usageOf('openrouter').whole(
      bodyOf('openrouter/images-json__image-edit-functionality-with-openrouter-reference-images-openrouter-g__0.json'),
    )
    expect(metered).toMatchObject({
      usage: { input_tokens: 1_125, image_output_tokens: 1_120, output_tokens: 0 },
      declaredCost: { amount: '0.03388125', currency: 'USD' },
    })
    // the model's own maker's prices give what OpenRouter declares
    expect(listCost('gemini', 'gemini-3.1-flash-lite-image', metered)).toMatchObject({ nano: 33_881_250n })
  })

  it.each([
    ['gemini/images-json__image-basic-functionality-gemini-gemini-3-1-flash-lite-image-can-paint__0.json', 5, 1_120, 398],
    ['vertex/images-json__image-basic-functionality-vertexai-gemini-3-1-flash-lite-image-can-pai__1.json', 4, 1_120, 0],
  ])('Gemini: %s', (path, input, drawn, written) => {
    const metered = usageOf('gemini').whole(bodyOf(path))
    expect(metered.usage).toEqual({ input_tokens: input, image_output_tokens: drawn, output_tokens: written })
    expect(listCost('gemini', 'gemini-3.1-flash-lite-image', metered)).toMatchObject({ kind: 'known' })
  })

  it('a parameter that image models do not take is a refused request', () => {
    const bytes = readFileSync(sharedPath('fixtures/vercel-ai/openai/image/gpt-image-response-format-error.json'))
    expect(failureOf({ protocol: openAiImages, status: 400, headers: {}, bytes })).toMatchObject({
      code: 'provider.request_refused',
      retryable: false,
    })
  })
})

describe('usage of OpenAI images', () => {
  const USAGE = { total_tokens: 322, input_tokens: 50, output_tokens: 272, input_tokens_details: { text_tokens: 50, image_tokens: 0 } }

  it('a stream says at its end what the whole answer says', () => {
    const whole = usageOf('openai').whole({ created: 1, data: [{ b64_json: 'AA==' }], usage: USAGE })
    const stream = usageOf('openai').stream()
    stream.push({ type: 'image_generation.partial_image', partial_image_index: 0, b64_json: 'AA==' })
    stream.push({ type: 'image_generation.completed', b64_json: 'AA==', usage: USAGE })
    expect(stream.end()).toEqual(whole)
    expect(whole.usage).toEqual({ input_tokens: 50, image_input_tokens: 0, image_output_tokens: 272 })
  })

  it('two images of one stream are both charged', () => {
    const stream = usageOf('openai').stream()
    for (let image = 0; image < 2; image += 1) stream.push({ type: 'image_edit.completed', b64_json: 'AA==', usage: USAGE })
    expect(stream.end().usage).toEqual({ input_tokens: 100, image_input_tokens: 0, image_output_tokens: 544 })
  })

  it('a stream that broke before its image is unknown, not free', () => {
    const stream = usageOf('openai').stream()
    stream.push({ type: 'image_generation.partial_image', partial_image_index: 0, b64_json: 'AA==' })
    expect(stream.end()).toMatchObject({ usage: undefined, doubt: 'the stream ended early' })
  })

  it.each([
    [{ ...USAGE, total_tokens: 321 }, 'total_tokens is 321, its parts sum to 322'],
    [{ ...USAGE, input_tokens_details: { text_tokens: 40, image_tokens: 0 } }, 'the details of 50 input_tokens sum to 40'],
    [{ ...USAGE, output_tokens_details: { image_tokens: 272, text_tokens: 1 } }, 'the details of 272 output_tokens sum to 273'],
    [{ ...USAGE, input_tokens_details: undefined }, 'text_tokens is missing'],
  ])('numbers that do not add up are doubted: %j', (usage, doubt) => {
    expect(usageOf('openai').whole({ data: [{}], usage })).toMatchObject({ usage: undefined, doubt })
  })

  it('an organization that is not verified is told where to do that', () => {
    const message = 'Your organization must be verified to use the model `gpt-image-1`. It can take up to 15 minutes.'
    const bytes = Buffer.from(JSON.stringify({ error: { message, type: 'invalid_request_error' } }))
    expect(failureOf({ protocol: openAiImages, status: 403, headers: {}, bytes })).toMatchObject({
      code: 'provider.no_permission',
      detail: expect.stringContaining('https://platform.openai.com/settings/organization/general'),
    })
  })
})

describe('prices by the megapixel', () => {
  // https://fal.ai/models/fal-ai/flux-2-max/edit/llms.txt: the first processed megapixel 0.07, each additional 0.03, inputs count.
  it.each([
    ['one megapixel', [[1024, 1024]], 70_000_000n],
    ['one pixel more is another megapixel', [[1024, 1025]], 100_000_000n],
    ['four megapixels', [[2048, 2048]], 160_000_000n],
    ['less than one is one', [[512, 512]], 70_000_000n],
  ] as const)('fal, FLUX.2 [max]: %s', (_, sizes, nano) => {
    const images = sizes.map(([width, height]) => ({ url: 'https://v3b.fal.media/a.png', width, height }))
    const metered = falQueue.usage.whole({ images, seed: 1 })
    expect(metered.source).toBe('counted')
    expect(listCost('fal', 'fal-ai/flux-2-max', metered)).toMatchObject({ nano })
  })

  // https://docs.bfl.ai/quick_start/pricing: (first + (outputMP - 1) x further) + inputMP x further, in cents
  it.each([
    ['flux-2-max', { output_mp: 1 }, 70_000_000n],
    ['flux-2-max', { output_mp: 1, input_mp: 1 }, 100_000_000n],
    ['flux-2-max', { output_mp: 4, input_mp: 2 }, (7n + 3n * 3n + 2n * 3n) * 10_000_000n],
    ['flux-2-pro', { output_mp: 1, input_mp: 1 }, 45_000_000n],
    ['flux-2-flex', { output_mp: 1, input_mp: 1 }, 100_000_000n],
    ['flux-2-klein-4b', { output_mp: 1, input_mp: 1 }, 15_000_000n],
    ['flux-2-klein-9b', { output_mp: 1, input_mp: 1 }, 17_000_000n],
    ['flux-pro-1.1', { output_mp: 1.05 }, 40_000_000n], // by the image, whatever its size
  ])('Black Forest Labs, %s: %j', (model, ticket, nano) => {
    const metered = blackForestLabs.usage.whole({ id: 'a', polling_url: 'https://api.bfl.ai/v1/get_result?id=a', ...ticket })
    expect(listCost('bfl', model, metered)).toMatchObject({ nano })
  })

  it('a square of 1024 is one megapixel, in thousands or in millions of pixels', () => {
    for (const output_mp of [1, 1.05]) expect(blackForestLabs.usage.whole({ output_mp }).usage).toEqual({ images: 1, megapixels: 1 })
  })

  it('its EU and US addresses cost the same', () => {
    for (const region of ['eu', 'us']) expect(findPrices({ provider: 'bfl', model: 'flux-2-max', region, at: AT })).toBeDefined()
  })

  it('a declared cost is in credits of one cent', () => {
    expect(blackForestLabs.usage.whole({ id: 'a', cost: 7 }).declaredCost).toEqual({ amount: '0.07', currency: 'USD' })
    expect(blackForestLabs.usage.whole({ id: 'a', cost: 1.4 }).declaredCost).toEqual({ amount: '0.014', currency: 'USD' })
    for (const cost of [-1, '7', null]) expect(blackForestLabs.usage.whole({ id: 'a', cost }).declaredCost).toBeUndefined()
  })

  it('what is not said is unknown', () => {
    expect(blackForestLabs.usage.whole({ id: 'a', polling_url: 'x' })).toMatchObject({ usage: undefined, doubt: expect.any(String) })
    expect(falQueue.usage.whole({ request_id: 'r', status: 'IN_QUEUE' })).toMatchObject({ usage: undefined, providerRequestId: 'r' })
    expect(falQueue.usage.whole({ images: [{ url: 'x' }] })).toMatchObject({ usage: undefined, doubt: 'an image has no size' })
  })
})

describe('errors', () => {
  const bytesOf = (body: unknown): Buffer => Buffer.from(JSON.stringify(body))

  it.each([
    [401, { detail: 'Cannot access application' }, 'provider.bad_key', false],
    [
      403,
      { detail: 'User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.' },
      'provider.no_credit',
      false,
    ],
    [422, { detail: [{ loc: ['body', 'image_size'], msg: 'value is not valid', type: 'value_error' }] }, 'provider.request_refused', false],
    [
      422,
      { detail: [{ loc: ['body', 'prompt'], msg: 'The content could not be processed', type: 'content_policy_violation' }] },
      'provider.content_refused',
      false,
    ],
    [429, { detail: 'Too many requests' }, 'provider.rate_limited', true],
    [503, { detail: 'No runner' }, 'provider.overloaded', true],
  ])('fal says %d %j', (status, body, code, retryable) => {
    expect(failureOf({ protocol: falQueue, status, headers: {}, bytes: bytesOf(body) })).toMatchObject({ code, retryable })
  })

  it.each([
    [403, { detail: 'Not authenticated - Invalid Authentication' }, 'provider.bad_key', false],
    [402, { detail: 'Insufficient credits' }, 'provider.no_credit', false],
    [422, { detail: [{ loc: ['body', 'width'], msg: 'multiple of 16', type: 'value_error' }] }, 'provider.request_refused', false],
    [429, { detail: 'Too many active tasks' }, 'provider.rate_limited', true],
  ])('Black Forest Labs say %d %j', (status, body, code, retryable) => {
    expect(failureOf({ protocol: blackForestLabs, status, headers: {}, bytes: bytesOf(body) })).toMatchObject({ code, retryable })
  })

  it.each([
    ['Request Moderated', 'provider.content_refused'],
    ['Content Moderated', 'provider.content_refused'],
    ['Error', 'provider.failed'],
    ['Task not found', 'provider.failed'],
    ['Pending', undefined],
    ['Ready', undefined],
  ])('a job of theirs that is %s', (status, code) => {
    const body = { id: 'a', status, result: null }
    expect(blackForestLabs.classifyBodyError({ status: 200, headers: {}, body })?.code).toBe(code)
  })
})
