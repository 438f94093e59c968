const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Texts as one byte string that no other list of texts gives: each as UTF-8 behind its length in bytes (u32, big-endian).
 * @throws RangeError for a text with half a surrogate pair, which UTF-8 cannot tell from another.
 */
export function encodeFields(fields: readonly string[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      if (!field.isWellFormed()) throw new RangeError('a field of a sealed record is not well-formed Unicode')
      const bytes = Buffer.from(field, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}

/** A UUID (lower case, with dashes) as its 16 bytes. */
export function uuidToBytes(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new RangeError('not a UUID in lower case')
  return Buffer.from(uuid.replaceAll('-', ''), 'hex')
}

export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
