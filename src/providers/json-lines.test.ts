import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { createLineReader, jsonLines } from './json-lines.ts'

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size = 7): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of jsonLines(piecesOf(Buffer.from(text), size))) values.push(value)
  return values
}

test.prop([
  fc.array(fc.record({ text: fc.string({ unit: 'binary' }) })),
  fc.integer({ min: 1, max: 50 }),
  fc.constantFrom('\n', '\r\n', '\n\n'),
])('values come as they were written, however their bytes are cut', async (values, size, end) => {
  const text = values.map((value) => JSON.stringify(value)).join(end)
  expect(await read(text, size)).toEqual(values)
  expect(await read(`${text}${end}`, size)).toEqual(values)
})

it('what is no such stream is refused, and held in no memory', async () => {
  await expect(read('{"a":1}\n<html>\n')).rejects.toMatchObject({ code: 'provider.answer_malformed' })
  const reader = createLineReader(() => undefined)
  expect(() => reader.push(Buffer.from([0x7b, 0xff, 0x0a]))).toThrow(expect.objectContaining({ code: 'provider.answer_malformed' }))
  const endless = createLineReader(() => undefined)
  const piece = Buffer.alloc(600_000, 'a')
  endless.push(piece)
  expect(() => endless.push(piece)).toThrow(expect.objectContaining({ code: 'provider.answer_too_large' }))
})
