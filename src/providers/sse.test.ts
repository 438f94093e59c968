import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createEventReader, MAX_EVENT_CHARACTERS, type ServerSentEvent } from './sse.ts'

function read(chunks: readonly Uint8Array[]): ServerSentEvent[] {
  const events: ServerSentEvent[] = []
  const reader = createEventReader((event) => events.push(event))
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return events
}

/** The bytes cut at the given places. */
function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

describe('createEventReader', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => !/[\r\n\0\ufeff]/.test(text))
  test.prop([
    fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.array(fc.nat(), { maxLength: 20 }),
  ])('gives the same events wherever the bytes are cut', (datas, end, cuts) => {
    const text = datas.map((lines) => lines.map((data) => `data: ${data}${end}`).join('') + end).join('')
    const events = read(cutAt(Buffer.from(text), cuts))
    expect(events.map(({ data }) => data)).toEqual(datas.map((lines) => lines.join('\n')))
  })

  it('names events; ignores comments, ids, unknown fields and a byte order mark; takes a last event without its blank line', () => {
    const text = '\ufeff: ping\nevent: message_stop\nid: 7\nfoo: bar\ndata: {"a":1}\n\n: OPENROUTER PROCESSING\n\ndata: [DONE]'
    expect(read([Buffer.from(text)])).toEqual([
      { event: 'message_stop', data: '{"a":1}' },
      { event: undefined, data: '[DONE]' },
    ])
  })

  it('NET-5: an event without end is refused', () => {
    const reader = createEventReader(() => {})
    const chunk = Buffer.from(`data: ${'a'.repeat(64 * 1024)}`)
    let fed = 0
    expect(() => {
      for (; fed < 64; fed += 1) reader.push(chunk)
    }).toThrow(/more than a million characters/)
    expect(fed * chunk.length).toBeLessThanOrEqual(MAX_EVENT_CHARACTERS + 2 * chunk.length)
  })

  it('NET-5: bytes that are not UTF-8 are refused, also at the very end', () => {
    expect(() => read([Buffer.from('data: a'), Buffer.from([0xff])])).toThrow(/not valid UTF-8/)
    expect(() => read([Buffer.from('data: a'), Buffer.from([0xe2, 0x82])])).toThrow(/not valid UTF-8/)
  })
})
