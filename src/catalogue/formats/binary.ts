import { AppError } from '../../base/errors.ts'

interface Signature {
  readonly bytes: string // hex
  readonly is: string
  readonly instead: string
}

const SAVE_AS_CSV = 'Open it in the program it comes from and save or export it as CSV (UTF-8).'
const UNPACK = 'Unpack it and name the catalogue file inside.'

const SIGNATURES: readonly Signature[] = [
  { bytes: 'd0cf11e0a1b11ae1', is: 'an old Excel or Office document (.xls)', instead: 'Open it and save it as "CSV UTF-8".' },
  { bytes: '25504446', is: 'a PDF', instead: 'Ask for the same list as CSV, TSV or JSONL.' },
  { bytes: '89504e470d0a1a0a', is: 'a PNG image', instead: 'Name a CSV, TSV or JSONL file.' },
  { bytes: 'ffd8ff', is: 'a JPEG image', instead: 'Name a CSV, TSV or JSONL file.' },
  { bytes: '47494638', is: 'a GIF image', instead: 'Name a CSV, TSV or JSONL file.' },
  { bytes: '1f8b', is: 'compressed with gzip', instead: 'Decompress it first (gunzip).' },
  { bytes: '425a68', is: 'compressed with bzip2', instead: 'Decompress it first (bunzip2).' },
  { bytes: 'fd377a585a00', is: 'compressed with xz', instead: 'Decompress it first (unxz).' },
  { bytes: '28b52ffd', is: 'compressed with Zstandard', instead: 'Decompress it first (unzstd).' },
  { bytes: '377abcaf271c', is: 'a 7-Zip archive', instead: UNPACK },
  { bytes: '526172211a07', is: 'a RAR archive', instead: UNPACK },
  { bytes: '53514c69746520666f726d6174203300', is: 'an SQLite database', instead: SAVE_AS_CSV },
  { bytes: '50415231', is: 'a Parquet file', instead: SAVE_AS_CSV },
  { bytes: '7b5c727466', is: 'a rich text document', instead: SAVE_AS_CSV },
]

const ZIP = Buffer.from('504b0304', 'hex')

/**
 * Refuses what is plainly no text: by its first bytes, or because it is full of control characters.
 * @throws AppError file.unreadable saying what it looks like and what to give instead
 */
export function refuseBinary(path: string, head: Buffer): void {
  if (head.subarray(0, 4).equals(ZIP)) throw looksLike(path, zipKind(head))
  const hex = head.toString('hex', 0, 16)
  const known = SIGNATURES.find(({ bytes }) => hex.startsWith(bytes))
  // "BZh" may also be the start of a word: the compressed block's own mark follows it
  if (known && !(known.bytes === '425a68' && !hex.startsWith('314159265359', 8))) throw looksLike(path, known)
  const markup = /^\uFEFF?\s*<(\?xml|!doctype html|html|rss|feed|table)\b/i.exec(head.toString('utf8', 0, 200))
  if (markup) {
    const is = /html|table/i.test(markup[1]!) ? 'a web page (HTML), perhaps a sign-in page that was saved instead of the file' : 'XML'
    throw looksLike(path, { is, instead: 'Export the products as CSV, TSV or JSONL.' })
  }
}

/** For bytes that are not UTF-16. @throws AppError file.unreadable */
export function refuseControlCharacters(path: string, head: Buffer): void {
  let controls = 0
  for (const byte of head)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x0b) controls += 1
  if (controls > head.length / 20) throw looksLike(path, { is: 'binary data, not text', instead: SAVE_AS_CSV })
}

function zipKind(head: Buffer): { is: string; instead: string } {
  const names = head.toString('latin1')
  if (names.includes('xl/') || names.includes('[Content_Types].xml'))
    return { is: 'an Excel workbook (.xlsx)', instead: 'Open it and save it as "CSV UTF-8".' }
  if (names.includes('opendocument.spreadsheet'))
    return { is: 'an OpenDocument spreadsheet (.ods)', instead: 'Open it and save it as CSV (UTF-8).' }
  return { is: 'a zip archive', instead: UNPACK }
}

const looksLike = (path: string, { is, instead }: { is: string; instead: string }): AppError =>
  new AppError('file.unreadable', `${path} looks like ${is}, and Latchkey reads CSV, TSV and JSONL. ${instead}`)
