import iconv from 'iconv-lite'
import { AppError } from '../../base/errors.ts'
import { codecFor, encodingNamed } from '../formats/encoding.ts'

/**
 * The encoding that an XML text has (XML 1.0, appendix F): by its byte order mark, else as it declares.
 * @throws AppError file.malformed when it declares one that is not read; command.invalid when the person does
 */
export function encodingOfXml(file: string, head: Buffer, wanted?: string): string {
  if (wanted !== undefined) return encodingNamed(wanted)
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head[0] === 0x3c && head[1] === 0) return 'utf-16le' // "<" without a byte order mark
  if (head[0] === 0 && head[1] === 0x3c) return 'utf-16be'
  const declared = /^(?:\u00EF\u00BB\u00BF)?<\?xml[^>]*\bencoding\s*=\s*["']([^"'>]{1,40})["']/.exec(head.toString('latin1', 0, 300))?.[1]
  const encoding = declared === undefined ? 'utf-8' : declaredEncoding(file, declared)
  return encoding.startsWith('utf-16') ? 'utf-8' : encoding // it was read as one byte a character, so it is none
}

function declaredEncoding(file: string, declared: string): string {
  try {
    return encodingNamed(declared)
  } catch (cause) {
    throw new AppError(
      'file.malformed',
      `${file} declares the encoding ${JSON.stringify(declared)}, which is not read. Save it as UTF-8.`,
      {
        cause,
      },
    )
  }
}

export interface XmlDecoder {
  decode(bytes: Uint8Array): string
  end(): string
}

/**
 * Bytes to text so that the text gives the same bytes again; a byte order mark stays in it.
 * @throws AppError file.malformed on bytes that are no text
 */
export function createXmlDecoder(file: string, encoding: string): XmlDecoder {
  const broken = (): AppError =>
    new AppError('file.malformed', `${file} holds bytes that are no text in ${encoding}. Save it as UTF-8, and let its first line say so.`)
  if (encoding.startsWith('utf-')) {
    const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
    const decode = (bytes: Uint8Array | undefined, stream: boolean): string => {
      try {
        return decoder.decode(bytes, { stream })
      } catch {
        throw broken()
      }
    }
    return { decode: (bytes) => decode(bytes, true), end: () => decode(undefined, false) }
  }
  return {
    decode(bytes) {
      const text = iconv.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), encoding, { stripBOM: false })
      if (text.includes('\uFFFD')) throw broken()
      return text
    },
    end: () => '',
  }
}

/** Text to bytes; characters that the encoding lacks become character references, which is what XML has for them. */
export function encodeXml(text: string, encoding: string): Buffer {
  const codec = codecFor(encoding)
  const bytes = codec.encode(text) ?? Buffer.concat(Array.from(text, (character) => codec.encode(character) ?? reference(character)))
  return codec.swapped ? bytes.swap16() : bytes
}

const reference = (character: string): Buffer => Buffer.from(`&#${character.codePointAt(0)!};`, 'latin1')

// Beyond these an XML 1.0 text cannot hold a character, not even as a reference (section 2.2).
// oxlint-disable-next-line no-control-regex -- they are what it looks for
const NO_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

/** Characters of a text that XML cannot hold; '' when it can hold all. */
export function unwritableInXml(text: string): string {
  const found = new Set(text.match(NO_XML))
  if (!text.isWellFormed()) found.add('\uFFFD')
  return [...found].slice(0, 20).join('')
}

/** Text between tags. A carriage return would come back as a line feed, so it is spelled as a reference. */
export const escapeXml = (text: string): string =>
  text.replace(/[&<>\r]/g, (sign) => (sign === '&' ? '&amp;' : sign === '<' ? '&lt;' : sign === '>' ? '&gt;' : '&#13;'))

export const escapeAttribute = (text: string): string =>
  escapeXml(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')
