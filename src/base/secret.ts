const contents = new WeakMap<Secret, Uint8Array>()

/**
 * Bytes that cannot be printed: `inspect`, string conversion, JSON and structured clone show "[secret]" or nothing.
 * Only `vault/` makes one from a sealed value and only `calls/` reveals it, for the length of one request.
 */
export class Secret {
  constructor(bytes: Uint8Array) {
    contents.set(this, bytes)
  }
  /** The bytes themselves, not a copy: `wipe` clears them. */
  reveal(): Uint8Array {
    const bytes = contents.get(this)
    if (!bytes) throw new Error('this secret was wiped')
    return bytes
  }
  /** Overwrites the bytes; the secret cannot be revealed again. */
  wipe(): void {
    contents.get(this)?.fill(0)
    contents.delete(this)
  }
  toString(): string {
    return '[secret]'
  }
  [Symbol.toPrimitive](): string {
    return '[secret]'
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]'
  }
}
