import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { AppError } from '../../base/errors.ts'
import { detectContained } from '../containers/contained.ts'
import { isContained, refuseBinary, refuseControlCharacters } from './binary.ts'
import { unitsOf } from './blocks.ts'
import { delimitedFormat } from './detect-delimited.ts'
import { jsonlFormat } from './detect-jsonl.ts'
import { lineEndsOf, type Sample } from './dialect.ts'
import { codecFor, type EncodingGuess, encodingFromHead, encodingFromText, encodingNamed } from './encoding.ts'
import { unreadable } from './file-errors.ts'
import type { FileFormat, FormatOverrides } from './format.ts'
import { parseObject } from './jsonl.ts'
import { MAX_ROW_BYTES } from './verdict.ts'

export { columnNames, type DelimitedFormat, type FileFormat, type FormatOverrides } from './format.ts'

const HEAD_BYTES = 1 << 20

/**
 * Looks at a catalogue file: its kind, encoding, dialect, header, identifier and text columns, each with its reason. What it is
 * shows in its bytes, whatever it is called.
 * Reads the first megabyte, and all of it once where only that tells the encoding.
 * @throws AppError file.unreadable (no such file, folder, binary), file.malformed (no header, JSON of another shape),
 * file.refused (an archive or XML that takes too much), command.invalid (an override that does not fit)
 */
export async function detectFormat(path: string, overrides: FormatOverrides = {}): Promise<FileFormat> {
  const { head, whole } = await readHead(path)
  if (isContained(head)) return detectContained(path, overrides)
  refuseBinary(path, head)
  const guess = await guessEncoding(path, head, overrides.encoding)
  if (codecFor(guess.encoding).unitBytes === 1) refuseControlCharacters(path, head)
  const sample = await wholeRows(path, toSample({ head, whole, encoding: guess.encoding }))
  const text = sample.codec.decode(sample.bytes, 0, sample.length).replace(/^\uFEFF/, '')
  if (text.trim() === '')
    throw new AppError('file.malformed', `${path} holds nothing but blank lines. Export it again with a header and products.`)
  const common = { encoding: guess.encoding, bom: guess.bom, lineEnd: lineEndsOf(sample).lineEnd }
  const kind = overrides.kind ?? guessKind(path, text)
  const reasons = [guess.reason]
  return kind === 'jsonl'
    ? jsonlFormat({ path, text, whole: sample.whole, common, overrides, reasons })
    : delimitedFormat({ path, sample, common, overrides, reasons })
}

async function readHead(path: string): Promise<{ head: Buffer; whole: boolean }> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new AppError('file.unreadable', `${path} is a folder. Name the catalogue file inside it.`)
    if (!found.isFile())
      throw new AppError('file.unreadable', `${path} is not a regular file. Save the products to a file first: it is read more than once.`)
    await access(path, constants.R_OK)
    if (found.size === 0) throw new AppError('file.unreadable', `${path} is empty. Export it again with a header and products.`)
    return await readStart(path, HEAD_BYTES)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function readStart(path: string, bytes: number): Promise<{ head: Buffer; whole: boolean }> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const buffer = Buffer.from(new ArrayBuffer(Math.min(size, bytes)))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return { head: buffer.subarray(0, filled), whole: filled >= size }
}

async function guessEncoding(path: string, head: Buffer, wanted: string | undefined): Promise<EncodingGuess> {
  const found = encodingFromHead(head)
  if (wanted === undefined) return found ?? encodingFromText(path)
  const encoding = encodingNamed(wanted)
  const named = wanted.trim().toLowerCase()
  // "utf-16" leaves the order of the bytes to the file
  if (found && (named === 'utf-16' || named === 'utf16') && found.encoding.startsWith('utf-16')) return found
  return { encoding, bom: found?.bom === true && found.encoding === encoding, reason: `Encoding ${encoding}: as you said.` }
}

function toSample({ head, whole, encoding }: { head: Buffer; whole: boolean; encoding: string }): Sample {
  const codec = codecFor(encoding)
  const length = Math.floor(head.length / codec.unitBytes)
  const bytes = Buffer.from(new ArrayBuffer(head.length))
  head.copy(bytes)
  if (codec.swapped) bytes.subarray(0, length * 2).swap16()
  return { bytes, units: unitsOf(bytes, codec.unitBytes), length, whole, codec }
}

/** A longer sample where the first line alone fills it. */
async function wholeRows(path: string, sample: Sample): Promise<Sample> {
  if (sample.whole || lineEndsOf(sample).lineEnd !== 'none') return sample
  const { head, whole } = await readStart(path, MAX_ROW_BYTES + 2)
  const longer = toSample({ head, whole, encoding: sample.codec.encoding })
  if (!whole && lineEndsOf(longer).lineEnd === 'none') {
    throw new AppError(
      'file.malformed',
      `Line 1 of ${path} is longer than 8 MiB: it is no header. Export the file again as CSV, TSV or JSONL with one product per line.`,
    )
  }
  return longer
}

function guessKind(path: string, text: string): 'delimited' | 'jsonl' {
  const named = /\.(jsonl|ndjson|jsonlines|json)$/i.test(path)
  const start = text.trimStart()
  const firstLine = start.split(/\r\n|\n|\r/, 1)[0]!
  if (start.startsWith('{') && 'object' in parseObject(firstLine)) return 'jsonl'
  if (named) return 'jsonl'
  if (/^\[\s*(\{|$)/.test(firstLine) || /^\{\s*("|$)/.test(firstLine)) return 'jsonl' // to be refused there, with the remedy
  return 'delimited'
}
