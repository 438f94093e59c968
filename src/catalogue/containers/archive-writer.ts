import { once } from 'node:events'
import { createDeflateRaw, crc32 } from 'node:zlib'
import { AppError } from '../../base/errors.ts'
import type { Archive, Part } from './archive.ts'

/** What goes out, in order; waits while nobody takes it. */
export type Write = (bytes: Uint8Array) => Promise<void>

interface Record {
  readonly part: Part
  readonly offset: number
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packedSize: number
  readonly size: number
}

const DEFLATED = 8
const HAS_DESCRIPTOR = 0x0008
const ZIP64_FIELD = 0x0001
const MOST = 0xfffffffe // what the format's 32-bit fields hold; a catalogue never comes near

/**
 * Writes an archive again (APPNOTE 6.3.10): parts that stay are copied packed as they are, byte for byte and never unpacked;
 * a part with new content is packed as it comes.
 */
export function createArchiveWriter(archive: Archive, write: Write) {
  const records: Record[] = []
  let offset = 0

  async function put(bytes: Uint8Array): Promise<void> {
    offset += bytes.byteLength
    if (offset > MOST) throw new AppError('file.unwritable', 'The workbook would be larger than 4 GiB. Export it as CSV.')
    await write(bytes)
  }

  async function copy(part: Part): Promise<void> {
    const start = offset
    const record = {
      part,
      offset: start,
      flags: part.generalPurposeBitFlag & ~HAS_DESCRIPTOR,
      method: part.compressionMethod,
      crc: part.crc32,
      packedSize: part.compressedSize,
      size: part.uncompressedSize,
    }
    await put(localHeader(record))
    for await (const bytes of archive.readPacked(part)) await put(bytes)
    records.push(record)
  }

  /** Its sizes are known behind its content, where the format has a place for them. */
  async function add(part: Part, content: AsyncIterable<Uint8Array>): Promise<void> {
    const start = offset
    const flags = part.generalPurposeBitFlag | HAS_DESCRIPTOR
    await put(localHeader({ part, offset: start, flags, method: DEFLATED, crc: 0, packedSize: 0, size: 0 }))
    const dataStart = offset
    let crc = 0
    let size = 0
    const deflate = createDeflateRaw()
    const feed = async (): Promise<void> => {
      for await (const bytes of content) {
        crc = crc32(bytes, crc)
        size += bytes.byteLength
        if (!deflate.write(bytes)) await once(deflate, 'drain')
      }
      deflate.end()
    }
    const fed = feed().catch((error: unknown) => {
      deflate.destroy(error as Error)
      throw error
    })
    try {
      for await (const bytes of deflate) await put(bytes as Buffer)
    } finally {
      await fed
    }
    const packedSize = offset - dataStart
    const descriptor = Buffer.alloc(16)
    descriptor.writeUInt32LE(0x08074b50, 0)
    descriptor.writeUInt32LE(crc, 4)
    descriptor.writeUInt32LE(packedSize, 8)
    descriptor.writeUInt32LE(size, 12)
    await put(descriptor)
    records.push({ part, offset: start, flags, method: DEFLATED, crc, packedSize, size })
  }

  async function end(): Promise<void> {
    const start = offset
    for (const record of records) await put(directoryRecord(record))
    const last = Buffer.alloc(22)
    last.writeUInt32LE(0x06054b50, 0)
    last.writeUInt16LE(records.length, 8)
    last.writeUInt16LE(records.length, 10)
    last.writeUInt32LE(offset - start, 12)
    last.writeUInt32LE(start, 16)
    await put(last)
  }

  return { copy, add, end }
}

function localHeader(record: Record): Buffer {
  const { fileNameRaw } = record.part
  const header = Buffer.alloc(30 + fileNameRaw.length)
  header.writeUInt32LE(0x04034b50, 0)
  writeFacts(header, 4, record)
  fileNameRaw.copy(header, 30)
  return header
}

function directoryRecord(record: Record): Buffer {
  const { part, offset } = record
  const extra = Buffer.concat(part.extraFields.filter(({ id }) => id !== ZIP64_FIELD).map(extraField))
  const header = Buffer.alloc(46)
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(part.versionMadeBy, 4)
  writeFacts(header, 6, record)
  header.writeUInt16LE(extra.length, 30)
  header.writeUInt16LE(part.fileCommentRaw.length, 32)
  header.writeUInt16LE(part.internalFileAttributes, 36)
  header.writeUInt32LE(part.externalFileAttributes, 38)
  header.writeUInt32LE(offset, 42)
  return Buffer.concat([header, part.fileNameRaw, extra, part.fileCommentRaw])
}

/** What both kinds of header say of a part, from the version of the format that it needs to the length of its name. */
function writeFacts(header: Buffer, at: number, { part, flags, method, crc, packedSize, size }: Record): void {
  header.writeUInt16LE(20, at)
  header.writeUInt16LE(flags, at + 2)
  header.writeUInt16LE(method, at + 4)
  header.writeUInt16LE(part.lastModFileTime, at + 6)
  header.writeUInt16LE(part.lastModFileDate, at + 8)
  header.writeUInt32LE(crc, at + 10)
  header.writeUInt32LE(packedSize, at + 14)
  header.writeUInt32LE(size, at + 18)
  header.writeUInt16LE(part.fileNameRaw.length, at + 22)
}

function extraField({ id, data }: { readonly id: number; readonly data: Buffer }): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}
