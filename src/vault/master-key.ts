import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { encodeWrapContext, type WrapContext } from './context.ts'
import { openRecord, sealRecord } from './record.ts'

const CHECK_VALUE_LABEL = 'latchkey/kcv/v1'
const CHECK_VALUE_BYTES = 8

/**
 * What wraps the workspaces' data keys. It is never in the database. Asynchronous because another source of master keys
 * may be a service; the only source today is a file.
 */
export interface MasterKey {
  readonly id: string
  wrap(dataKey: Uint8Array, context: WrapContext): Promise<Uint8Array>
  /** @throws AppError key.unreadable. The caller wipes what it gets. */
  unwrap(wrapped: Uint8Array, context: WrapContext): Promise<Uint8Array>
}

/** A master key whose bytes this process holds. */
export function localMasterKey(id: string, key: KeyObject): MasterKey {
  return {
    id,
    wrap: async (dataKey, context) => sealRecord({ plaintext: dataKey, key: { id, key }, context: encodeWrapContext(context) }),
    unwrap: async (wrapped, context) => openRecord({ record: wrapped, key: { id, key }, context: encodeWrapContext(context) }),
  }
}

/** Puts key bytes out of JavaScript's reach: into a KeyObject, and zeros where they were. */
export function takeKey(bytes: Uint8Array): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** What the database keeps to know a master key again: 8 bytes of an HMAC, from which the key cannot be found. */
export function checkValueOf(id: string, key: KeyObject): Uint8Array {
  return createHmac('sha256', key).update(CHECK_VALUE_LABEL).update(id).digest().subarray(0, CHECK_VALUE_BYTES)
}

export function hasCheckValue({ id, key, checkValue }: { id: string; key: KeyObject; checkValue: Uint8Array }): boolean {
  return checkValue.length === CHECK_VALUE_BYTES && timingSafeEqual(checkValueOf(id, key), checkValue)
}
