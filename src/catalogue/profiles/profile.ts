import type { ColumnMapping, SourceMapping } from '../../contract/mapping.ts'
import type { DelimitedFormat } from '../formats/format.ts'

/** The beginning of a file, as profiles look at it. */
export interface FileSample {
  readonly kind: 'delimited' | 'jsonl' | (string & {})
  readonly columns: readonly string[] // names, as values are kept by them
  readonly identifier: string | undefined // the column that tells products apart
  /** XML: what stands for Google Merchant's namespace; null: it is not declared. */
  readonly googlePrefix?: string | null
  readonly saidIdentifier: boolean // by a person: it goes before what a profile takes
  readonly rows: readonly Readonly<Record<string, unknown>>[] // the first products
}

/** A format that catalogues are exchanged in, beyond how its file is written: what its columns mean. */
export interface ImportProfile {
  readonly id: SourceMapping['profile']
  /** As people call it: "Akeneo". */
  readonly name: string
  /** Why the file is one of this format, for people; undefined: it is none. */
  recognise(file: FileSample): string | undefined
  /** What each column means. Columns that it does not name are attributes of their own names. */
  map(file: FileSample): ColumnMapping[]
  /** How the rows of such a file are read otherwise than those of any. */
  reading?(file: FileSample): RowReading
}

/** Those of these columns that are there. */
export const those = (file: FileSample, columns: readonly string[]): string[] => columns.filter((column) => file.columns.includes(column))

/** The column that tells products apart: as a person says, else the format's own, where the file has it; else as the file shows. */
export const identifierOf = ({ saidIdentifier, identifier, columns }: FileSample, isOwn: (column: string) => boolean): string | undefined =>
  saidIdentifier ? identifier : (columns.find(isOwn) ?? identifier)

/** What of a file's format its profile decides. */
export type RowReading = Partial<Pick<DelimitedFormat, 'repeats' | 'variants' | 'apostrophes'>>

/** Names in a sentence: "a", "b" and "c". */
export function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`
}
