import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { markupCorpus } from '../../test/support/markup-corpus.ts'
import { ALLOWED_ELEMENTS, sanitizeGenerated, sanitizeGeneratedValue } from './sanitize.ts'

const ELEMENT = new RegExp(`^</?(?:${ALLOWED_ELEMENTS.join('|')})(?: /)?>$`)

/** Whatever a parser would take for a tag, a comment or the like in sanitised text is an allowed element's tag, bare of attributes. */
function foreignMarkup(text: string): string[] {
  return (text.match(/<[a-z/!?][^>]*>?/gi) ?? []).filter((tag) => !ELEMENT.test(tag))
}

it('the corpus has at least 500 cases', () => expect(new Set(markupCorpus).size).toBeGreaterThanOrEqual(500))

describe('OUT-1: generated text', () => {
  it('of the whole corpus holds allowed elements without attributes, and nothing else', () => {
    for (const text of markupCorpus) expect(foreignMarkup(sanitizeGenerated(text)), text).toEqual([])
  })

  it('is a fixed point: sanitising again changes nothing, so that nothing comes to life when it is parsed anew', () => {
    for (const text of markupCorpus) {
      const once = sanitizeGenerated(text)
      expect(sanitizeGenerated(once), text).toBe(once)
    }
  })

  it('made of any pieces of the corpus holds too', () => {
    const piece = fc.oneof(
      fc.constantFrom(...markupCorpus),
      fc.constantFrom('<', '>', '"', "'", '&', '</', '<!--', '-->', '<b', '\u0000', 'x y'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const once = sanitizeGenerated(pieces.join(''))
        expect(foreignMarkup(once)).toEqual([])
        expect(sanitizeGenerated(once)).toBe(once)
      }),
      { numRuns: 500 },
    )
  })

  it('without markup is kept letter for letter', () => {
    for (const text of ['AT&T cable, 3 < 5 m & "more"', 'a <3 b', 'x &lt;b&gt;', '5 > 4', 'مصباح', ''])
      expect(sanitizeGenerated(text)).toBe(text)
  })

  it('keeps the markup of a description, and drops scripts and styles with what is in them', () => {
    const text =
      '<h2 class="x">Lamp</h2><p>Two <strong onclick="x()">40 W</strong> bulbs<br/>dimmable</p><ul><li>A</li></ul><style>p{}</style><script>go()</script>'
    expect(sanitizeGenerated(text)).toBe('<h2>Lamp</h2><p>Two <strong>40 W</strong> bulbs<br />dimmable</p><ul><li>A</li></ul>')
  })

  it('keeps a link’s text and drops its address', () => {
    expect(sanitizeGenerated('See <a href="https://example.com">the manual</a>')).toBe('See the manual')
  })

  it('is cleaned in lists and attributes, names too', () => {
    const value = { 'Colour<img src=x>': ['red', '<b onclick=x>blue</b>'], Watt: 40, none: null }
    expect(sanitizeGeneratedValue(value)).toEqual({ Colour: ['red', '<b>blue</b>'], Watt: 40, none: null })
  })
})
