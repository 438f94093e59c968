import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canaryKey, leaksIn } from '../../test/support/leaks.ts'
import { Secret } from '../base/secret.ts'
import { createScrubber, REMOVED, scrubKeyShapes } from '../runtime/scrub.ts'
import { excerptOf } from './excerpt.ts'

const secret = (text: string): Secret => new Secret(new Uint8Array(Buffer.from(text)))
const keyText = fc.stringMatching(/^[\x21-\x7e]{20,120}$/)
const around = fc.string({ maxLength: 60 })

describe('createScrubber', () => {
  const encoders: Record<string, (text: string) => string> = {
    raw: (text) => text,
    base64: (text) => Buffer.from(text).toString('base64'),
    base64url: (text) => Buffer.from(text).toString('base64url'),
    'base64 of a longer text': (text) => Buffer.from(`xy${text}z`).toString('base64'),
    hex: (text) => Buffer.from(text).toString('hex'),
    'upper-case hex': (text) => Buffer.from(text).toString('hex').toUpperCase(),
    'URL-encoded': encodeURIComponent,
    'JSON-escaped': (text) => JSON.stringify(text),
    'UTF-16': (text) => (Buffer.from(text).toString('utf16le').length > 0 ? Buffer.from(text, 'utf16le').toString('latin1') : ''),
    reversed: (text) => Array.from(text).toReversed().join(''),
  }
  describe.each(Object.keys(encoders))('%s', (name) => {
    test.prop([keyText, around, around])('leaves nothing of the key, in no text', (key, before, after) => {
      const scrubbed = createScrubber(secret(key))(`${before}${encoders[name]!(key)}${after}`)
      expect(scrubbed).toContain(REMOVED)
      // of the text around it the key may have taken a part; the key itself is gone
      const rest = scrubbed.replaceAll(REMOVED, '')
      for (let at = 0; at + 12 <= key.length; at += 1) {
        const fragment = key.slice(at, at + 12)
        if (!before.includes(fragment) && !after.includes(fragment)) expect(rest).not.toContain(fragment)
      }
    })
  })

  test.prop([keyText, fc.nat(), fc.integer({ min: 12, max: 40 })])(
    'removes any fragment of 12 characters and more',
    (key, start, length) => {
      const from = start % (key.length - 11)
      const fragment = key.slice(from, from + length)
      expect(createScrubber(secret(key))(`<<${fragment}>>`)).not.toContain(fragment)
    },
  )

  it('removes a short key where it stands whole', () => {
    expect(createScrubber(secret('pass12'))('the key PASS12 is wrong')).toBe(`the key ${REMOVED} is wrong`)
  })

  it('leaves other text alone', () => {
    const text = 'This model does not support effort level ‘xhigh’. Supported levels: high, low, max. İstanbul'
    expect(createScrubber(secret(canaryKey().text))(text)).toBe(text)
  })

  it('without a key removes only what looks like one', () => {
    expect(createScrubber(undefined)('Bearer abcdefghijk and more')).toBe(`Bearer ${REMOVED} and more`)
  })
})

describe('scrubKeyShapes', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abc***********************wxyz. You can', `Incorrect API key provided: ${REMOVED} You can`],
    ['key sk-ant-api03-AbC123_def456-AA', `key ${REMOVED}`],
    ['sk-or-v1-0123456789abcdef0123456789abcdef', REMOVED],
    ['AIzaSyA0123456789abcdefghijklmnopqrstuv', REMOVED],
    ['token 0123456789abcdef0123456789abcdef ok', `token ${REMOVED} ok`],
    ['request req_011CeCGmMJJGRCp7xgjqapmJ', `request ${REMOVED}`],
  ])('%s', (text, expected) => {
    expect(scrubKeyShapes(text)).toBe(expected)
  })

  it.each([
    'The model `gpt-3.5-turbo-0613` has been deprecated',
    'claude-haiku-4-5-20251001 is gone',
    'prompt is too long: 3333404 tokens > 200000 maximum',
    'anthropic/claude-4.5-haiku-20251001',
  ])('keeps %s', (text) => {
    expect(scrubKeyShapes(text)).toBe(text)
  })
})

describe('excerptOf', () => {
  test.prop([fc.string({ maxLength: 5000, unit: 'binary' })])('is one line of at most 200 characters', (text) => {
    const excerpt = excerptOf(text)
    expect(Array.from(excerpt).length).toBeLessThanOrEqual(200)
    expect(excerpt).not.toMatch(/[\r\n\t\0]/)
  })

  it('cuts after scrubbing, so that no end of a key stays at the cut', () => {
    const key = canaryKey().text
    for (let pad = 150; pad < 210; pad += 1)
      expect(leaksIn(excerptOf(`${'a '.repeat(pad / 2)}${key}`, createScrubber(secret(key))), key)).toEqual([])
  })

  it('takes time in proportion to hostile text', () => {
    for (const text of [' '.repeat(1e5), '<'.repeat(1e5), 'key: '.repeat(2e4), `api key${' '.repeat(1e5)}`, 'sk-'.repeat(3e4)])
      expect(excerptOf(text).length).toBeLessThanOrEqual(200)
  })
})
