import { basename } from 'node:path'
import { asc, eq } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { SourceView } from '../contract/catalogue.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Tx } from '../db/database.ts'
import { imports, type SourceColumns, sources } from '../db/schema/index.ts'
import { merchantTexts } from './export-merchant.ts'
import { columnNames, type FileFormat, identifierColumn } from './formats/format.ts'
import { columnsOf } from './index-write.ts'
import { attributeOfColumn, attributesOfColumns, checkMapping, readingOf } from './mapping.ts'

export type Source = typeof sources.$inferSelect

export interface SourceChange {
  readonly label?: string | undefined
  readonly columns?: SourceColumns | undefined
  readonly mapping?: SourceMapping | null | undefined
}

/** Sources of the page bear no path: what stands there tells them apart in their workspace. */
export const uploadLocation = (name: string): string => `upload:${name}`
export const SAMPLE_LOCATION = 'sample:'

export const labelOf = ({ label, location }: Pick<Source, 'label' | 'location'>): string => label ?? basename(location)

const kindOf = ({ location }: Pick<Source, 'location'>): SourceView['kind'] =>
  location === SAMPLE_LOCATION ? 'sample' : location.startsWith(uploadLocation('')) ? 'upload' : 'command'

/** @throws AppError source.missing */
export async function readSource(tx: Tx, sourceId: string): Promise<Source> {
  const [source] = await tx.select().from(sources).where(eq(sources.id, sourceId))
  if (!source) throw new AppError('source.missing', 'There is no such source in this workspace.')
  return source
}

/** The files that a workspace's products come from, in the order of their coming, or one of them. */
export async function listSources(tx: Tx, sourceId?: string): Promise<SourceView[]> {
  const found = await tx
    .select()
    .from(sources)
    .where(sourceId === undefined ? undefined : eq(sources.id, sourceId))
    .orderBy(asc(sources.id))
  const running = await tx.select({ id: imports.id, sourceId: imports.sourceId }).from(imports).where(eq(imports.state, 'running'))
  return found.map((source) => ({
    id: source.id,
    label: labelOf(source),
    kind: kindOf(source),
    products: source.products,
    importedAt: source.importedAt.toISOString(),
    attributes: attributesOf(source),
    columns: columnsOf(source),
    mapping: source.mapping,
    exportable: source.uploadId !== null,
    merchant: merchantTexts(source.format as unknown as FileFormat) !== undefined,
    importing: running.find((one) => one.sourceId === source.id)?.id ?? null,
  }))
}

/** The columns of a source's file in their order, then what else its products have. */
export const attributesOf = ({ format, attributes, mapping }: Pick<Source, 'format' | 'attributes' | 'mapping'>): string[] => [
  ...new Set([...attributesOfColumns(mapping, columnNames(format as unknown as FileFormat)), ...attributes]),
]

/** The attribute that tells a source's products apart; undefined: their row number does. */
export function identifierAttribute({ format, mapping }: Pick<Source, 'format' | 'mapping'>): string | undefined {
  const column = identifierColumn(format as unknown as FileFormat)
  const mapped = mapping?.columns.find((each) => each.column === column)
  return mapped ? attributeOfColumn(mapped) : column
}

/** Where a file goes: to a source that is named, or to the one of its location; undefined: to a new one. @throws AppError source.missing */
export async function sourceAt(
  tx: Tx,
  { location, sourceId }: { location: string | undefined; sourceId: string | undefined },
): Promise<Source | undefined> {
  if (location === undefined) return readSource(tx, sourceId!)
  const [source] = await tx.select().from(sources).where(eq(sources.location, location))
  return source
}

/** What a source's columns are for and what they mean: its index is made again where that is other than it was. */
export async function changeMeaning(
  tx: Tx,
  source: Source,
  { columns, mapping }: { columns?: SourceColumns | undefined; mapping?: SourceMapping | null | undefined },
): Promise<void> {
  const isNew = mapping !== undefined && canonicalJson(mapping) !== canonicalJson(source.mapping)
  const meaning = isNew ? { mapping, reading: mapping && readingOf(mapping) } : {}
  if (columns === undefined && !isNew) return
  // An attribute's place is its bit in rows of the index: with other attributes they are made from the beginning.
  const again = isNew ? { indexImport: null, attributes: [] } : { indexImport: null }
  await tx
    .update(sources)
    .set({ ...(columns ? { columns } : {}), ...meaning, ...again })
    .where(eq(sources.id, source.id))
}

/** Renames a source, or says what its columns are for and what they mean. @throws AppError source.missing, request.invalid */
export async function changeSource(
  tx: Tx,
  { sourceId, label, columns, mapping }: { sourceId: string } & SourceChange,
): Promise<SourceView> {
  const source = await readSource(tx, sourceId)
  if (mapping) checkMapping(mapping)
  if (label !== undefined) await tx.update(sources).set({ label }).where(eq(sources.id, sourceId))
  await changeMeaning(tx, source, { columns, mapping })
  const [view] = await listSources(tx, sourceId)
  return view!
}
