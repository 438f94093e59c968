import type { ReadingChoices } from '../contract/catalogue.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import { columnNames, type DelimitedFormat, type FileFormat, identifierColumn } from './formats/format.ts'
import { type ProductRow, readRows, type RejectedRow } from './formats/read.ts'
import { type NamedFile, uploadFormat } from './look.ts'
import { checkMapping } from './mapping.ts'
import { extended, findProfile, type FoundProfile, readingOfRows, withoutMarks } from './profiles/all.ts'
import type { FileSample } from './profiles/profile.ts'
import type { Source } from './sources.ts'

const ROWS_LOOKED_AT = 200

/** A file as it will be read: how it is written, and what its columns mean. */
export interface Understood {
  readonly format: FileFormat
  readonly mapping: SourceMapping | null // null: each column is an attribute of its own name
  readonly found: FoundProfile // what the file itself shows, whatever was said or saved
  readonly beginning: readonly (ProductRow | RejectedRow)[] // its first rows, so that nobody has to read them again
}

/**
 * How a file is read. What its columns mean is what the person says (`mapping`), else what its source has saved, with the columns
 * that are new since; a source that is new takes what the file shows. One that was imported without a mapping stays without, but for
 * marks of an export, which are no attributes.
 * @throws AppError request.invalid for a mapping with two columns for one thing; and what reading the file throws
 */
export async function understand(
  file: NamedFile,
  {
    reading,
    source,
    mapping: said,
  }: {
    reading: ReadingChoices
    source: Pick<Source, 'mapping' | 'contentHash' | 'importedHash'> | undefined
    mapping?: SourceMapping | null | undefined
  },
): Promise<Understood> {
  const first = await look(file, reading)
  const found = findProfile(first.sample)
  const before = source && (source.mapping !== null || source.importedHash !== '') ? source : undefined
  const chosen = withoutMarks(said === undefined ? (before ? before.mapping : found.mapping) : said, first.sample)
  // Which column tells products apart is part of the meaning: Shopify's rows belong together by their handle.
  const identifier = chosen?.columns.find(({ role }) => role === 'identifier')?.column
  const isOther = identifier !== undefined && identifier !== first.sample.identifier && first.sample.columns.includes(identifier)
  const { format, sample, beginning } = isOther && reading.identifier === undefined ? await look(file, { ...reading, identifier }) : first
  const mapping = chosen && extended(chosen, sample)
  if (mapping) checkMapping(mapping)
  const readOtherwise = format.kind === 'delimited' ? readingOfRows(mapping, sample) : {}
  if (Object.keys(readOtherwise).length === 0) return { format, mapping, found, beginning }
  const own = { ...(format as DelimitedFormat), ...readOtherwise }
  return { format: own, mapping, found, beginning: await beginningOf(file, own) }
}

interface Looked {
  readonly format: FileFormat
  readonly sample: FileSample
  readonly beginning: readonly (ProductRow | RejectedRow)[]
}

async function look(file: NamedFile, reading: ReadingChoices): Promise<Looked> {
  const format = await uploadFormat(file, reading)
  const beginning = await beginningOf(file, format)
  const rows = beginning.flatMap((row) => ('values' in row ? [row.values] : []))
  const columns = columnNames(format)
  const saidIdentifier = reading.identifier !== undefined
  const identifier = identifierColumn(format)
  const google = format.kind === 'xml' ? { googlePrefix: format.googlePrefix } : {}
  return { format, sample: { kind: format.kind, columns, identifier, ...google, saidIdentifier, rows }, beginning }
}

async function beginningOf(file: NamedFile, format: FileFormat): Promise<(ProductRow | RejectedRow)[]> {
  const rows: (ProductRow | RejectedRow)[] = []
  for await (const batch of readRows(file.path, format, { limit: ROWS_LOOKED_AT })) rows.push(...batch)
  return rows
}
