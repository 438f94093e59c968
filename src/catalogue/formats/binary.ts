import { AppError } from '../../base/errors.ts'

interface Signature {
  readonly bytes: string // hex
  readonly is: string
  readonly instead: string
}

const SAVE_AS_CSV = 'Open it in the program it comes from and save or export it as CSV (UTF-8).'
const UNPACK = 'Unpack it and name the catalogue file inside.'

const SIGNATURES: readonly Signature[] = [
  {
    bytes: 'd0cf11e0a1b11ae1',
    is: 'an old Excel document (.xls), or one with a password',
    instead: 'Open it and save it as .xlsx without a password, or as "CSV UTF-8".',
  },
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

const ZIP = Buffer.from('504b', 'hex') // "PK", also of an empty or a divided archive

/** Whether a file is an archive or XML, which a process of its own takes apart (containers/). */
export function isContained(head: Buffer): boolean {
  if (head.subarray(0, 2).equals(ZIP) && head.length > 3 && head[2]! < 0x09 && head[3]! < 0x09) return true
  const start = beginning(head)
  return /^(?:<\?xml\s|<!--|<!doctype\s+(?!html)|<[\p{L}_][\p{L}\w:.-]*(?:\s[^<>]*)?>\s*(?:<|$))/iu.test(start) && !WEB_PAGE.test(start)
}

const WEB_PAGE = /^(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table)\b/is

/** The first characters of a text in any encoding that XML knows. */
function beginning(head: Buffer): string {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0x3c && head[1] === 0)
  const swapped = (head[0] === 0xfe && head[1] === 0xff) || (head[0] === 0 && head[1] === 0x3c)
  const bytes = Buffer.from(head.subarray(0, 2_000))
  const text = swapped
    ? bytes
        .subarray(0, bytes.length & ~1)
        .swap16()
        .toString('utf16le')
    : bytes.toString(utf16 ? 'utf16le' : 'utf8')
  return text.replace(/^\uFEFF/, '').trimStart()
}

/**
 * Refuses what is plainly no text: by its first bytes, or because it is full of control characters.
 * @throws AppError file.unreadable saying what it looks like and what to give instead
 */
export function refuseBinary(path: string, head: Buffer): void {
  const hex = head.toString('hex', 0, 16)
  const known = SIGNATURES.find(({ bytes }) => hex.startsWith(bytes))
  // "BZh" may also be the start of a word: the compressed block's own mark follows it
  if (known && !(known.bytes === '425a68' && !hex.startsWith('314159265359', 8))) throw looksLike(path, known)
  if (WEB_PAGE.test(beginning(head))) {
    const is = 'a web page (HTML), perhaps a sign-in page that was saved instead of the file'
    throw looksLike(path, { is, instead: 'Export the products as CSV, TSV, JSONL, XLSX or XML.' })
  }
}

/** For bytes that are not UTF-16. @throws AppError file.unreadable */
export function refuseControlCharacters(path: string, head: Buffer): void {
  let controls = 0
  for (const byte of head)
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x0b) controls += 1
  if (controls > head.length / 20) throw looksLike(path, { is: 'binary data, not text', instead: SAVE_AS_CSV })
}

const looksLike = (path: string, { is, instead }: { is: string; instead: string }): AppError =>
  new AppError('file.unreadable', `${path} looks like ${is}, and Latchkey reads CSV, TSV, JSONL, XLSX and XML. ${instead}`)
