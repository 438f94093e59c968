import { createCipheriv } from 'node:crypto'

/** One reader of AES-256-GCM: a key, and the additional data it expects. */
interface Reader {
  readonly key: Uint8Array
  readonly aad: Uint8Array
}

/**
 * One block of ciphertext and one tag that plain AES-256-GCM accepts under two keys: GCM does not commit to its key.
 * The tag is linear in the ciphertext over GF(2^128), so the one block that gives both readers the same tag is solved for.
 * @see Dodis, Grubbs, Ristenpart, Woodage: Fast Message Franking, CRYPTO 2018 ("invisible salamanders")
 */
export function twoKeyCiphertext({ nonce, readers }: { nonce: Uint8Array; readers: readonly [Reader, Reader] }): {
  ciphertext: Uint8Array
  tag: Uint8Array
} {
  const terms = readers.map(({ key, aad }) => {
    const h = toField(encryptBlock(key, new Uint8Array(16)))
    const mask = toField(encryptBlock(key, Uint8Array.of(...nonce, 0, 0, 0, 1)))
    const lengths = (BigInt(aad.length * 8) << 64n) | 128n
    let hash = 0n
    for (let at = 0; at < aad.length; at += 16) hash = multiply(hash ^ toField(aad.subarray(at, at + 16)), h)
    const square = multiply(h, h)
    // tag = block * square + rest
    return { square, rest: multiply(hash, square) ^ multiply(lengths, h) ^ mask }
  })
  const [a, b] = [terms[0]!, terms[1]!]
  const block = multiply(a.rest ^ b.rest, invert(a.square ^ b.square))
  return { ciphertext: fromField(block), tag: fromField(multiply(block, a.square) ^ a.rest) }
}

/** GF(2^128) as GCM writes it: the first bit of a block is the coefficient of x^0 (NIST SP 800-38D, 6.3). */
function multiply(x: bigint, y: bigint): bigint {
  let product = 0n
  let shifted = y
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n
  }
  return product
}

/** x^(2^128 - 2), which is 1/x. */
function invert(x: bigint): bigint {
  let result = 1n << 127n // one
  let power = x
  for (let bit = 1; bit < 128; bit += 1) {
    power = multiply(power, power)
    result = multiply(result, power)
  }
  return result
}

const toField = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex').padEnd(32, '0')}`)
const fromField = (element: bigint): Uint8Array => Uint8Array.from(Buffer.from(element.toString(16).padStart(32, '0'), 'hex'))

function encryptBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block)
}
