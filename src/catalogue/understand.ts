import type { ReadingChoices } from '../contract/catalogue.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import { columnNames, type FileFormat, identifierColumn } from './formats/format.ts'
import { readRows } from './formats/read.ts'
import { type NamedFile, uploadFormat } from './look.ts'
import { checkMapping } from './mapping.ts'
import { extended, findProfile, type FoundProfile, readingOfRows } from './profiles/all.ts'
import type { FileSample } from './profiles/profile.ts'
import type { Source } from './sources.ts'

const ROWS_LOOKED_AT = 200

/** A file as it will be read: how it is written, and what its columns mean. */
export interface Understood {
  readonly format: FileFormat
  readonly mapping: SourceMapping | null // null: each column is an attribute of its own name
  readonly found: FoundProfile // what the file itself shows, whatever was said or saved
}

/**
 * How a file is read. What its columns mean is what the person says (`mapping`), else what its source has saved, with the columns
 * that are new since; a source that is new takes what the file shows. One that was imported without a mapping stays without.
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
  const chosen = said === undefined ? (before ? before.mapping : found.mapping) : said
  // Which column tells products apart is part of the meaning: Shopify's rows belong together by their handle.
  const identifier = chosen?.columns.find(({ role }) => role === 'identifier')?.column
  const isOther = identifier !== undefined && identifier !== first.sample.identifier && first.sample.columns.includes(identifier)
  const { format, sample } = isOther && reading.identifier === undefined ? await look(file, { ...reading, identifier }) : first
  const mapping = chosen && extended(chosen, sample)
  if (mapping) checkMapping(mapping)
  return { format: format.kind === 'delimited' ? { ...format, ...readingOfRows(mapping, sample) } : format, mapping, found }
}

async function look(file: NamedFile, reading: ReadingChoices): Promise<{ format: FileFormat; sample: FileSample }> {
  const format = await uploadFormat(file, reading)
  return { format, sample: await sampleOf(file, format, reading.identifier !== undefined) }
}

async function sampleOf(file: NamedFile, format: FileFormat, saidIdentifier: boolean): Promise<FileSample> {
  const rows: Readonly<Record<string, unknown>>[] = []
  for await (const batch of readRows(file.path, format, { limit: ROWS_LOOKED_AT })) {
    for (const row of batch) if ('values' in row) rows.push(row.values)
  }
  return { kind: format.kind, columns: columnNames(format), identifier: identifierColumn(format), saidIdentifier, rows }
}
