import { objectOf } from '../base/json.ts'
import type { ImageFile } from '../providers/image-file.ts'
import type { ImagesOffer } from '../providers/offer.ts'
import type { Clock } from '../runtime/clock.ts'
import type { AfterPost } from './call.ts'
import type { AttemptFetch } from './chat-model.ts'

/** What images are asked for, in words that no provider owns. What is not said is the provider's to choose. */
export interface ImageWish {
  readonly model: string
  readonly prompt: string
  readonly count: number
  readonly size?: { readonly width: number; readonly height: number } | undefined // pixels
  readonly quality?: 'low' | 'medium' | 'high' | undefined
  readonly format?: 'png' | 'jpeg' | 'webp' | undefined
  readonly background?: 'transparent' | 'opaque' | undefined
  readonly seed?: number | undefined
  /** Images that the new one is made from. */
  readonly references?: readonly ImageFile[] | undefined
  /** A PNG of the first one's size: what is transparent in it is made anew. */
  readonly mask?: ImageFile | undefined
}

export interface MadeImages {
  readonly images: readonly ImageFile[]
  /** With which the same prompt gives the same image, where the provider says so. */
  readonly seed?: number | undefined
}

/** One request for images, ready to be sent. */
export interface ImageAsk {
  readonly wish: ImageWish
  readonly offer: ImagesOffer
  readonly fetch: AttemptFetch
  readonly after: AfterPost
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The path and the address are the attempt's own: what is named here goes nowhere. */
export const HERE = 'http://sealed.invalid'

/** Posts JSON, and reads JSON. */
export async function postJson(fetch: AttemptFetch, body: object): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(HERE, { method: 'POST', body: JSON.stringify(body) })
  return objectOf(await response.json()) ?? {}
}

export const dataUrlOf = ({ bytes, mediaType }: ImageFile): string => `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`
