import { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import type { SealContext, WrapContext } from './context.ts'
import { encodeFields } from './encoding.ts'
import { fingerprintOf } from './key-text.ts'
import { checkValueOf, hasCheckValue, localMasterKey } from './master-key.ts'
import { open } from './open.ts'
import { openRecord, sealRecord } from './record.ts'
import { arbitraryContext, arbitraryKeyBytes } from '../../test/support/vault/arbitraries.ts'
import { hexToBytes, referenceOpen, referenceSeal } from '../../test/support/vault/reference.ts'

interface Vectors {
  records: {
    name: string
    dataKey: string
    dataKeyId: string
    context: SealContext
    plaintext: string
    sealed: string
    fingerprint: string
  }[]
  wrappedDataKeys: { masterKey: string; masterKeyId: string; checkValue: string; context: WrapContext; dataKey: string; wrapped: string }[]
}

const vectors = JSON.parse(readFileSync(new URL('vectors.v1.json', import.meta.url), 'utf8')) as Vectors
const secretKey = (hex: string): ReturnType<typeof createSecretKey> => createSecretKey(hexToBytes(hex))
const fieldsOf = ({ deploymentId, recordType, field, provider }: SealContext): string[] => [deploymentId, recordType, field, provider]

describe('known answers of format v1', () => {
  it('are all there', () => {
    expect([vectors.records.length, vectors.wrappedDataKeys.length]).toEqual([5, 1])
  })

  it.each(vectors.records)('a sealed key: $name', ({ dataKey, dataKeyId, context, plaintext, sealed, fingerprint }) => {
    const opened = open({ sealed, dataKey: { id: dataKeyId, key: secretKey(dataKey) }, context })
    expect(Buffer.from(opened.reveal()).toString()).toBe(plaintext)
    expect(Buffer.from(fingerprintOf(opened, secretKey(dataKey))).toString('hex')).toBe(fingerprint)
    const moved = { ...context, destination: { ...context.destination, baseUrl: `${context.destination.baseUrl}x` } }
    expect(() => open({ sealed, dataKey: { id: dataKeyId, key: secretKey(dataKey) }, context: moved })).toThrow('key.unreadable')
  })

  it.each(vectors.wrappedDataKeys)('a wrapped data key', async ({ masterKey, masterKeyId, checkValue, context, dataKey, wrapped }) => {
    const unwrapped = await localMasterKey(masterKeyId, secretKey(masterKey)).unwrap(hexToBytes(wrapped), context)
    expect(Buffer.from(unwrapped).toString('hex')).toBe(dataKey)
    expect(Buffer.from(checkValueOf(masterKeyId, secretKey(masterKey))).toString('hex')).toBe(checkValue)
    expect(hasCheckValue({ id: masterKeyId, key: secretKey(dataKey), checkValue: hexToBytes(checkValue) })).toBe(false)
  })

  it.each([
    ['workspaceId', 'other'],
    ['deploymentId', 'other'],
    ['dataKeyId', 'other'],
    ['dataKeyVersion', 4],
  ])('a wrapped data key does not open with another %s', async (name, value) => {
    const { masterKey, masterKeyId, context, wrapped } = vectors.wrappedDataKeys[0]!
    const other = { ...context, [name]: value } as WrapContext
    await expect(localMasterKey(masterKeyId, secretKey(masterKey)).unwrap(hexToBytes(wrapped), other)).rejects.toThrow('key.unreadable')
  })
})

describe('against an independent implementation', () => {
  const keyBytes = hexToBytes('8f1c2a77d0e94b6153c8fa02be971d34a6507ce918f23d4b85c7619e0af2d35b')
  const keyId = '0198a1b2-0000-7000-8000-0000000000e1'
  const key = { id: keyId, key: createSecretKey(keyBytes) }

  test.prop([arbitraryKeyBytes, arbitraryContext])('it opens what we seal', async (plaintext, context) => {
    const fields = fieldsOf(context)
    const record = sealRecord({ plaintext, key, context: encodeFields(fields) })
    expect(await referenceOpen({ key: keyBytes, keyId, fields, record: Uint8Array.from(record) })).toEqual(Uint8Array.from(plaintext))
  })

  test.prop([arbitraryKeyBytes, arbitraryContext])('we open what it seals', async (plaintext, context) => {
    const fields = fieldsOf(context)
    const random = crypto.getRandomValues(new Uint8Array(44))
    const record = await referenceSeal({ key: keyBytes, keyId, fields, plaintext, salt: random.slice(0, 32), nonce: random.slice(32) })
    const opened = openRecord({ record, key, context: encodeFields(fields) })
    expect(Buffer.from(opened)).toEqual(Buffer.from(plaintext))
  })
})
