import { createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { encodeSealContext, type SealContext } from './context.ts'
import { deriveKeys } from './derive.ts'
import { encodeFields } from './encoding.ts'
import { open } from './open.ts'
import { keyIdOf, openRecord, OVERHEAD_BYTES, recordFromText, recordToText, sealRecord } from './record.ts'
import { seal } from './seal.ts'
import { arbitraryContext, arbitraryDestination, arbitraryKeyBytes, randomVaultKey } from '../../test/support/vault/arbitraries.ts'
import { hkdf } from '../../test/support/vault/reference.ts'
import { twoKeyCiphertext } from '../../test/support/vault/two-key-ciphertext.ts'

const key = randomVaultKey()
const context = encodeFields(['deployment', 'workspace', 'connection', '1', 'key'])
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')
const plaintext = Buffer.from('sk-test-0123456789abcdefghijklmnopqrstuvwxyz')

/** 'accepted', or the code of the error. */
function outcomeOf(attempt: () => unknown): string {
  try {
    attempt()
    return 'accepted'
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

describe('the sealed record', () => {
  it('is 112 bytes longer than the plaintext and names its key', () => {
    const record = sealRecord({ plaintext, key, context })
    expect(OVERHEAD_BYTES).toBe(112)
    expect(record.length).toBe(plaintext.length + 112)
    expect(keyIdOf(record)).toBe(key.id)
    expect(Buffer.from(openRecord({ record, key, context }))).toEqual(plaintext)
  })

  it('KEY-4: no record with one bit flipped opens, and no truncated or lengthened one', () => {
    const record = sealRecord({ plaintext, key, context })
    const forgeries: Buffer[] = []
    for (let bit = 0; bit < record.length * 8; bit += 1) {
      const changed = Buffer.from(record)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      forgeries.push(changed)
    }
    for (let length = 0; length < record.length; length += 1) {
      forgeries.push(record.subarray(0, length), record.subarray(record.length - length))
    }
    forgeries.push(Buffer.concat([record, Buffer.of(0)]), Buffer.concat([Buffer.of(0), record]))
    const outcomes = forgeries.map((forgery) => outcomeOf(() => openRecord({ record: forgery, key, context })))
    expect(outcomes.length).toBe(record.length * 10 + 2)
    expect(outcomes.findIndex((outcome) => outcome !== 'key.unreadable')).toBe(-1)
  })

  it('KEY-4: a shortened tag is refused', () => {
    const record = sealRecord({ plaintext, key, context })
    for (const bytes of [4, 8, 12, 15]) {
      expect(() => openRecord({ record: record.subarray(0, record.length - 16 + bytes), key, context })).toThrow('key.unreadable')
    }
  })

  it('KEY-4: a value that plain AES-256-GCM opens under two keys opens here under one at most', () => {
    const [own, foreign] = [randomVaultKey(), randomVaultKey()] // both ids are the same: only the keys differ
    const contexts = [encodeFields(['workspace A']), encodeFields(['workspace B'])] as const
    const template = sealRecord({ plaintext: Buffer.alloc(16), key: own, context: contexts[0] })
    const [header, salt, nonce] = [template.subarray(0, 84), template.subarray(20, 52), template.subarray(84, 96)]
    const derived = [own, foreign].map((from, index) => {
      const infos = [Buffer.concat([encodeFields(['latchkey/v1/DERIVEKEY']), contexts[index]!])]
      return { key: deriveKeys({ key: from.key, salt, infos })[0]!, aad: Buffer.concat([header, contexts[index]!]) }
    })
    const { ciphertext, tag } = twoKeyCiphertext({ nonce, readers: [derived[0]!, derived[1]!] })
    for (const reader of derived) {
      const decipher = createDecipheriv('aes-256-gcm', reader.key, nonce, { authTagLength: 16 }).setAAD(reader.aad).setAuthTag(tag)
      decipher.update(ciphertext)
      expect(() => decipher.final()).not.toThrow() // plain GCM accepts it under both
    }
    const record = Buffer.concat([header, nonce, ciphertext, tag])
    expect(() => openRecord({ record, key: own, context: contexts[0] })).not.toThrow() // the one its header commits to
    expect(() => openRecord({ record, key: foreign, context: contexts[1] })).toThrow('key.unreadable')
  })

  it('never uses a salt or a nonce twice', () => {
    const seen = new Set<string>()
    for (let n = 0; n < 5_000; n += 1) {
      const record = sealRecord({ plaintext, key, context })
      seen.add(record.subarray(20, 52).toString('hex'))
      seen.add(record.subarray(84, 96).toString('hex'))
    }
    expect(seen.size).toBe(10_000)
  })

  it('tells apart where one field ends and the next begins', () => {
    expect(encodeFields(['ab', 'c'])).not.toEqual(encodeFields(['a', 'bc']))
    const record = sealRecord({ plaintext, key, context: encodeFields(['ab', 'c']) })
    expect(() => openRecord({ record, key, context: encodeFields(['a', 'bc']) })).toThrow('key.unreadable')
  })

  it('refuses text that is not well-formed Unicode, which UTF-8 would merge', () => {
    expect(() => encodeFields(['\ud800'])).toThrow(RangeError)
  })

  test.prop([fc.array(fc.string({ unit: 'binary' })), fc.array(fc.string({ unit: 'binary' }))])(
    'different fields are different bytes',
    (a, b) => {
      fc.pre([...a, ...b].every((field) => field.isWellFormed()))
      expect(encodeFields(a).equals(encodeFields(b))).toBe(JSON.stringify(a) === JSON.stringify(b))
    },
  )

  test.prop([
    fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  ])('derives keys as crypto.hkdf does, and as RFC 5869 says beyond its limit', async (info, salt, bytes) => {
    const [derived] = deriveKeys({ key: createSecretKey(bytes), salt, infos: [info] })
    if (info.length <= 1024) expect(derived).toEqual(Buffer.from(hkdfSync('sha512', bytes, salt, info, 32))) // its limit
    expect(derived).toEqual(Buffer.from(await hkdf(bytes, salt, info)))
  })
})

describe('the text of a record', () => {
  it('is one text only', () => {
    const text = recordToText(sealRecord({ plaintext: Buffer.from('12'), key, context }))
    const encoded = text.slice(4)
    expect(text.startsWith('lk1.')).toBe(true)
    expect(encoded).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(recordFromText(text).length).toBe(114)
    const variants = [
      encoded,
      `LK1.${encoded}`,
      `lk2.${encoded}`,
      `${text} `,
      ` ${text}`,
      `${text}\n`,
      `${text}=`,
      `${text}==`,
      `${text}A`,
      `lk1. ${encoded}`,
    ]
    variants.push(`lk1.${encoded.slice(0, 9)}\n${encoded.slice(9)}`, `lk1.${encoded.slice(0, 9)}!${encoded.slice(9)}`, 'lk1.', '')
    expect(variants.filter((variant) => outcomeOf(() => recordFromText(variant)) !== 'key.unreadable')).toEqual([])
  })

  it('refuses the other alphabet and bits behind the last byte', () => {
    const bytes = Buffer.alloc(113, 0xff) // 113 = 3 * 37 + 2: the last digit carries two spare bits
    const text = recordToText(bytes)
    expect(recordFromText(text)).toEqual(bytes)
    expect(() => recordFromText(text.replaceAll('_', '/'))).toThrow('key.unreadable')
    const lenient = BASE64URL.filter((digit) => Buffer.from(text.slice(4, -1) + digit, 'base64url').equals(bytes))
    expect(lenient.length).toBe(4) // what a lenient decoder takes for the same bytes
    expect(lenient.filter((digit) => outcomeOf(() => recordFromText(text.slice(0, -1) + digit)) === 'accepted').length).toBe(1)
  })

  const arbitraryText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...BASE64URL, '=') }))
  test.prop([arbitraryText])('any text is a record in its only spelling, or refused', (junk) => {
    const text = `lk1.${junk}`
    const outcome = outcomeOf(() => expect(recordToText(recordFromText(text))).toBe(text))
    expect(['accepted', 'key.unreadable']).toContain(outcome)
  })
})

