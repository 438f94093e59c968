import { isAscii, isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import iconv from 'iconv-lite'
import { AppError } from '../../base/errors.ts'
import { unreadable } from './file-errors.ts'

/** How text of one encoding is read and written. Two-byte text is handled as UTF-16 LE inside; the source swaps UTF-16 BE. */
export interface Codec {
  readonly encoding: string
  readonly unitBytes: 1 | 2
  readonly swapped: boolean // UTF-16 BE
  /** `start` and `end` in code units of the scanned form. */
  decode(bytes: Buffer, start: number, end: number): string
  /** Bytes in the scanned form; undefined when the encoding lacks one of the characters. */
  encode(text: string): Buffer | undefined
}

export function codecFor(encoding: string): Codec {
  if (encoding === 'utf-8') {
    return {
      encoding,
      unitBytes: 1,
      swapped: false,
      decode: (bytes, start, end) => bytes.toString('utf8', start, end),
      encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined),
    }
  }
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    return {
      encoding,
      unitBytes: 2,
      swapped: encoding === 'utf-16be',
      decode: (bytes, start, end) => bytes.toString('utf16le', start * 2, end * 2),
      encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf16le') : undefined),
    }
  }
  return {
    encoding,
    unitBytes: 1,
    swapped: false,
    decode: (bytes, start, end) => iconv.decode(bytes.subarray(start, end), encoding, { stripBOM: false }),
    encode: (text) => {
      const bytes = iconv.encode(text, encoding)
      return iconv.decode(bytes, encoding, { stripBOM: false }) === text ? bytes : undefined
    },
  }
}

const ALIASES: Record<string, string> = {
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  unicode: 'utf-16le',
  utf16: 'utf-16le',
  'utf-16': 'utf-16le',
  utf16le: 'utf-16le',
  'ucs-2': 'utf-16le',
  utf16be: 'utf-16be',
  latin1: 'iso-8859-1',
  'latin-1': 'iso-8859-1',
  'iso8859-1': 'iso-8859-1',
  ansi: 'windows-1252',
  cp1252: 'windows-1252',
  win1252: 'windows-1252',
}

/** The encoding a person names, under the one name that formats use. @throws AppError command.invalid */
export function encodingNamed(name: string): string {
  const lower = name.trim().toLowerCase()
  const encoding = ALIASES[lower] ?? lower
  if (encoding === 'utf-8' || encoding === 'utf-16le' || encoding === 'utf-16be') return encoding
  if (iconv.encodingExists(encoding) && isOneByteAscii(encoding)) return encoding
  throw new AppError(
    'command.invalid',
    `"${name}" is not an encoding that catalogue files may have. Use utf-8, utf-16le, utf-16be or a one-byte encoding such as windows-1252, windows-1250, iso-8859-1, iso-8859-15 or macintosh; save files of another encoding as UTF-8.`,
  )
}

/** One byte is one character, and ASCII is itself: only then do delimiters and line ends stand out in the bytes. */
function isOneByteAscii(encoding: string): boolean {
  const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const text = iconv.decode(every, encoding, { stripBOM: false })
  return text.length === 256 && text.slice(0, 128) === every.toString('latin1', 0, 128)
}

export interface EncodingGuess {
  readonly encoding: string
  readonly bom: boolean
  readonly reason: string
}

/** From the byte order mark, or the zero bytes of UTF-16 without one; undefined when the bytes must be looked at as text. */
export function encodingFromHead(head: Buffer): EncodingGuess | undefined {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)
    return { encoding: 'utf-8', bom: true, reason: 'Encoding UTF-8: the file starts with its byte order mark.' }
  if (head[0] === 0xff && head[1] === 0xfe)
    return { encoding: 'utf-16le', bom: true, reason: 'Encoding UTF-16 LE: the file starts with its byte order mark.' }
  if (head[0] === 0xfe && head[1] === 0xff)
    return { encoding: 'utf-16be', bom: true, reason: 'Encoding UTF-16 BE: the file starts with its byte order mark.' }
  const zeros = [0, 0]
  for (let i = 0; i < head.length; i += 1) if (head[i] === 0) zeros[i & 1]! += 1
  const [even, odd] = zeros as [number, number]
  const enough = Math.max(2, head.length / 2 / 20) // delimiters, digits and line ends are one in twenty even in Chinese text
  if (odd > enough && odd > even * 20)
    return { encoding: 'utf-16le', bom: false, reason: 'Encoding UTF-16 LE: every second byte of plain text is zero.' }
  if (even > enough && even > odd * 20)
    return { encoding: 'utf-16be', bom: false, reason: 'Encoding UTF-16 BE: every second byte of plain text is zero.' }
  return undefined
}

