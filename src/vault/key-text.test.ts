import { createSecretKey, randomBytes } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Secret } from '../base/secret.ts'
import { fingerprintOf, lastFourOf, normaliseKey } from './key-text.ts'
import { arbitraryKeyBytes } from '../../test/support/vault/arbitraries.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (secret: Secret): string => Buffer.from(secret.reveal()).toString()

describe('a key as it is saved', () => {
  it('loses the white space around it', () => {
    expect(textOf(normaliseKey(bytes(' \t\r\nsk-abc def\r\n')))).toBe('sk-abc def')
  })

  it.each([
    ['empty', ''],
    ['white space only', ' \r\n\t'],
    ['a line feed inside', 'sekret\nsekret'],
    ['a carriage return inside', 'sekret\rsekret'],
    ['a line end and a header', 'sekret\r\nHost: evil.example'],
    ['a NUL', 'sekret\0sekret'],
    ['a NUL at its end', 'sekret\0'],
    ['a tab inside', 'sekret\tsekret'],
    ['DEL', 'sekret\x7f'],
    ['a letter that is not ASCII', 'sekrét'],
    ['a no-break space', 'sekret\u00a0'],
    ['a byte order mark', '\ufeffsekret'],
    ['typographic quotes', '“sekret”'],
    ['more than 4 KiB', 'sekret'.repeat(700)],
  ])('refuses %s without repeating it', (_, text) => {
    expect(() => normaliseKey(bytes(text))).toThrow(/^key\.invalid: (?!.*sekr)/s)
  })

  it('takes exactly 4 KiB', () => {
    expect(normaliseKey(bytes('k'.repeat(4096))).reveal().length).toBe(4096)
  })

  it('takes the JSON file of a service account: what stands between its members goes, what is inside its texts stays', () => {
    const file = '\n{\r\n\t"type": "service_account",\n  "private_key": "-----BEGIN\\nAB\\tC"\n}\n'
    const key = normaliseKey(bytes(file))
    expect(textOf(key)).toBe('{"type": "service_account",  "private_key": "-----BEGIN\\nAB\\tC"}')
    expect(JSON.parse(textOf(key))).toEqual(JSON.parse(file))
    expect(textOf(normaliseKey(key.reveal()))).toBe(textOf(key))
    expect(lastFourOf(key)).toBeNull()
    expect(() => normaliseKey(bytes('{\n"a": "\u0001"}'))).toThrow('key.invalid')
  })

  it('has memory of its own: wiping it leaves the input alone, and the other way round', () => {
    const input = bytes('sk-0123456789')
    const key = normaliseKey(input)
    input.fill(0)
    expect(textOf(key)).toBe('sk-0123456789')
  })

  test.prop([fc.uint8Array({ maxLength: 60 })])('any bytes become a clean key or are refused, and a clean key stays as it is', (input) => {
    let key: Secret
    try {
      key = normaliseKey(input)
    } catch (error) {
      expect(String(error)).toContain('key.invalid')
      return
    }
    expect(textOf(key)).toMatch(/^[!-~]([ -~]*[!-~])?$/)
    expect(() => new Headers({ authorization: `Bearer ${textOf(key)}` })).not.toThrow()
    expect(textOf(normaliseKey(key.reveal()))).toBe(textOf(key))
  })
})

describe('what is shown of a key', () => {
  it('is the last four characters of a long key and nothing of a short one', () => {
    expect(lastFourOf(new Secret(bytes('k'.repeat(16) + 'wxyz')))).toBe('wxyz') // 20 characters
    expect(lastFourOf(new Secret(bytes('k'.repeat(15) + 'wxyz')))).toBeNull() // 19
    expect(lastFourOf(new Secret(bytes('wxyz')))).toBeNull()
  })
})

describe('the fingerprint of a key', () => {
  const dataKey = createSecretKey(randomBytes(32))

  test.prop([arbitraryKeyBytes, arbitraryKeyBytes])('is equal for equal keys and different for others', (a, b) => {
    const [one, two] = [a, b].map((key) => fingerprintOf(new Secret(Uint8Array.from(key)), dataKey))
    expect(one!.length).toBe(16)
    expect(Buffer.from(one!).equals(two!)).toBe(Buffer.from(a).equals(b))
  })

  it('is different in every workspace', () => {
    const key = new Secret(bytes('sk-0123456789'))
    expect(fingerprintOf(key, dataKey)).not.toEqual(fingerprintOf(key, createSecretKey(randomBytes(32))))
  })
})
