import { describe, expect, it } from 'vitest'
import { pngOf } from '../../test/support/mock-image-jobs.ts'
import { formatNano } from '../base/money.ts'
import type { RateCard } from '../prices/rate-card.ts'
import { readImage } from '../providers/image-file.ts'
import { systemClock } from '../runtime/clock.ts'
import { type ImageWish, planImages } from './image.ts'

const picture = readImage(pngOf(1024, 1024))!

function plan({
  provider,
  model,
  wish = {},
  rateCard = null,
}: {
  provider: string
  model: string
  wish?: Partial<ImageWish>
  rateCard?: RateCard | null
}) {
  const candidate = { connectionId: 'c', provider, model, rateCard }
  const request = {
    workspaceId: 'w',
    actor: 'test',
    origin: 'test',
    context: 'images',
    candidate,
    budgetIds: [],
    currency: 'USD',
    signal: new AbortController().signal,
    wish: { prompt: 'a cat', count: 1, ...wish },
  }
  return planImages(request, { at: new Date('2026-11-20T12:00:00Z'), clock: systemClock })
}

const SQUARE = { width: 1024, height: 1024 }

describe('what a request can cost at most', () => {
  it.each<[string, string, Partial<ImageWish>, string]>([
    ['fal', 'fal-ai/flux-2-max', { size: SQUARE }, '0.07'],
    ['fal', 'fal-ai/flux-2-max', {}, '0.16'], // four megapixels
    ['fal', 'fal-ai/flux-2-max', { size: SQUARE, references: [picture, picture] }, '0.13'],
    ['bfl', 'flux-2-max', { size: { width: 2048, height: 2048 } }, '0.16'],
    ['bfl', 'flux-pro-1.1', { size: { width: 2048, height: 2048 } }, '0.04'],
    ['xai', 'grok-imagine-image', { count: 3 }, '0.06'],
  ])('%s %s %j', (provider, model, wish, most) => {
    expect(formatNano(plan({ provider, model, wish }).worstCaseNano!)).toBe(most)
  })

  // What OpenAI's own calculator and page say an image costs (facts of 2026-08-21), output alone.
  it.each<[string, ImageWish['quality'], { width: number; height: number }, number]>([
    ['gpt-image-1.5', 'low', SQUARE, 0.009],
    ['gpt-image-1.5', 'high', { width: 1024, height: 1536 }, 0.2],
    ['gpt-image-2', 'medium', SQUARE, 0.053],
    ['gpt-image-2', 'high', SQUARE, 0.211],
    ['gpt-image-2', 'high', { width: 1536, height: 1024 }, 0.165],
    ['gpt-image-2', undefined, SQUARE, 0.211],
    ['gpt-image-1-mini', 'high', SQUARE, 0.036],
  ])('%s, %s, %j: no less than the image, and not many times as much', (model, quality, size, price) => {
    const most = Number(formatNano(plan({ provider: 'openai', model, wish: { quality, size } }).worstCaseNano!))
    expect(most).toBeGreaterThanOrEqual(price * 0.99)
    expect(most).toBeLessThan(price + 0.06)
  })

  it('is what a recorded edit cost, and more', () => {
    const wish = { prompt: 'turn the logo to green', quality: 'low' as const, size: SQUARE, references: [readImage(pngOf(128, 128))!] }
    expect(plan({ provider: 'openai', model: 'gpt-image-1.5', wish }).worstCaseNano!).toBeGreaterThan(11_821_000n)
  })

  it('is unknown where nobody publishes a price for images, and the connection’s own where it has one', () => {
    expect(plan({ provider: 'fal', model: 'fal-ai/flux/dev' }).worstCaseNano).toBeUndefined()
    expect(plan({ provider: 'openai', model: 'gpt-4.1-mini' }).worstCaseNano).toBeUndefined()
    const rateCard = { currency: 'USD', models: { 'fal-ai/flux/dev': { images: '0.02', megapixels: '0' } } }
    expect(plan({ provider: 'fal', model: 'fal-ai/flux/dev', wish: { count: 1 }, rateCard }).worstCaseNano).toBe(20_000_000n)
  })
})

describe('where it is posted', () => {
  it.each([
    ['openai', 'gpt-image-2', '/images/generations', '/images/edits'],
    ['xai', 'grok-imagine-image', '/images/generations', '/images/edits'],
    ['together', 'black-forest-labs/FLUX.2-pro', '/images/generations', '/images/generations'],
    ['openrouter', 'google/gemini-3.1-flash-lite-image', '/images', '/images'],
    [
      'gemini',
      'gemini-2.5-flash-image',
      '/models/gemini-2.5-flash-image:generateContent',
      '/models/gemini-2.5-flash-image:generateContent',
    ],
    ['fal', 'fal-ai/flux-2-max', '/fal-ai/flux-2-max', '/fal-ai/flux-2-max/edit'],
    ['fal', 'fal-ai/flux-2-max/edit', '/fal-ai/flux-2-max/edit', '/fal-ai/flux-2-max/edit'],
    ['bfl', 'flux-2-max', '/flux-2-max', '/flux-2-max'],
    ['bfl', '../credits?x=1', '/..%2Fcredits%3Fx%3D1', '/..%2Fcredits%3Fx%3D1'],
  ])('%s %s', (provider, model, fromWords, fromImages) => {
    expect(plan({ provider, model }).path).toBe(fromWords)
    expect(plan({ provider, model, wish: { references: [picture] } }).path).toBe(fromImages)
  })
})

describe('what an interface cannot be asked for is refused, not left out', () => {
  it.each<[string, Partial<ImageWish>, string]>([
    ['openai', { seed: 1 }, 'OpenAI cannot be told the seed of an image.'],
    ['openai', { count: 11 }, 'OpenAI makes at most 10 images in one request.'],
    ['openai', { count: 0 }, 'OpenAI is asked for at least one image.'],
    ['openai', { mask: picture }, 'OpenAI takes no mask here.'],
    ['openai', { references: Array(17).fill(picture) }, 'OpenAI takes at most 16 images to begin with.'],
    ['xai', { size: SQUARE }, 'xAI cannot be told the size of an image.'],
    ['gemini', { quality: 'high' }, 'Google Gemini cannot be told the quality of an image.'],
    ['fal', { count: 2 }, 'fal.ai makes at most one image in one request.'],
    ['bfl', { background: 'transparent' }, 'Black Forest Labs cannot be told the background of an image.'],
    ['bfl', { references: Array(9).fill(picture) }, 'Black Forest Labs takes at most 8 images to begin with.'],
    ['bfl', { references: [picture], mask: picture }, 'Black Forest Labs takes no mask here.'],
  ])('%s %o', (provider, wish, detail) => {
    expect(() => plan({ provider, model: 'm', wish })).toThrow(expect.objectContaining({ code: 'request.invalid', detail }))
  })

  it('a provider that makes no images says so', () => {
    expect(() => plan({ provider: 'anthropic', model: 'm' })).toThrow(expect.objectContaining({ code: 'provider.does_not_serve' }))
  })
})
