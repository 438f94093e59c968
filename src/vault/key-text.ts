import { createHmac, type KeyObject } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { deriveKeys } from './derive.ts'
import { encodeFields } from './encoding.ts'

const MAX_KEY_BYTES = 4096
const MASK_FROM_BYTES = 20
const FINGERPRINT_BYTES = 16
const FINGERPRINT_INFO = encodeFields(['latchkey/v1/fingerprint'])

/**
 * A key as it is sealed and sent: without the white space around it, and only of characters that an HTTP header takes
 * as they are (printable ASCII). The given bytes are left alone; the secret has its own.
 * Of a key that is a JSON file (a service account's), the line ends and tabs between its members are left out: inside its texts
 * JSON has none.
 * @throws AppError key.invalid, never repeating any of the key.
 */
export function normaliseKey(bytes: Uint8Array): Secret {
  let start = 0
  let end = bytes.length
  while (start < end && isWhiteSpace(bytes[start]!)) start += 1
  while (end > start && isWhiteSpace(bytes[end - 1]!)) end -= 1
  if (start === end) throw new AppError('key.invalid', 'The key is empty. Copy it again from the provider.')
  if (end - start > MAX_KEY_BYTES)
    throw new AppError('key.invalid', `The key is longer than ${MAX_KEY_BYTES} characters. Copy only the key.`)
  const copy = new Uint8Array(bytes.subarray(start, end))
  const key = isJsonObject(copy) ? withoutLineEnds(copy) : copy
  for (const byte of key) {
    if (byte < 0x20 || byte > 0x7e) {
      key.fill(0)
      throw new AppError('key.invalid', 'The key holds a line break or another character that no key has. Copy it again from the provider.')
    }
  }
  return new Secret(key)
}

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

const isJsonObject = (bytes: Uint8Array): boolean => bytes[0] === 0x7b && bytes.at(-1) === 0x7d

/** The same bytes, closed up in their place. */
function withoutLineEnds(bytes: Uint8Array): Uint8Array {
  let length = 0
  for (const byte of bytes) {
    if (byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN) continue
    bytes[length] = byte
    length += 1
  }
  return bytes.fill(0, length).subarray(0, length)
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

/** What may be shown of a normalised key: its last four characters, or nothing of a short one or of a file, whose end says nothing. Never its beginning or length. */
export function lastFourOf(key: Secret): string | null {
  const bytes = key.reveal()
  return bytes.length < MASK_FROM_BYTES || isJsonObject(bytes) ? null : String.fromCharCode(...bytes.subarray(-4))
}

/**
 * Tells equal keys inside a workspace without opening them: HMAC-SHA256 under a key derived from the data key, 16 bytes.
 * Differs between workspaces and between data key versions, and is of no use without the data key.
 */
export function fingerprintOf(key: Secret, dataKey: KeyObject): Uint8Array {
  const [fingerprintKey] = deriveKeys({ key: dataKey, salt: new Uint8Array(0), infos: [FINGERPRINT_INFO] })
  const digest = createHmac('sha256', fingerprintKey!).update(key.reveal()).digest()
  fingerprintKey!.fill(0)
  return digest.subarray(0, FINGERPRINT_BYTES)
}
