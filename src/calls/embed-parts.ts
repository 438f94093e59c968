import type { EmbeddingsOffer } from '../providers/offer.ts'

/** Texts that go into one request: `texts[0]` is the one at `from` of all. */
export interface TextsPart {
  readonly from: number
  readonly texts: readonly string[]
}

/**
 * No request holds more texts than this, whatever its provider takes: so many vectors of 4,096 numbers are 6 MB of JSON,
 * below the bound of an answer, and stop everything else for some hundredths of a second while they are read.
 */
export const MOST_TEXTS = 64

/** The most texts that are sent in one request of this offer. */
export const textsAtMost = (offer: Pick<EmbeddingsOffer, 'textsAtMost'>): number => Math.min(offer.textsAtMost ?? MOST_TEXTS, MOST_TEXTS)

/**
 * Texts in as few requests as their provider's bounds allow, in order. `tokensOf` is the most tokens that a text has; one
 * that has more than a request may hold is alone in its request, and its provider's to refuse.
 */
export function partsOf(
  texts: readonly string[],
  { offer, tokensOf }: { offer: Pick<EmbeddingsOffer, 'textsAtMost' | 'tokensAtMost'>; tokensOf: (text: string) => number },
): TextsPart[] {
  const most = textsAtMost(offer)
  const { tokensAtMost = Infinity } = offer
  const parts: { from: number; texts: string[] }[] = []
  let tokens = 0
  for (const [at, text] of texts.entries()) {
    const has = tokensOf(text)
    const part = parts.at(-1)
    if (part && part.texts.length < most && tokens + has <= tokensAtMost) {
      part.texts.push(text)
      tokens += has
    } else {
      parts.push({ from: at, texts: [text] })
      tokens = has
    }
  }
  return parts
}
