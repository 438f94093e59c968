import { crc32 } from 'node:zlib'
import { type Entry, fromFdPromise, type ZipFile } from 'yauzl'
import { AppError } from '../../base/errors.ts'
import { LIMITS } from './protocol.ts'

/** A part of an archive: its central directory's record. */
export type Part = Entry

export interface Archive {
  readonly parts: readonly Part[] // in the order of the directory
  find(name: string): Part | undefined
  /** Its bytes, unpacked and checked. @throws AppError file.refused beyond the limits, file.malformed when it is damaged */
  read(part: Part): AsyncGenerator<Buffer, void, undefined>
  /** Its bytes as they lie in the archive. */
  readPacked(part: Part): AsyncGenerator<Buffer, void, undefined>
}

const STORED = 0
const DEFLATED = 8
const UNIX = 3
const FILE_TYPE = 0xf000
const SYMBOLIC_LINK = 0xa000
const HEADER_BYTES = 30

/**
 * Opens a zip archive and looks at its whole directory before any part is read (OUT-6). Nothing is ever unpacked to the disk,
 * so no name leads anywhere; an archive that carries such names is refused all the same.
 * @throws AppError file.refused, file.malformed
 */
export async function openArchive(file: string, descriptor: number): Promise<Archive> {
  const zip = await fromFdPromise(descriptor, { autoClose: false, lazyEntries: true }).catch((error: unknown) => {
    throw damaged(file, error)
  })
  if (zip.entryCount > LIMITS.entries) throw refused(file, `has ${zip.entryCount} parts; ${LIMITS.entries} is the limit.`)
  const parts: Part[] = []
  try {
    for await (const part of zip.eachEntry()) {
      if (parts.length >= LIMITS.entries) throw refused(file, `has more than ${LIMITS.entries} parts.`)
      parts.push(part)
    }
  } catch (error) {
    throw damaged(file, error)
  }
  checkParts(file, parts)
  const byName = new Map(parts.map((part) => [part.fileName, part]))
  const inflated = new Set<Part>()
  return {
    parts,
    find: (name) => byName.get(name),
    read: (part) => readPart({ file, zip, part, inflated }),
    readPacked: (part) => readStream(file, zip, part, { decodeFileData: false }),
  }
}

function checkParts(file: string, parts: readonly Part[]): void {
  const names = new Set<string>()
  for (const part of parts) {
    const name = part.fileName
    if (isUnsafe(name)) throw refused(file, `has a part whose name leads out of it (${JSON.stringify(name.slice(0, 60))}).`)
    if (names.has(name))
      throw refused(file, `has two parts called ${JSON.stringify(name.slice(0, 60))}: which one counts is anyone’s guess.`)
    names.add(name)
    if (part.versionMadeBy >>> 8 === UNIX && ((part.externalFileAttributes >>> 16) & FILE_TYPE) === SYMBOLIC_LINK) {
      throw refused(file, `has a part that is a symbolic link (${JSON.stringify(name.slice(0, 60))}).`)
    }
    if (part.isEncrypted()) throw refused(file, 'is locked with a password. Save it without one.')
    if (part.uncompressedSize > LIMITS.ratioFromBytes && part.uncompressedSize > part.compressedSize * LIMITS.ratio) {
      throw refused(
        file,
        `has a part that grows more than ${LIMITS.ratio} times when it is unpacked (${JSON.stringify(name.slice(0, 60))}).`,
      )
    }
  }
  const inOrder = parts.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)
  inOrder.forEach((part, index) => {
    const next = inOrder[index + 1]
    const least = part.relativeOffsetOfLocalHeader + HEADER_BYTES + part.fileNameLength + part.compressedSize
    if (next && least > next.relativeOffsetOfLocalHeader)
      throw refused(file, 'has parts that lie over each other, as in an archive made to explode.')
  })
}

/** Absolute, with a drive, leading upwards, or with a NUL: read from the bytes, before anyone tidies the name up. */
const isUnsafe = (name: string): boolean => name.includes('\0') || /^[/\\]|^[A-Za-z]:/.test(name) || name.split(/[/\\]/).includes('..')

async function* readPart({
  file,
  zip,
  part,
  inflated,
}: {
  file: string
  zip: ZipFile
  part: Part
  inflated: Set<Part>
}): AsyncGenerator<Buffer, void, undefined> {
  if (part.compressionMethod !== STORED && part.compressionMethod !== DEFLATED) {
    throw refused(file, 'is packed in a way that spreadsheets do not use. Save it again as XLSX.')
  }
  inflated.add(part)
  const total = [...inflated].reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0)
  if (total > LIMITS.inflatedBytes) {
    const mebibytes = Math.ceil(total / (1 << 20))
    throw refused(
      file,
      `holds ${mebibytes} MiB when it is unpacked; ${LIMITS.inflatedBytes >> 20} MiB is the limit for workbooks. Save the sheet as CSV (UTF-8), which has no such limit, or divide it.`,
    )
  }
  let checksum = 0
  for await (const bytes of readStream(file, zip, part, {})) {
    checksum = crc32(bytes, checksum)
    yield bytes
  }
  if (checksum !== part.crc32) throw damaged(file, new Error('a checksum does not match'))
}

/** The library holds every stream to the size that the directory states: what is longer, or shorter, is an error. */
async function* readStream(
  file: string,
  zip: ZipFile,
  part: Part,
  options: { readonly decodeFileData?: false }, // given as true it is taken for false (yauzl 3.4.0)
): AsyncGenerator<Buffer, void, undefined> {
  try {
    const stream = await zip.openReadStreamPromise(part, options)
    try {
      for await (const bytes of stream) yield bytes as Buffer
    } finally {
      stream.destroy()
    }
  } catch (error) {
    throw damaged(file, error)
  }
}

const refused = (file: string, what: string): AppError => new AppError('file.refused', `${file} ${what}`)

function damaged(file: string, error: unknown): AppError {
  if (error instanceof AppError) return error
  const what = error instanceof Error ? error.message : ''
  if (/invalid (?:relative path|characters in fileName)|absolute path/.test(what))
    return refused(file, 'has a part whose name leads out of it.')
  if (/encrypt/.test(what)) return refused(file, 'is locked with a password. Save it without one.')
  return new AppError('file.malformed', `${file} is a damaged archive: it was cut off or changed on its way. Save or download it again.`, {
    cause: error,
  })
}
