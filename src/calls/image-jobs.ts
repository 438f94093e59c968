import { objectOf, textOf } from '../base/json.ts'
import { addUsage } from '../base/usage.ts'
import { bodyFailureOf, ProviderCallError } from '../providers/failure.ts'
import { type ImageFile, megapixelsOf } from '../providers/image-file.ts'
import type { MeteredUsage } from '../providers/wire-protocol.ts'
import { MALFORMED } from './attempt.ts'
import { dataUrlOf, type ImageAsk, type MadeImages, postJson } from './image-wish.ts'
import { bodyOf, download, type Job, untilDone, withTicket } from './job.ts'

/** Larger ones are made smaller before they are counted. @see https://lumenfall.ai, a reseller's word */
const INPUT_MEGAPIXELS_AT_MOST = 4

/** How many megapixels an image that goes in counts for. */
export const inputMegapixels = ({ width, height }: Pick<ImageFile, 'width' | 'height'>): number =>
  Math.min(megapixelsOf(width, height) ?? INPUT_MEGAPIXELS_AT_MOST, INPUT_MEGAPIXELS_AT_MOST)

/**
 * fal's queue: a ticket with the addresses of its state, its result and its cancellation. They are used as they came: the state of an
 * edit does not lie below the path that it was posted to.
 */
export async function falImages(ask: ImageAsk): Promise<MadeImages> {
  const { wish, fetch, after } = ask
  const { prompt, size, format, seed, references = [] } = wish
  const ticket = await postJson(fetch, {
    prompt,
    ...(size ? { image_size: size } : {}),
    ...(format ? { output_format: format } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(references.length > 0 ? { image_urls: references.map(dataUrlOf) } : {}),
  })
  const job: Job = { ...jobOf(ask), cancelUrl: textOf(ticket['cancel_url']) }
  return withTicket(job, async () => {
    await untilDone(job, addressIn(ticket, 'status_url'), (body) => (objectOf(body)?.['status'] === 'COMPLETED' ? true : undefined))
    const { headers, bytes } = await after.follow({ method: 'GET', url: addressIn(ticket, 'response_url') })
    const body = bodyOf(bytes)
    const failure = bodyFailureOf({ protocol: job.protocol, headers, body })
    if (failure) throw new ProviderCallError(failure, 'maybe')
    after.meter(withInputs(job.protocol.usage.whole(body, headers), { references, requestId: textOf(ticket['request_id']) }))
    const result = objectOf(body) ?? {}
    const images = Array.isArray(result['images']) ? result['images'].map(objectOf) : []
    return { images: await Promise.all(images.map((image) => download(job, addressIn(image ?? {}, 'url')))), seed: seedIn(result) }
  })
}

/** What a result does not show: the images that went in, and the ticket that it is for. */
function withInputs(
  metered: MeteredUsage,
  { references, requestId }: { references: readonly ImageFile[]; requestId: string | undefined },
): MeteredUsage {
  const megapixels = references.reduce((sum, reference) => sum + inputMegapixels(reference), 0)
  return {
    ...metered,
    usage: metered.usage && megapixels > 0 ? addUsage(metered.usage, { megapixels }) : metered.usage,
    ...(requestId === undefined ? {} : { providerRequestId: requestId }),
  }
}

/** Black Forest Labs: the ticket says the cost and where to ask; the image can be fetched for ten minutes. There is no way to cancel. */
export async function bflImages(ask: ImageAsk): Promise<MadeImages> {
  const { wish, fetch, after } = ask
  const { prompt, size, format, seed, references = [] } = wish
  const ticket = await postJson(fetch, {
    prompt,
    ...size,
    ...(format ? { output_format: format } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...Object.fromEntries(
      references.map(({ bytes }, index) => [
        index === 0 ? 'input_image' : `input_image_${index + 1}`,
        Buffer.from(bytes).toString('base64'),
      ]),
    ),
  })
  const job = jobOf(ask)
  return withTicket(job, async () => {
    const state = untilDone(job, addressIn(ticket, 'polling_url'), (body) => {
      const found = objectOf(body)
      return found?.['status'] === 'Ready' ? (objectOf(found['result']) ?? {}) : undefined
    })
    const result = await state.catch((error: unknown) => {
      const isRefused = error instanceof ProviderCallError && /content_refused|provider\.failed/.test(error.failure.code)
      if (isRefused) after.meter(unchargedOrNot(job.protocol.usage.whole(ticket)))
      throw error
    })
    return { images: [await download(job, addressIn(result, 'sample'))], seed: seedIn(result) }
  })
}

/** The cost that the ticket names is the image's. Whether one that was never made is charged, nobody says. */
const unchargedOrNot = ({ usage: _usage, declaredCost: _cost, ...about }: MeteredUsage): MeteredUsage => ({
  ...about,
  usage: undefined,
  doubt: 'the provider does not say whether it charges for a job that failed',
})

const jobOf = ({ after, offer, clock, signal }: ImageAsk): Job => ({ follow: after.follow, protocol: offer.protocol, clock, signal })

/** @throws ProviderCallError where the answer names no address. */
function addressIn(holder: Readonly<Record<string, unknown>>, field: string): string {
  const url = textOf(holder[field])
  if (url === undefined) throw new ProviderCallError({ ...MALFORMED, retryable: false }, 'maybe')
  return url
}

const seedIn = ({ seed }: Readonly<Record<string, unknown>>): number | undefined => (typeof seed === 'number' ? seed : undefined)
