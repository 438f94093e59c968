import type { Usage, UsageUnit } from '../base/usage.ts'
import { costOf } from '../prices/cost.ts'
import { megapixelsOf } from '../providers/image-file.ts'
import { inputMegapixels } from './image-jobs.ts'
import type { ImageWish } from './image-wish.ts'
import type { CallRequest } from './call.ts'
import { pricesOf } from './price.ts'

/** In one of these images are sold: without a price for any, nothing is known. */
const SOLD = ['images', 'megapixels', 'image_output_tokens'] as const

/**
 * The most that a request for images can cost in its currency; undefined when no price for images is known. A price list names what
 * it charges: of the rest of the usage nothing is counted.
 */
export function worstCaseOfImages({
  candidate,
  currency,
  wish,
  at,
}: Pick<CallRequest, 'candidate' | 'currency'> & { wish: ImageWish; at: Date }) {
  const prices = pricesOf({ candidate, at })
  if (prices?.currency !== currency) return undefined
  if (prices.free) return 0n
  const isPriced = (unit: string): boolean => prices.bands.some(({ rows }) => rows[unit as UsageUnit] !== undefined)
  if (!SOLD.some(isPriced)) return undefined
  const usage = Object.fromEntries(Object.entries(imageUsageAtMost(wish)).filter(([unit]) => isPriced(unit)))
  const cost = costOf({ usage, prices })
  return cost.kind === 'known' ? cost.nano : undefined
}

/** The most that image models make, where no size is asked for. */
const MEGAPIXELS_AT_MOST = 4

/**
 * The most that a request for images uses, in every unit in which images are charged: the price list says which of them counts.
 * What a model writes beside its image has no bound of its own and is allowed for by far more than any recorded answer has.
 */
export function imageUsageAtMost(wish: ImageWish): Usage {
  const { count, size, prompt, references = [], mask } = wish
  const goingIn = mask ? [...references, mask] : references
  const made = size ? (megapixelsOf(size.width, size.height) ?? MEGAPIXELS_AT_MOST) : MEGAPIXELS_AT_MOST
  return {
    images: count,
    megapixels: count * made + goingIn.reduce((sum, image) => sum + inputMegapixels(image), 0),
    input_tokens: Buffer.byteLength(prompt) + PROMPT_FRAME_TOKENS, // no tokenizer makes more tokens than there are bytes
    image_input_tokens: goingIn.reduce((sum, image) => sum + inputTokens(image), 0),
    output_tokens: count * TEXT_TOKENS_AT_MOST,
    image_output_tokens: count * outputTokens(wish),
  }
}

const PROMPT_FRAME_TOKENS = 200
const TEXT_TOKENS_AT_MOST = 4_096

/** Tiles of 512 pixels after the shorter side is made that long, and what high fidelity adds to a long image. */
const TOKENS_PER_IMAGE = 65
const TOKENS_PER_TILE = 129
const HIGH_FIDELITY_TOKENS = 6_240

function inputTokens({ width, height }: { readonly width: number; readonly height: number }): number {
  const tiles = Math.ceil(Math.max(width, height) / Math.max(1, Math.min(width, height)))
  return TOKENS_PER_IMAGE + tiles * TOKENS_PER_TILE + HIGH_FIDELITY_TOKENS
}

type Quality = NonNullable<ImageWish['quality']>

/** Of square, portrait (1024 x 1536) and landscape images. @see https://community.openai.com/t/1371851, and for gpt-image-2 /t/1379464 and its prices */
const TOKENS: readonly { readonly model: RegExp; readonly tokens: Readonly<Record<Quality, readonly [number, number, number]>> }[] = [
  { model: /^(?:gpt-image-2|chatgpt-image)/, tokens: { low: [272, 408, 400], medium: [1_767, 1_767, 1_584], high: [7_033, 7_033, 5_500] } },
  // the mini model's prices per image speak of more tokens than its kin's
  { model: /^gpt-image-1-mini/, tokens: { low: [625, 750, 750], medium: [1_375, 1_875, 1_875], high: [4_500, 6_500, 6_500] } },
  { model: /^gpt-image/, tokens: { low: [272, 408, 400], medium: [1_056, 1_584, 1_568], high: [4_160, 6_240, 6_208] } },
  // Gemini: 1,120 or 1,290 for an image, 2,520 for the largest
  { model: /^gemini/, tokens: { low: [2_520, 2_520, 2_520], medium: [2_520, 2_520, 2_520], high: [2_520, 2_520, 2_520] } },
]
/** A model that is not known costs no more than the dearest that is. */
const DEAREST = TOKENS[0]!.tokens

function outputTokens({ model, size, quality = 'high' }: ImageWish): number {
  const tokens = (TOKENS.find((known) => known.model.test(model))?.tokens ?? DEAREST)[quality]
  if (!size) return Math.max(...tokens)
  const { width, height } = size
  if (width === 1024 && height === 1024) return tokens[0]
  if (width === 1024 && height === 1536) return tokens[1]
  if (width === 1536 && height === 1024) return tokens[2]
  return Math.max(...tokens) * (megapixelsOf(width, height) ?? MEGAPIXELS_AT_MOST)
}
