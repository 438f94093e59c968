import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { MOST_TEXTS, partsOf } from './embed-parts.ts'

const texts = fc.array(fc.string({ maxLength: 30 }), { maxLength: 300 })
const offer = fc.record(
  { textsAtMost: fc.integer({ min: 1, max: 2_048 }), tokensAtMost: fc.integer({ min: 1, max: 200 }) },
  { requiredKeys: [] },
)
const tokensOf = (text: string): number => text.length + 1

test.prop([texts, offer])('every text is in one part, in its place', (all, bounds) => {
  const parts = partsOf(all, { offer: bounds, tokensOf })
  expect(parts.flatMap((part) => part.texts)).toEqual(all)
  let from = 0
  for (const part of parts) {
    expect(part.from).toBe(from)
    from += part.texts.length
  }
})

test.prop([texts, offer])('no part is larger than its bounds, but for a text that is too large alone', (all, bounds) => {
  const { textsAtMost = MOST_TEXTS, tokensAtMost = Infinity } = bounds
  for (const { texts: some } of partsOf(all, { offer: bounds, tokensOf })) {
    expect(some.length).toBeGreaterThan(0)
    expect(some.length).toBeLessThanOrEqual(Math.min(textsAtMost, MOST_TEXTS))
    const tokens = some.reduce((sum, text) => sum + tokensOf(text), 0)
    if (some.length > 1) expect(tokens).toBeLessThanOrEqual(tokensAtMost)
  }
})

test.prop([texts, offer])('no two neighbours would fit into one request', (all, bounds) => {
  const { textsAtMost = MOST_TEXTS, tokensAtMost = Infinity } = bounds
  const parts = partsOf(all, { offer: bounds, tokensOf })
  for (const [at, part] of parts.slice(0, -1).entries()) {
    const more = [...part.texts, parts[at + 1]!.texts[0]!]
    const tokens = more.reduce((sum, text) => sum + tokensOf(text), 0)
    expect(more.length > Math.min(textsAtMost, MOST_TEXTS) || tokens > tokensAtMost).toBe(true)
  }
})
