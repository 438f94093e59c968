import { webcrypto } from 'node:crypto'
import { gcm } from '@noble/ciphers/aes.js'

/**
 * Format v1 a second time, straight from docs/vault.md and sharing no code with the product: HKDF over WebCrypto's HMAC,
 * AES-256-GCM by @noble/ciphers. Also what the vectors were made with.
 */
export interface ReferenceInput {
  readonly key: Uint8Array // 32 bytes
  readonly keyId: string // UUID
  readonly fields: readonly string[] // of the context
}

export async function referenceSeal(
  input: ReferenceInput & { plaintext: Uint8Array; salt: Uint8Array; nonce: Uint8Array },
): Promise<Uint8Array> {
  const { key, keyId, fields, plaintext, salt, nonce } = input
  const context = prefixed(fields)
  const encryptionKey = await hkdf(key, salt, join(prefixed(['latchkey/v1/DERIVEKEY']), context))
  const commitment = await hkdf(key, salt, join(prefixed(['latchkey/v1/COMMITKEY']), context))
  const header = join(Uint8Array.of(0x4c, 0x4b, 1, 1), hexToBytes(keyId.replaceAll('-', '')), salt, commitment)
  return join(header, nonce, gcm(encryptionKey, nonce, join(header, context)).encrypt(plaintext)) // noble appends the tag
}

export async function referenceOpen({ key, fields, record }: ReferenceInput & { record: Uint8Array }): Promise<Uint8Array> {
  const context = prefixed(fields)
  const header = record.slice(0, 84)
  const encryptionKey = await hkdf(key, header.slice(20, 52), join(prefixed(['latchkey/v1/DERIVEKEY']), context))
  return gcm(encryptionKey, record.slice(84, 96), join(header, context)).decrypt(record.slice(96))
}

/** RFC 5869 over WebCrypto's HMAC, for one block: WebCrypto's own HKDF takes no info of more than 1,024 bytes either. */
export async function hkdf(key: Uint8Array, salt: Uint8Array, info: Uint8Array): Promise<Uint8Array> {
  const pseudorandomKey = await hmac(salt.length === 0 ? new Uint8Array(64) : salt, key)
  return (await hmac(pseudorandomKey, join(info, Uint8Array.of(1)))).slice(0, 32)
}

async function hmac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const imported = await webcrypto.subtle.importKey('raw', new Uint8Array(key), { name: 'HMAC', hash: 'SHA-512' }, false, ['sign'])
  return new Uint8Array(await webcrypto.subtle.sign('HMAC', imported, new Uint8Array(data)))
}

function prefixed(fields: readonly string[]): Uint8Array {
  return join(
    ...fields.flatMap((field) => {
      const bytes = new TextEncoder().encode(field)
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, bytes.length, false)
      return [length, bytes]
    }),
  )
}

export function hexToBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
