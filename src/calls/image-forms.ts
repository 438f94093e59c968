import { objectOf, textOf } from '../base/json.ts'
import { ProviderCallError } from '../providers/failure.ts'
import type { ImageFile } from '../providers/image-file.ts'
import type { ImagesOffer } from '../providers/offer.ts'
import type { AttemptFetch } from './chat-model.ts'
import { bflImages, falImages } from './image-jobs.ts'
import { dataUrlOf, HERE, type ImageAsk, type ImageWish, type MadeImages, postJson } from './image-wish.ts'
import { download, imageOf, NO_IMAGE } from './job.ts'

/** Asks in the form that the provider wants and reads the images that came. @throws ProviderCallError. */
export async function askForImages(ask: ImageAsk): Promise<MadeImages> {
  const made = await FORMS[ask.offer.form](ask)
  if (made.images.length === 0) throw new ProviderCallError(NO_IMAGE, 'maybe')
  return made
}

const FORMS: Readonly<Record<ImagesOffer['form'], (ask: ImageAsk) => Promise<MadeImages>>> = {
  'openai-images': openAiImages,
  gemini: geminiImages,
  'fal-queue': falImages,
  bfl: bflImages,
}

async function openAiImages(ask: ImageAsk): Promise<MadeImages> {
  const { wish, offer, fetch, after } = ask
  const { references = [] } = wish
  const fields = openAiFields(wish, offer)
  const body =
    references.length > 0 && offer.references?.as === 'multipart'
      ? await postForm(fetch, fields, wish)
      : await postJson(fetch, { ...fields, ...referencesIn(references, offer.references?.as) })
  const items = Array.isArray(body['data']) ? body['data'].map(objectOf) : []
  const images = await Promise.all(
    items.map(async (item) => {
      const [inside, url] = [textOf(item?.['b64_json']), textOf(item?.['url'])]
      if (inside !== undefined) return imageOf(Buffer.from(inside, 'base64'))
      if (url !== undefined) return download({ ...ask, follow: after.follow }, url)
      throw new ProviderCallError(NO_IMAGE, 'maybe')
    }),
  )
  return { images }
}

function openAiFields(wish: ImageWish, { responseFormat, sizeAs }: ImagesOffer): Record<string, string | number> {
  const { model, prompt, count, size, quality, format, background, seed } = wish
  return {
    model,
    prompt,
    ...(count > 1 ? { n: count } : {}),
    ...(size ? (sizeAs === 'width and height' ? size : { size: `${size.width}x${size.height}` }) : {}),
    ...(quality ? { quality } : {}),
    ...(format ? { output_format: format } : {}),
    ...(background ? { background } : {}),
    ...(seed === undefined ? {} : { seed }),
    ...(responseFormat ? { response_format: responseFormat } : {}),
  }
}

/** In the field that the provider has for them: one of xAI's or Together's, a list of OpenRouter's. */
function referencesIn(references: readonly ImageFile[], as: NonNullable<ImagesOffer['references']>['as'] | undefined): object {
  const [first, ...others] = references.map(dataUrlOf)
  if (first === undefined) return {}
  if (as === 'image') return { image: { type: 'image_url', url: first } }
  if (as === 'image_url') return { image_url: first }
  return { input_references: [first, ...others].map((url) => ({ type: 'image_url', image_url: { url } })) }
}

/** A form as browsers send it: fields and files. */
async function postForm(
  fetch: AttemptFetch,
  fields: Readonly<Record<string, string | number>>,
  { references = [], mask }: ImageWish,
): Promise<Readonly<Record<string, unknown>>> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value))
  for (const [index, reference] of references.entries()) {
    form.append(references.length > 1 ? 'image[]' : 'image', fileOf(reference), `image-${index + 1}.${extensionOf(reference)}`)
  }
  if (mask) form.set('mask', fileOf(mask), 'mask.png')
  const sealed = new Response(form)
  const body = new Uint8Array(await sealed.arrayBuffer())
  const response = await fetch(HERE, { method: 'POST', body, headers: { 'content-type': sealed.headers.get('content-type')! } })
  return objectOf(await response.json()) ?? {}
}

const fileOf = ({ bytes, mediaType }: ImageFile): Blob => new Blob([Uint8Array.from(bytes)], { type: mediaType })
const extensionOf = ({ mediaType }: ImageFile): string => mediaType.slice('image/'.length)

/** An image model of Gemini's answers a chat whose parts are images. */
async function geminiImages({ wish, fetch }: ImageAsk): Promise<MadeImages> {
  const { prompt, seed, references = [] } = wish
  const body = await postJson(fetch, {
    contents: [
      {
        role: 'user',
        parts: [
          { text: prompt },
          ...references.map(({ mediaType, bytes }) => ({
            inlineData: { mimeType: mediaType, data: Buffer.from(bytes).toString('base64') },
          })),
        ],
      },
    ],
    generationConfig: { responseModalities: ['TEXT', 'IMAGE'], ...(seed === undefined ? {} : { seed }) },
  })
  const candidates = Array.isArray(body['candidates']) ? body['candidates'].map(objectOf) : []
  const parts = candidates.flatMap((candidate) => {
    const content = objectOf(candidate?.['content'])
    return Array.isArray(content?.['parts']) ? content['parts'].map(objectOf) : []
  })
  const inside = parts.flatMap((part) => textOf(objectOf(part?.['inlineData'])?.['data']) ?? [])
  return { images: inside.map((data) => imageOf(Buffer.from(data, 'base64'))) }
}
