import { localName } from './xml-parser.ts'
import type { Archive, Part } from './archive.ts'
import { readXmlPart } from './part-xml.ts'

const CHUNK_BYTES = 1 << 20

/** The texts that a workbook's cells share, by their number: kept as bytes, which take half the memory of strings or less. */
export interface SharedStrings {
  /** Undefined: there is no such text. */
  get(index: number): string | undefined
  readonly count: number
}

export async function readSharedStrings(file: string, archive: Archive, part: Part | undefined): Promise<SharedStrings> {
  const store = createTextStore()
  if (!part) return store
  let text = ''
  let inText = false
  let phonetic = 0
  await readXmlPart(file, archive, part, {
    open(name) {
      const local = localName(name)
      if (local === 'si') text = ''
      else if (local === 'rPh') phonetic += 1
      else if (local === 't') inText = phonetic === 0
    },
    text(more) {
      if (inText) text += more
    },
    close(name) {
      const local = localName(name)
      if (local === 'si') store.add(unescapeText(text))
      else if (local === 'rPh') phonetic -= 1
      else if (local === 't') inText = false
    },
  })
  return store
}

/** ECMA-376 part 1, 22.9.2.19: what XML cannot hold stands as _xHHHH_, and what looks like that with its underscore so. */
export const unescapeText = (text: string): string =>
  text.includes('_x') ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))) : text

// oxlint-disable-next-line no-control-regex -- characters that XML cannot hold are what it looks for
const ESCAPED = /_(?=x[0-9A-Fa-f]{4}_)|[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]/g

/** Inverts `unescapeText`. A carriage return too: XML would make a line feed of it. */
export const escapeText = (text: string): string =>
  text.replace(ESCAPED, (sign) => `_x${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)

function createTextStore(): SharedStrings & { add(text: string): void } {
  const chunks: Buffer[] = []
  let places = new Float64Array(1024) // number of the chunk * 2^31 + offset in it
  let lengths = new Uint32Array(1024)
  let count = 0
  let free = 0 // bytes of the last chunk that are not taken

  function add(text: string): void {
    const length = Buffer.byteLength(text)
    if (length > free) {
      const size = Math.max(CHUNK_BYTES, length)
      chunks.push(Buffer.allocUnsafeSlow(size))
      free = size
    }
    const chunk = chunks.at(-1)
    const offset = chunk ? chunk.length - free : 0
    chunk?.write(text, offset)
    free -= length
    if (count === lengths.length) {
      places = grown(places, new Float64Array(count * 2))
      lengths = grown(lengths, new Uint32Array(count * 2))
    }
    places[count] = Math.max(0, chunks.length - 1) * 2 ** 31 + offset
    lengths[count] = length
    count += 1
  }

  function get(index: number): string | undefined {
    if (!(index >= 0 && index < count)) return undefined
    const place = places[index]!
    const chunk = Math.floor(place / 2 ** 31)
    const offset = place - chunk * 2 ** 31
    return chunks[chunk]?.toString('utf8', offset, offset + lengths[index]!) ?? ''
  }

  return {
    add,
    get,
    get count() {
      return count
    },
  }
}

function grown<T extends Float64Array | Uint32Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}
