import type { Money } from '../base/money.ts'
import { AppError } from '../base/errors.ts'
import type { Usage } from '../base/usage.ts'
import type { ResultWrite } from '../ledger/settlement.ts'
import type { ImageFile } from '../providers/image-file.ts'
import { offerOf, pathOf } from '../providers/asked.ts'
import type { ImagesOffer } from '../providers/offer.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { findProvider } from '../providers/registry.ts'
import type { Clock } from '../runtime/clock.ts'
import type { CallPlan, CallRequest } from './call.ts'
import { worstCaseOfImages } from './image-bounds.ts'
import { askForImages } from './image-forms.ts'
import type { ImageWish, MadeImages } from './image-wish.ts'
import { type RequestEnd, requestOrHandOver } from './request.ts'
import type { CallServices } from './services.ts'

export type { ImageWish } from './image-wish.ts'

export interface ImageCall extends CallRequest {
  /** The model is the candidate's. */
  readonly wish: Omit<ImageWish, 'model'>
}

export interface ImageRequest<T> extends ImageCall {
  /** Called once, with the last attempt's outcome: the value for the caller, and results to commit with the ledger entry. */
  settleWith(outcome: ImageOutcome): { readonly value: T; readonly writes: readonly ResultWrite<never>[] }
}

/** What became of a request, told to its caller before the commit. `cost` is that of all its attempts; undefined is unknown. */
export type ImageOutcome =
  | {
      readonly kind: 'answered'
      readonly callId: string
      readonly images: readonly ImageFile[]
      readonly seed: number | undefined // undefined: the provider does not say
      readonly cost: Money | undefined
      readonly usage: Usage | undefined // of this call; undefined is unknown
    }
  | { readonly kind: 'failed'; readonly callId: string; readonly failure: ProviderFailure; readonly cost: Money | undefined }

/**
 * One request for images along the whole path of a call: one intent and one entry, however often the provider has to be asked
 * until they are there. Tried again only before the provider took it on. Images take seconds to minutes: never within a person's
 * request. Never throws for what a provider does.
 * @throws AppError provider.does_not_serve, request.invalid for a wish that this provider's interface cannot express.
 */
export async function makeImages<T>(services: CallServices, request: ImageRequest<T>): Promise<RequestEnd<T>> {
  const end = await requestOrHandOver<MadeImages, T>(
    services,
    {
      ...request,
      plan: (at) => planImages(request, { at, clock: services.clock }),
      sent: () => request.wish.prompt,
      settleWith: (outcome) =>
        request.settleWith(
          outcome.kind === 'answered'
            ? {
                kind: 'answered',
                callId: outcome.base.intent.id,
                images: outcome.answer.images,
                seed: outcome.answer.seed,
                cost: outcome.cost,
                usage: outcome.base.usage,
              }
            : outcome,
        ),
    },
    () => false,
  )
  if (end.kind === 'handed_over') throw new Error('nobody was there to take over')
  return end
}

/** The answer comes when the image is made; it may hold ten of them. */
export const IMAGE_BOUNDS = { timeouts: { headersMs: 600_000, totalMs: 900_000 }, maxBodyBytes: 64 * 1024 * 1024 }

/** How images are asked for at `at`. @throws AppError provider.does_not_serve, request.invalid. */
export function planImages(request: ImageCall, { at, clock }: { at: Date; clock: Clock }): CallPlan<MadeImages> {
  const { candidate, currency, signal } = request
  const provider = findProvider(candidate.provider)
  const offer = offerOf(provider, 'images')
  const wish: ImageWish = { ...request.wish, model: candidate.model }
  const refusal = refusedBy(offer, wish)
  if (refusal !== undefined) throw new AppError('request.invalid', `${provider.name} ${refusal}.`)
  const path = (wish.references?.length ?? 0) > 0 ? (offer.references?.path ?? offer.path) : offer.path
  return {
    offer,
    path: pathOf({ ...offer, path }, candidate.model),
    bounds: IMAGE_BOUNDS,
    worstCaseNano: worstCaseOfImages({ candidate, currency, at, wish: { ...wish, model: candidate.standsFor ?? candidate.model } }),
    ask: (fetch, after) => askForImages({ wish, offer, fetch, after, clock, signal }),
  }
}

/** Why this interface cannot be asked for this. */
function refusedBy({ imagesAtMost, takes, references }: ImagesOffer, wish: ImageWish): string | undefined {
  if (!Number.isSafeInteger(wish.count) || wish.count < 1) return 'is asked for at least one image'
  if (wish.count > imagesAtMost) return `makes at most ${imagesAtMost === 1 ? 'one image' : `${imagesAtMost} images`} in one request`
  const choice = (['size', 'quality', 'format', 'background', 'seed'] as const).find(
    (one) => wish[one] !== undefined && !takes.includes(one),
  )
  if (choice) return `cannot be told the ${choice} of an image`
  const count = wish.references?.length ?? 0
  if (count > 0 && !references) return 'makes images from words only'
  if (references && count > references.imagesAtMost) return `takes at most ${references.imagesAtMost} images to begin with`
  if (wish.mask && (count === 0 || !references?.mask)) return 'takes no mask here'
  return undefined
}
