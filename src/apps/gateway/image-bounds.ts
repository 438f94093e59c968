import { imageUsageAtMost } from '../../calls/image-bounds.ts'
import type { ImageWish } from '../../calls/image-wish.ts'
import { type ImageFile, readImage } from '../../providers/image-file.ts'
import type { Bounds } from './bounds.ts'
import type { Form } from './form.ts'
import { type TopLevel, valueOf } from './top-level.ts'

/** An image that is not in the request's own bytes, or of a kind that is not read here: as large and as long as they get. */
const UNSEEN: ImageFile = { bytes: new Uint8Array(0), mediaType: 'image/png', width: 4_096, height: 1_365 }

/** What a request for images, in OpenAI's words, can take at most; `model`: what is charged for. */
export function imageBoundsOf({ body, top, model }: { body: Uint8Array; top: TopLevel; model: string }): Bounds {
  const wish = wishOf({ body, top, model })
  const usage = imageUsageAtMost(wish)
  return {
    inputTokensAtMost: (usage.input_tokens ?? 0) + (usage.image_input_tokens ?? 0),
    outputTokensAtMost: (usage.output_tokens ?? 0) + (usage.image_output_tokens ?? 0),
    wish,
  }
}

function wishOf({ body, top, model }: { body: Uint8Array; top: TopLevel; model: string }): ImageWish {
  const say = (name: string): unknown => valueOf(body, top, name)
  const prompt = say('prompt')
  const count = say('n')
  const size = /^(\d{1,5})x(\d{1,5})$/.exec(String(say('size')))
  const quality = (['low', 'medium', 'high'] as const).find((known) => known === say('quality'))
  const files = 'files' in top ? (top as Form).files : []
  const fileAt = ({ from, to }: Form['files'][number]): ImageFile => readImage(body.subarray(from, to)) ?? UNSEEN
  const mask = files.find(({ name }) => name === 'mask')
  return {
    model,
    prompt: typeof prompt === 'string' ? prompt : '',
    count: typeof count === 'number' && count >= 1 ? Math.ceil(count) : 1,
    ...(size ? { size: { width: Number(size[1]), height: Number(size[2]) } } : {}),
    ...(quality ? { quality } : {}),
    references: [
      ...files.filter((file) => file !== mask).map(fileAt),
      ...[say('image'), say('images')].flat().flatMap((one) => (one ? [UNSEEN] : [])),
    ],
    ...(mask ? { mask: fileAt(mask) } : say('mask') ? { mask: UNSEEN } : {}),
  }
}
