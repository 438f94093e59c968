import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Secret } from '../base/secret.ts'
import { newId } from './ids.ts'
import { createKeyScrubber, createScrubber, rememberSecret, REMOVED, scrub } from './scrub.ts'

const secretOf = (text: string): Secret => new Secret(Buffer.from(text))

/** Printable ASCII, as every key is (vault/key-text.ts). */
const arbitraryKey = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 16,
  maxLength: 200,
})

/** Whether any twelve characters in a row of `needle` stand in `text`. */
function repeats(text: string, needle: string): boolean {
  return Array.from({ length: needle.length - 11 }, (_, at) => needle.slice(at, at + 12)).some((piece) => text.includes(piece))
}

describe('a secret that is known by its value', () => {
  test.prop([arbitraryKey, fc.string(), fc.string()])('does not come through, whole, reversed or encoded', (key, before, after) => {
    const bytes = Buffer.from(key)
    const forms = [
      key,
      Buffer.from(bytes.toReversed()).toString(),
      encodeURIComponent(key),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ]
    for (const form of forms) expect(repeats(createScrubber(secretOf(key))(`${before}${form}${after}`), form)).toBe(false)
  })

  test.prop([arbitraryKey, fc.nat({ max: 2 })])('does not come through inside a longer base64 text', (key, lead) => {
    const inside = Buffer.from(`${'x'.repeat(lead)}${key}`).toString('base64')
    const own = inside.slice(4, -4)
    if (own.length >= 12) expect(repeats(createScrubber(secretOf(key))(inside), own)).toBe(false)
  })

  test.prop([arbitraryKey, fc.nat(), fc.integer({ min: 12, max: 40 })])(
    'does not come through in a piece of twelve characters or more',
    (key, from, length) => {
      const start = from % (key.length - 11)
      const piece = key.slice(start, start + length)
      expect(createScrubber(secretOf(key))(`<p>${piece}</p>`)).not.toContain(piece)
    },
  )

  it('is known only while it is in use', () => {
    const key = secretOf('correct horse battery')
    const forget = rememberSecret(key)
    expect(scrub('it was correct horse battery')).toBe(`it was ${REMOVED}`)
    forget()
    expect(scrub('it was correct horse battery')).toBe('it was correct horse battery')
  })
})

describe('what looks like a key', () => {
  it.each([
    ['sk-proj-abc123DEF456', 'OpenAI'],
    ['sk-ant-api03-AbCdEf_123456', 'Anthropic'],
    ['AIzaSyA1234567890abcdefghijklmnopqrs', 'Google'],
    ['Bearer abcdefgh12345678', 'a header'],
    ['x-api-key: 0123abcd', 'a header'],
    ['{"api_key":"0123abcd"}', 'JSON'],
    ['https://api.example/v1?key=0123abcd&alt=sse', 'a query'],
    ['postgresql://latchkey:hunter2@db:5432/latchkey', 'a URL'],
    ['postgresql://latchkey:hunt:er/2@db:5432/latchkey', 'a URL'],
    ['f3a1b2c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8', 'hex'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'a JSON web token'],
  ])('%s (%s) is removed', (text) => {
    const clean = scrub(`before ${text} after`)
    expect(clean).toContain(REMOVED)
    expect(clean).not.toMatch(/abc123|AbCdEf|SyA123|abcdefgh|0123abcd|hunt|er\/2|f3a1b2|eyJ/)
    expect(clean).toMatch(/^before .* after$/)
  })

  it('is not an id, a path, a number or a plain word', () => {
    const text = `call ${newId()} of gpt-4.1-mini-2025-04-14 took 1234567890123456789012345678901234567890 ns at /srv/latchkey/src/ledger/group-commit.ts:12:3 (internationalisation-of-descriptions)`
    expect(scrub(text)).toBe(text)
  })
})

// Text that almost fits at each of its places once took minutes: a provider could hold everybody up with one refusal.
it.each(['sk-', 'eyJabcdefghij-', 'a.', 'a://', 'AIza-', 'token: ', 'secret '])(
  '200,000 characters of %j are looked through in one go',
  (piece) => {
    const text = piece.repeat(Math.floor(200_000 / piece.length))
    expect(scrub(text).length).toBeGreaterThan(0)
    expect(createKeyScrubber(secretOf(`${piece}${'x'.repeat(40)}`))(text).length).toBeGreaterThan(0)
  },
)
