import { crc32 } from 'node:zlib'
import { parseJson } from './parse-json.ts'

/** A message: its headers of type text, and its payload. */
export interface EventStreamMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Uint8Array
}

/** Of one message: AWS allows 16 MiB of payload. */
const MAX_MESSAGE_BYTES = 17 * 1024 * 1024
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4

/**
 * Reads `application/vnd.amazon.eventstream`: length, length of the headers, checksum of both, headers, payload, checksum.
 * Chunks may be cut anywhere. @throws Error for what breaks the format or its checksums; nothing after it can be trusted.
 * @see https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html (the format, which all services share)
 */
export function createEventStreamReader(onMessage: (message: EventStreamMessage) => void): { push(bytes: Uint8Array): void; end(): void } {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push: (bytes) => {
      rest = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes])
      while (rest.length >= PRELUDE_BYTES) {
        const length = rest.readUInt32BE(0)
        if (crc32(rest.subarray(0, 8)) !== rest.readUInt32BE(8)) throw new Error('the event stream’s prelude has another checksum')
        if (length < PRELUDE_BYTES + CHECKSUM_BYTES || length > MAX_MESSAGE_BYTES) throw new Error('an event’s length is impossible')
        if (rest.length < length) return
        onMessage(messageOf(rest.subarray(0, length)))
        rest = rest.subarray(length)
      }
    },
    end: () => {
      if (rest.length > 0) throw new Error('the event stream ends inside a message')
    },
  }
}

/**
 * The message as usage readers and classifiers take it, and as the same service's JSON has it: `{ messageStop: {...} }`. What
 * the payload is stands in a header. @throws AppError provider.answer_malformed.
 */
export function eventOf({ headers, payload }: EventStreamMessage): Record<string, unknown> {
  const name = headers[':event-type'] ?? headers[':exception-type'] ?? headers[':error-code'] ?? 'unknown'
  return { [name]: payload.length === 0 ? {} : parseJson(payload) }
}

function messageOf(bytes: Buffer): EventStreamMessage {
  const end = bytes.length - CHECKSUM_BYTES
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw new Error('an event has another checksum')
  const headersEnd = PRELUDE_BYTES + bytes.readUInt32BE(4)
  if (headersEnd > end) throw new Error('an event’s headers are longer than it is')
  return { headers: headersOf(bytes.subarray(PRELUDE_BYTES, headersEnd)), payload: bytes.subarray(headersEnd, end) }
}

/** Bytes of a value by its type; texts (7) and byte arrays (6) say their length themselves. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const TEXT_TYPE = 7

function headersOf(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = 0
  while (at < bytes.length) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    const name = bytes.toString('utf8', at + 1, nameEnd)
    const type = bytes.readUInt8(nameEnd)
    at = nameEnd + 1
    const fixed = VALUE_BYTES[type]
    if (fixed !== undefined) {
      at += fixed
      continue
    }
    const valueEnd = at + 2 + bytes.readUInt16BE(at)
    if (valueEnd > bytes.length) throw new Error('an event’s header is longer than all of them')
    if (type === TEXT_TYPE) headers[name] = bytes.toString('utf8', at + 2, valueEnd)
    at = valueEnd
  }
  return headers
}