/**
 * UTF-8 or windows-1252, from the whole file: a megabyte of ASCII may be followed by the first accent.
 * A few broken places in a file that otherwise is UTF-8 leave it UTF-8 (their rows are rejected when they are read).
 */
export async function encodingFromText(path: string): Promise<EncodingGuess> {
  const { valid: allValid, ascii } = await looksLikeUtf8(path)
  if (allValid) {
    const reason = ascii ? 'Encoding UTF-8: there is nothing but ASCII.' : 'Encoding UTF-8: every byte of the file is valid.'
    return { encoding: 'utf-8', bom: false, reason }
  }
  const { firstInvalid, valid, invalid } = await countUtf8(path)
  const where = `line ${firstInvalid!.line}, byte ${firstInvalid!.byte} of the file`
  if (valid > invalid) {
    return {
      encoding: 'utf-8',
      bom: false,
      reason: `Encoding UTF-8, but ${invalid === 1 ? 'one place is' : `${invalid} places are`} broken, the first at ${where}: such rows are rejected.`,
    }
  }
  return { encoding: 'windows-1252', bom: false, reason: `Encoding windows-1252: the bytes are not UTF-8 (${where}).` }
}

interface Utf8Count {
  firstInvalid?: { line: number; byte: number } // byte: in the file, from 1
  valid: number // characters beyond ASCII
  invalid: number
}

const CHUNK_BYTES = 1 << 20

/** The file in pieces that end between characters, if it is UTF-8. Each is good until the next is asked for. */
async function* utf8Chunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  let kept = 0 // bytes of a character that goes on in the next chunk
  try {
    await using file = await open(path, 'r')
    for (;;) {
      const { bytesRead } = await file.read(buffer, kept, buffer.length - kept)
      const filled = kept + bytesRead
      const whole = bytesRead === 0 ? filled : filled - unfinishedLength(buffer, filled)
      yield buffer.subarray(0, whole)
      if (bytesRead === 0) return
      buffer.copyWithin(0, whole, filled)
      kept = filled - whole
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function looksLikeUtf8(path: string): Promise<{ valid: boolean; ascii: boolean }> {
  let ascii = true
  for await (const chunk of utf8Chunks(path)) {
    if (!isUtf8(chunk)) return { valid: false, ascii: false }
    ascii &&= isAscii(chunk)
  }
  return { valid: true, ascii }
}

async function countUtf8(path: string): Promise<Utf8Count> {
  const count: Utf8Count = { valid: 0, invalid: 0 }
  let offset = 0
  let line = 1
  for await (const chunk of utf8Chunks(path)) {
    countChunk(chunk, { offset, line, count })
    if (count.invalid === 0) line += countLineFeeds(chunk)
    offset += chunk.length
  }
  return count
}

function countLineFeeds(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines += 1
  return lines
}

/** Bytes at the end that may be the start of a character of up to four bytes. */
function unfinishedLength(bytes: Buffer, length: number): number {
  for (let back = 1; back <= 3 && back <= length; back += 1) {
    const byte = bytes[length - back]!
    if (byte >= 0xc2 && byte <= 0xf4) return utf8Length(byte) > back ? back : 0
    if (byte < 0x80 || byte > 0xbf) return 0
  }
  return 0
}

const utf8Length = (lead: number): number => (lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2)

function countChunk(bytes: Buffer, { offset, line, count }: { offset: number; line: number; count: Utf8Count }): void {
  let lines = line
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i]!
    if (byte < 0x80) {
      if (byte === 0x0a) lines += 1
      i += 1
      continue
    }
    const length = utf8CharacterLength(bytes, i)
    if (length > 0) {
      count.valid += 1
      i += length
    } else {
      count.invalid += 1
      count.firstInvalid ??= { line: lines, byte: offset + i + 1 }
      i += 1
    }
  }
}

/** Length of the valid character beyond ASCII at `at`; 0 when there is none (RFC 3629: no overlong forms, no surrogates). */
function utf8CharacterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0xc2 || lead > 0xf4) return 0
  const length = utf8Length(lead)
  const second = bytes[at + 1] ?? 0
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let k = 2; k < length; k += 1) if (((bytes[at + k] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}

/** Offset of the first byte that is not UTF-8; -1 when all are. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length;) {
    const length = bytes[i]! < 0x80 ? 1 : utf8CharacterLength(bytes, i)
    if (length === 0) return i
    i += length
  }
  return -1
}