describe('seal and open', () => {
  test.prop([arbitraryKeyBytes, arbitraryContext])('open inverts seal', (bytes, sealContext) => {
    const sealed = seal({ secret: new Secret(Uint8Array.from(bytes)), dataKey: key, context: sealContext })
    expect(Buffer.from(open({ sealed, dataKey: key, context: sealContext }).reveal())).toEqual(Buffer.from(bytes))
  })

  test.prop([arbitraryKeyBytes, arbitraryContext, fc.nat()], { numRuns: 2_000 })(
    'a value with any one bit changed never opens',
    (bytes, sealContext, bit) => {
      const record = recordFromText(seal({ secret: new Secret(Uint8Array.from(bytes)), dataKey: key, context: sealContext }))
      const at = bit % (record.length * 8)
      record[at >> 3]! ^= 1 << (at & 7)
      expect(() => open({ sealed: recordToText(record), dataKey: key, context: sealContext })).toThrow('key.unreadable')
    },
  )

  test.prop([arbitraryContext, arbitraryContext], { numRuns: 2_000 })('a value opens under no other context', (own, other) => {
    const same = encodeSealContext(own).equals(encodeSealContext(other))
    const sealed = seal({ secret: new Secret(Uint8Array.from(plaintext)), dataKey: key, context: own })
    if (!same) expect(() => open({ sealed, dataKey: key, context: other })).toThrow('key.unreadable')
    // and each field by itself, the others left as they were
    const opening = (Object.keys(own) as (keyof SealContext)[]).filter((name) => {
      const changed: SealContext = { ...own, [name]: other[name] }
      if (encodeSealContext(changed).equals(encodeSealContext(own))) return false
      return outcomeOf(() => open({ sealed, dataKey: key, context: changed })) !== 'key.unreadable'
    })
    expect(opening).toEqual([])
  })

  test.prop([arbitraryContext, arbitraryDestination])(
    'a key opens for the destination it was sealed to and no other',
    (sealContext, destination) => {
      const sealed = seal({ secret: new Secret(Uint8Array.from(plaintext)), dataKey: key, context: sealContext })
      const moved = { ...sealContext, destination }
      const same = encodeSealContext(moved).equals(encodeSealContext(sealContext))
      if (same) expect(() => open({ sealed, dataKey: key, context: moved })).not.toThrow()
      else expect(() => open({ sealed, dataKey: key, context: moved })).toThrow('key.unreadable')
    },
  )

  test.prop([arbitraryContext])('a key opens under no other data key', (sealContext) => {
    const sealed = seal({ secret: new Secret(Uint8Array.from(plaintext)), dataKey: key, context: sealContext })
    expect(() => open({ sealed, dataKey: randomVaultKey(), context: sealContext })).toThrow('key.unreadable')
  })

  it('every failure has the same code and the same text', () => {
    const base = {
      deploymentId: 'd',
      workspaceId: 'w',
      recordType: 'connection',
      recordId: 'r',
      field: 'key',
      recordVersion: 1,
      provider: 'p',
    } as const
    const sealContext: SealContext = { ...base, owner: { kind: 'workspace', id: 'w' }, destination: { baseUrl: 'https://h' } }
    const sealed = seal({ secret: new Secret(Uint8Array.from(plaintext)), dataKey: key, context: sealContext })
    const record = recordFromText(sealed)
    const flipped = (at: number): string => recordToText(record.map((byte, index) => (index === at ? byte ^ 1 : byte)))
    const failures = [
      () => open({ sealed: 'lk1.', dataKey: key, context: sealContext }),
      () => open({ sealed: 'plain text key', dataKey: key, context: sealContext }),
      () => open({ sealed: flipped(2), dataKey: key, context: sealContext }), // version
      () => open({ sealed: flipped(60), dataKey: key, context: sealContext }), // commitment
      () => open({ sealed: flipped(90), dataKey: key, context: sealContext }), // nonce
      () => open({ sealed: flipped(100), dataKey: key, context: sealContext }), // ciphertext
      () => open({ sealed, dataKey: randomVaultKey(), context: sealContext }),
      () => open({ sealed, dataKey: key, context: { ...sealContext, destination: { baseUrl: 'https://user:pw@h' } } }),
      () => open({ sealed, dataKey: key, context: { ...sealContext, recordVersion: -1 } }),
      () => open({ sealed, dataKey: key, context: { ...sealContext, recordId: '\ud800' } }),
    ]
    const texts = failures.map((fail) => {
      try {
        fail()
        return 'opened'
      } catch (error) {
        return String(error)
      }
    })
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toMatch(/^AppError: key\.unreadable: /)
  })

  it('a thousand random keys give a thousand different records of one secret', () => {
    const records = new Set(
      Array.from({ length: 1000 }, () =>
        sealRecord({ plaintext, key: { id: key.id, key: createSecretKey(randomBytes(32)) }, context }).toString('hex'),
      ),
    )
    expect(records.size).toBe(1000)
  })
})
