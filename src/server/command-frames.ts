import type { Socket } from 'node:net'
import { z } from 'zod'

/**
 * What a command line and the server that holds its data folder say to each other on the folder's socket: JSON objects, one a
 * line, each a frame. The server begins, behind the holder's line, with its version.
 */
export const clientFrame = z.union([
  z.strictObject({
    run: z.strictObject({
      argv: z.array(z.string()),
      cwd: z.string(), // absolute
      environment: z.record(z.string(), z.string()), // the one variable that --key-env names, or nothing
      database: z.string().optional(), // SHA-256 of the DATABASE_URL that the command line was started with
      terminal: z.strictObject({ input: z.boolean(), error: z.boolean(), columns: z.int().min(1).max(10_000) }),
    }),
  }),
  z.strictObject({ answer: z.string() }),
  z.strictObject({ interrupt: z.literal([1, 2]) }), // asked to end; asked to end now
])
export type ClientFrame = z.infer<typeof clientFrame>
export type RunFrame = Extract<ClientFrame, { run: unknown }>['run']

export const serverFrame = z.union([
  z.strictObject({ version: z.string() }),
  z.strictObject({ out: z.string() }),
  z.strictObject({ error: z.string() }),
  z.strictObject({ ask: z.string() }),
  z.strictObject({ exit: z.int().min(0).max(255) }),
])
export type ServerFrame = z.infer<typeof serverFrame>

/** Of one frame, its line break left out. */
export const MAX_FRAME_BYTES = 1 << 20

const MOST_CHARACTERS = 64 << 10 // of one frame of output; JSON makes at most six bytes of each

export const writeFrame = (socket: Socket, frame: ClientFrame | ServerFrame): boolean =>
  socket.writable && socket.write(`${JSON.stringify(frame)}\n`)

/** A long text in pieces that fit into frames; no character is cut in two. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + MOST_CHARACTERS, text.length)
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1
    yield text.slice(from, to)
    from = to
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00

/** Hands each line to `onLine`. A line longer than a frame may be ends the connection. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let parts: Buffer[] = []
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    let from = 0
    for (let end = chunk.indexOf(LINE_BREAK); end !== -1; end = chunk.indexOf(LINE_BREAK, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)])
      from = end + 1
      parts = []
      bytes = 0
      if (line.length > MAX_FRAME_BYTES) return void socket.destroy()
      onLine(line.toString('utf8'))
    }
    parts.push(chunk.subarray(from))
    bytes += chunk.length - from
    if (bytes > MAX_FRAME_BYTES) socket.destroy()
  })
}

const LINE_BREAK = 10

/** @returns undefined for what is no such frame. What a line holds is never repeated: it may be a key. */
export function parseFrame<Frame>(schema: z.ZodType<Frame>, line: string): Frame | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}
