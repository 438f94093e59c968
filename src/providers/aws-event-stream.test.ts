import { crc32 } from 'node:zlib'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createEventStreamReader, eventOf, type EventStreamMessage } from './aws-event-stream.ts'

/** A message as the format describes it, written without our reader. */
function encode(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(Buffer.byteLength(value))
      return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)])
    }),
  )
  const body = Buffer.from(payload)
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(12 + head.length + body.length + 4, 0)
  prelude.writeUInt32BE(head.length, 4)
  const start = Buffer.concat([prelude, checksum(prelude), head, body])
  return Buffer.concat([start, checksum(start)])
}

function checksum(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}

function read(...pieces: Uint8Array[]): EventStreamMessage[] {
  const messages: EventStreamMessage[] = []
  const reader = createEventStreamReader((message) => messages.push(message))
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return messages
}

describe('AWS event streams', () => {
  test.prop([fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,20}$/), fc.jsonValue()), { maxLength: 5 }), fc.integer({ min: 1, max: 64 })])(
    'messages come out as they went in, wherever the chunks are cut',
    (sent, size) => {
      const bytes = Buffer.concat(
        sent.map(([name, value]) => encode({ ':event-type': name, ':message-type': 'event' }, JSON.stringify(value))),
      )
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
      expect(read(...pieces).map(eventOf)).toEqual(sent.map(([name, value]) => ({ [name]: JSON.parse(JSON.stringify(value)) as unknown })))
    },
  )

  it('an exception is an event under its own name', () => {
    const [message] = read(encode({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, '{"message":"slow"}'))
    expect(eventOf(message!)).toEqual({ throttlingException: { message: 'slow' } })
  })

  it('a changed byte, wherever it is, is found', () => {
    const bytes = encode({ ':event-type': 'metadata' }, '{"usage":{"inputTokens":1}}')
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      expect(() => read(changed), `byte ${at}`).toThrow(/checksum|impossible|ends inside/)
    }
  })

  it('a stream that ends inside a message is said to', () => {
    const bytes = encode({ ':event-type': 'metadata' }, '{}')
    expect(() => read(bytes.subarray(0, -1))).toThrow('ends inside a message')
    expect(() => read(bytes.subarray(0, 5))).toThrow('ends inside a message')
  })
})
