import type { Archive, Part } from './archive.ts'
import { createXmlDecoder, encodingOfXml } from './xml-encoding.ts'
import { createXmlParser, type XmlEvents, type XmlParser } from './xml-parser.ts'

const SLICE_UNITS = 1 << 18 // so that one piece of an archive never becomes a long pause

/** The text of an XML part, in pieces. `onEncoding` hears how it is written. @throws AppError as `Archive.read`, file.malformed */
export async function* partText(
  file: string,
  archive: Archive,
  part: Part,
  onEncoding: (encoding: string) => void = () => undefined,
): AsyncGenerator<string, void, undefined> {
  let decoder: ReturnType<typeof createXmlDecoder> | undefined
  for await (const bytes of archive.read(part)) {
    if (!decoder) {
      const encoding = encodingOfXml(file, bytes)
      onEncoding(encoding)
      decoder = createXmlDecoder(file, encoding)
    }
    const text = decoder.decode(bytes)
    for (let from = 0; from < text.length; from += SLICE_UNITS) yield text.slice(from, from + SLICE_UNITS)
  }
  const rest = decoder?.end() ?? ''
  if (rest !== '') yield rest
}

/** Reads a small part whole: `events` keeps what it wants. */
export async function readXmlPart(file: string, archive: Archive, part: Part, events: Partial<XmlEvents>): Promise<void> {
  const parser: XmlParser = createXmlParser(file, { open: () => undefined, close: () => undefined, text: () => undefined, ...events })
  for await (const text of partText(file, archive, part)) {
    parser.write(text)
    parser.forget(parser.keptEnd())
  }
  parser.end()
}
