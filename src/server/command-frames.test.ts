import { createServer, connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientFrame, MAX_FRAME_BYTES, parseFrame, piecesOf, readLines, writeFrame } from './command-frames.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-frames-'))
const path = join(folder, 'socket')
const server = createServer()
beforeAll(() => new Promise<void>((resolve) => void server.listen(path, resolve)))
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

/** Two ends of a connection. */
async function pair(): Promise<[Socket, Socket]> {
  const other = new Promise<Socket>((resolve) => server.once('connection', resolve))
  return [connect(path), await other]
}

test.prop([fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 0, max: 3 })])(
  'a text comes out of its pieces as it went in, and none ends within a character',
  (text, times) => {
    const long = text.repeat(times * 1_000)
    const pieces = [...piecesOf(long)]
    expect(pieces.join('')).toBe(long)
    for (const piece of pieces) {
      expect(piece.isWellFormed()).toBe(true)
      expect(Buffer.byteLength(JSON.stringify({ error: piece }))).toBeLessThanOrEqual(MAX_FRAME_BYTES)
    }
  },
)

it('lines arrive whole and in order, however the bytes are cut', async () => {
  const [writer, reader] = await pair()
  const texts = ['', 'é\n'.repeat(10), '日本語', 'x'.repeat(200_000)]
  const frames = Buffer.from(texts.map((answer) => `${JSON.stringify({ answer })}\n`).join(''))
  const received: unknown[] = []
  readLines(reader, (line) => received.push(parseFrame(clientFrame, line)))
  const end = new Promise((resolve) => reader.once('end', resolve))
  for (let from = 0; from < frames.length;) {
    const to = Math.min(frames.length, from + 1 + (from < 200 ? 0 : 40_000)) // byte by byte where characters have several
    await new Promise((resolve) => writer.write(frames.subarray(from, to), resolve))
    from = to
  }
  writer.end()
  await end
  expect(received).toEqual(texts.map((answer) => ({ answer })))
})

it('nothing is written to an end that is closed', async () => {
  const [writer] = await pair()
  writer.destroy()
  expect(writeFrame(writer, { interrupt: 1 })).toBe(false)
})

it.each(['', '{', 'null', '{"interrupt":3}', '{"answer":1}', '{"answer":"y","key":"x"}', '[]'])('%j is no frame', (line) => {
  expect(parseFrame(clientFrame, line)).toBeUndefined()
})
