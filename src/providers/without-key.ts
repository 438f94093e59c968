import { REMOVED } from '../runtime/scrub.ts'

/** Takes a key out of bytes that pass. */
export interface KeyFilter {
  push(bytes: Uint8Array): Uint8Array
  /** What was held back: the end of the last bytes could have been a key's beginning. */
  end(): Uint8Array
}

/** A shorter key is no secret: servers of one's own are given "ollama" or "none", which are words of answers too. */
const SHORTEST_KEY = 16
const NOTHING = new Uint8Array(0)

/**
 * Removes the key itself from an answer, wherever it stands and however its bytes are cut (KEY-11): whoever reads an answer need
 * not be whoever may know the key. All other bytes stay as they were and are held back only while they could be the key's beginning.
 * Undefined where there is none to remove. Encoded forms and pieces are removed from texts of failures (`scrub-value.ts`).
 */
export function createKeyFilter(keyText: string | undefined): KeyFilter | undefined {
  const text = keyText?.replace(/^Bearer /, '')
  if (text === undefined || text.length < SHORTEST_KEY) return undefined
  const key = Buffer.from(text, 'latin1')
  const removed = Buffer.from(REMOVED)
  let held: Uint8Array = NOTHING
  return {
    push(bytes) {
      const all = held.byteLength === 0 ? bufferOf(bytes) : Buffer.concat([held, bytes])
      held = NOTHING
      const parts: Uint8Array[] = []
      let from = 0
      for (let at = all.indexOf(key); at !== -1; at = all.indexOf(key, from)) {
        parts.push(all.subarray(from, at), removed)
        from = at + key.length
      }
      const until = all.length - beginningAtEnd(all.subarray(from), key)
      held = all.subarray(until)
      if (from === 0) return until === all.length ? all : all.subarray(0, until)
      return Buffer.concat([...parts, all.subarray(from, until)])
    },
    end() {
      const rest = held
      held = NOTHING
      return rest
    },
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** How many of the last bytes are how the key begins. */
function beginningAtEnd(bytes: Buffer, key: Buffer): number {
  const first = key[0]!
  const earliest = Math.max(0, bytes.length - key.length + 1)
  for (let at = bytes.indexOf(first, earliest); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (key.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return bytes.length - at
  }
  return 0
}
