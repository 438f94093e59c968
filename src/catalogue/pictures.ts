import type { PictureView } from '../contract/catalogue.ts'
import { textsOf } from './words.ts'

/** Where Latchkey itself serves pictures; nothing else on its own host is taken for one. */
const OWN_PICTURE = /^\/api\/v1\/catalogue\/pictures\/[a-z0-9-]{1,80}\.svg$/

const MOST_PICTURES = 20

/** The pictures that a value names: addresses, several in one cell divided by commas, blanks or the like. */
export function picturesOf(value: unknown): PictureView[] {
  const addresses = textsOf(value).flatMap((text) => text.split(/[\s,;|]+(?=https?:\/\/|\/)/i))
  const found = addresses.flatMap((address): PictureView[] => {
    const url = address.trim()
    if (OWN_PICTURE.test(url)) return [{ url, host: null }]
    const parsed = /^https?:\/\//i.test(url) ? URL.parse(url) : null
    return parsed ? [{ url: parsed.href, host: parsed.host }] : []
  })
  return found.slice(0, MOST_PICTURES)
}
