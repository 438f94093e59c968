import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { canaryKey, everythingOf, leaksIn } from '../../test/support/leaks.ts'
import { AppError } from '../base/errors.ts'
import { checkExtraHeaders, contentHeaders, storedHeaders } from './headers.ts'

function refusal(headers: Record<string, string>): AppError {
  try {
    checkExtraHeaders(headers)
  } catch (error) {
    expect(error).toBeInstanceOf(AppError)
    return error as AppError
  }
  throw new Error(`not refused: ${Object.keys(headers).join()}`)
}

describe('KEY-8: headers that a person sets', () => {
  // 500 generated headers, each bad in one way: the answer is header.refused (422) and never repeats the value.
  const badCharacter = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '\0',
    '\u0001',
    '\u001f',
    '\u007f',
    '\u0080',
    '\u009f',
    '\u0100',
    '\u2028',
    '\u4e2d',
    '\ud83d\ude00',
  )
  const NAMES = `Host Connection Keep-Alive Proxy-Connection Proxy-Authenticate Proxy-Authorization TE Trailer Transfer-Encoding Upgrade Expect
    Content-Length Content-Type Content-Encoding Accept-Encoding Authorization X-Api-Key Api-Key x-goog-api-key X-Auth-Token Cookie Set-Cookie
    X-Forwarded-For X-Forwarded-Host X-Real-IP X-HTTP-Method-Override X-Access-Token cf-aig-authorization Helicone-Auth X-Secret x-a: x-ä x(y)
    :authority __proto__ constructor`
  const badName = fc.constantFrom(...NAMES.split(/\s+/), '', ' x-a', 'x-a ', 'x a', 'x-a\r\nx-b', 'x-\0')
  const upperOrLower = fc.boolean()
  const bad = fc.oneof(
    fc
      .tuple(fc.string({ maxLength: 20 }), badCharacter, fc.string({ maxLength: 20 }))
      .map(([before, character, after]) => ({ name: 'x-title', pad: [`a${before}${character}`, `${after}b`] })),
    fc.tuple(badName, upperOrLower).map(([name, upper]) => ({ name: upper ? name.toUpperCase() : name, pad: ['', ''] })),
  )
  test.prop([bad], { numRuns: 500 })('500 bad ones are refused without their value', ({ name, pad }) => {
    const canary = canaryKey().text
    const error = refusal({ [name]: `${pad[0]}${canary}${pad[1]}` })
    expect(error.code).toBe('header.refused')
    expect(leaksIn(everythingOf(error), canary)).toEqual([])
  })

  it('a name given twice in different case is refused', () => {
    expect(refusal({ 'X-Title': 'a', 'x-title': 'b' }).detail).toContain('given twice')
  })

  it('a value pasted as a name is not repeated', () => {
    const canary = `x-${canaryKey().text.replaceAll('.', '-')}`
    expect(leaksIn(everythingOf(refusal({ [canary]: 'a', [canary.toUpperCase()]: 'b' })), canary)).toEqual([])
  })

  it('white space around a value is trimmed on save, empty values and too many are refused', () => {
    expect(checkExtraHeaders({ 'X-Title': ' My shop \t', 'HTTP-Referer': 'https://shop.example', 'OpenAI-Beta': 'a=v1' })).toEqual({
      'x-title': 'My shop',
      'http-referer': 'https://shop.example',
      'openai-beta': 'a=v1',
    })
    expect(refusal({ 'x-title': ' \t' }).detail).toContain('empty')
    expect(refusal(Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, 'a']))).detail).toContain('more than 20')
  })

  const name = fc
    .stringMatching(/^X-[A-Za-z]{1,10}-[0-9]{1,3}$/)
    .filter((text) => !/auth|key|token|secret|passw|credential|cookie|session|signature|^x-forwarded|^x-amz/i.test(text))
  const value = fc.stringMatching(/^[\x21-\x7e\xa1-\xff][\t\x20-\x7e\xa0-\xff]{0,40}[\x21-\x7e\xa1-\xff]$/)
  test.prop([name, value])('good ones stay as they are, and checking twice changes nothing', (headerName, headerValue) => {
    const checked = checkExtraHeaders({ [headerName]: headerValue })
    expect(checked).toEqual({ [headerName.toLowerCase()]: headerValue })
    expect(checkExtraHeaders(checked)).toEqual(checked)
  })
})

it('only content headers of a caller are sent', () => {
  const headers = {
    Accept: 'a',
    'Content-Type': 'b',
    Authorization: 'c',
    'X-Title': 'd',
    'anthropic-beta': 'e',
    'openai-beta': 'bad\r\nvalue',
  }
  expect(contentHeaders(headers)).toEqual([
    ['accept', 'a'],
    ['content-type', 'b'],
    ['anthropic-beta', 'e'],
  ])
})

describe('headers of an answer', () => {
  it('are stored by an allow-list, short and without the key', () => {
    const key = canaryKey().text
    const headers = {
      'x-request-id': 'req_1',
      'x-ratelimit-reset-tokens': '6m0s',
      'anthropic-ratelimit-tokens-remaining': '7',
      'request-id': `id-${key.slice(5, 17)}`,
      'retry-after': key,
      'content-type': 'x'.repeat(200),
      date: ['a', 'b'],
      'set-cookie': 'a=b',
      'x-api-key': key,
    }
    expect(storedHeaders(headers, key)).toEqual({
      'x-request-id': 'req_1',
      'x-ratelimit-reset-tokens': '6m0s',
      'anthropic-ratelimit-tokens-remaining': '7',
    })
  })
})
