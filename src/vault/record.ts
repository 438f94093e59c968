import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { deriveKeys } from './derive.ts'
import { bytesToUuid, encodeFields, uuidToBytes } from './encoding.ts'

// Format v1: "LK" | version 1 | suite 1 | key id 16 | salt 32 | commitment 32 | nonce 12 | ciphertext | tag 16; see docs/vault.md
const PREAMBLE = Buffer.from([0x4c, 0x4b, 0x01, 0x01])
const KEY_ID_AT = PREAMBLE.length
const SALT_AT = KEY_ID_AT + 16
const COMMITMENT_AT = SALT_AT + 32
const HEADER_BYTES = COMMITMENT_AT + 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const TEXT_PREFIX = 'lk1.'

/** What a sealed record is longer than its plaintext, in bytes. */
export const OVERHEAD_BYTES = HEADER_BYTES + NONCE_BYTES + TAG_BYTES

/** A key of the vault with the id that records sealed under it carry: a data key, or the master key when a data key is wrapped. */
export interface VaultKey {
  readonly id: string
  readonly key: KeyObject
}

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a key derived for this record alone. `context` (encodeFields) says
 * what the record is and where it belongs; it enters the derivation, the commitment and the AAD.
 * @returns the record, OVERHEAD_BYTES longer than the plaintext.
 */
export function sealRecord({ plaintext, key, context }: { plaintext: Uint8Array; key: VaultKey; context: Uint8Array }): Buffer {
  const salt = randomBytes(32)
  const nonce = randomBytes(NONCE_BYTES)
  const { encryptionKey, commitment } = deriveRecordKeys({ key: key.key, salt, context })
  const header = Buffer.concat([PREAMBLE, uuidToBytes(key.id), salt, commitment])
  const cipher = createCipheriv('aes-256-gcm', encryptionKey, nonce, { authTagLength: TAG_BYTES })
  encryptionKey.fill(0)
  cipher.setAAD(Buffer.concat([header, context]))
  return Buffer.concat([header, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
}

/**
 * Decrypts a record. The key's id is not compared with the header's: it is what the key was looked up by, and the header
 * is authenticated.
 * @returns the plaintext in memory of its own, for the caller to wipe.
 * @throws AppError key.unreadable, whatever the reason.
 */
export function openRecord({ record, key, context }: { record: Uint8Array; key: VaultKey; context: Uint8Array }): Uint8Array {
  requireFormat(record)
  const header = record.subarray(0, HEADER_BYTES)
  const { encryptionKey, commitment } = deriveRecordKeys({ key: key.key, salt: header.subarray(SALT_AT, COMMITMENT_AT), context })
  try {
    // GCM alone does not bind a ciphertext to one key: a value can be made that opens under two
    if (!timingSafeEqual(commitment, header.subarray(COMMITMENT_AT))) throw unreadable()
    return decrypt({ encryptionKey, aad: Buffer.concat([header, context]), body: record.subarray(HEADER_BYTES) })
  } finally {
    encryptionKey.fill(0)
  }
}

function decrypt({ encryptionKey, aad, body }: { encryptionKey: Uint8Array; aad: Uint8Array; body: Uint8Array }): Uint8Array {
  const tagAt = body.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', encryptionKey, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(aad)
  decipher.setAuthTag(body.subarray(tagAt))
  const plaintext = decipher.update(body.subarray(NONCE_BYTES, tagAt))
  try {
    decipher.final() // GCM keeps nothing back: this only checks the tag
  } catch {
    plaintext.fill(0)
    throw unreadable()
  }
  return plaintext
}

function deriveRecordKeys({ key, salt, context }: { key: KeyObject; salt: Uint8Array; context: Uint8Array }): {
  encryptionKey: Buffer
  commitment: Buffer
} {
  const infos = ['latchkey/v1/DERIVEKEY', 'latchkey/v1/COMMITKEY'].map((label) => Buffer.concat([encodeFields([label]), context]))
  const [encryptionKey, commitment] = deriveKeys({ key, salt, infos })
  return { encryptionKey: encryptionKey!, commitment: commitment! }
}

/** The id of the key that a record says it was sealed under; only opening the record proves it. */
export function keyIdOf(record: Uint8Array): string {
  requireFormat(record)
  return bytesToUuid(record.subarray(KEY_ID_AT, SALT_AT))
}

function requireFormat(record: Uint8Array): void {
  if (record.length < OVERHEAD_BYTES || !PREAMBLE.equals(record.subarray(0, PREAMBLE.length))) throw unreadable()
}

/** A record as the text in a column. */
export function recordToText(record: Uint8Array): string {
  return TEXT_PREFIX + Buffer.from(record).toString('base64url')
}

/** @throws AppError key.unreadable also for a text that decodes but is not what `recordToText` writes: one record has one text. */
export function recordFromText(text: string): Buffer {
  const encoded = text.startsWith(TEXT_PREFIX) ? text.slice(TEXT_PREFIX.length) : ''
  const record = Buffer.from(encoded, 'base64url')
  if (record.length === 0 || record.toString('base64url') !== encoded) throw unreadable()
  return record
}

/** The only error of opening. One text for every reason, so that it tells a forger nothing. */
export function unreadable(): AppError {
  return new AppError(
    'key.unreadable',
    'A sealed key does not open: it was changed or moved, or what it is bound to (its workspace, connection or destination) was. ' +
      'Enter the key again for this connection.',
  )
}
