import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { deepl } from '../providers/deepl.ts'
import { codePointsOf, inRequests } from './translate.ts'

const offer = { ...deepl.translation!, textsAtMost: 5, bytesAtMost: 400 }
const candidate = { connectionId: 'c', provider: 'deepl', model: 'translate', rateCard: null }
const request = { candidate, targetLanguage: 'de', about: 'é"' }

/** The body as it is sent of these texts. */
const bodyBytes = (texts: readonly string[]): number =>
  Buffer.byteLength(JSON.stringify({ text: texts, target_lang: 'DE', show_billed_characters: true, context: 'é"' }))

test.prop([fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 60 })])(
  'texts are divided without loss, in their order, into requests within their bounds',
  (texts) => {
    const parts = inRequests({ ...request, texts }, offer)
    expect(parts.flat()).toEqual(texts)
    for (const part of parts) {
      expect(part.length).toBeGreaterThan(0)
      expect(part.length).toBeLessThanOrEqual(5)
      expect(bodyBytes(part)).toBeLessThanOrEqual(400)
    }
    // and never into more than are needed: the next text did not fit
    for (const [at, part] of parts.slice(0, -1).entries()) {
      const next = parts[at + 1]![0]!
      expect(part.length === 5 || bodyBytes([...part, next]) > 398).toBe(true)
    }
  },
)

it('characters are code points, as DeepL counts them', () => {
  expect([codePointsOf(''), codePointsOf('Lamp'), codePointsOf('é💡'), codePointsOf('👩‍🚀')]).toEqual([0, 4, 2, 3])
})
