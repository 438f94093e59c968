import { createHmac, type KeyObject } from 'node:crypto'

const FIRST_BLOCK = Buffer.of(1)

/**
 * HKDF-SHA512 (RFC 5869): 32 bytes for each `info`, from one extraction. Written out over HMAC because
 * `crypto.hkdf` takes no info of more than 1,024 bytes, and a destination with its headers can be longer.
 * The caller wipes what it gets.
 */
export function deriveKeys({ key, salt, infos }: { key: KeyObject; salt: Uint8Array; infos: readonly Uint8Array[] }): Buffer[] {
  const material = key.export()
  const pseudorandomKey = createHmac('sha512', salt).update(material).digest()
  material.fill(0)
  // 32 of the first block's 64 bytes are all that is asked for, so there is never a second block
  const derived = infos.map((info) => createHmac('sha512', pseudorandomKey).update(info).update(FIRST_BLOCK).digest().subarray(0, 32))
  pseudorandomKey.fill(0)
  return derived
}
