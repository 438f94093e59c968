import type { Changes, UnencodableCell } from '../formats/changes.ts'
import type { FormatOverrides, XlsxFormat, XmlFormat } from '../formats/format.ts'
import type { RejectReason } from '../formats/verdict.ts'

/**
 * What a parser may take of the machine (OUT-6). A file that needs more is refused with `file.refused` and the way out: CSV, TSV
 * and JSONL have none of these limits.
 */
export const LIMITS = {
  memoryBytes: 512 << 20, // of the parser's process
  workMs: 60_000, // while somebody waits for it; the time that an import takes to store its rows does not count
  inflatedBytes: 200 << 20, // of all parts that are read, unpacked
  ratio: 100, // of a part's size unpacked to packed
  ratioFromBytes: 1 << 20, // smaller parts may be as dense as they are
  entries: 2_000, // of an archive
  depth: 64, // of nested XML elements
  rowUnits: 8 << 20, // UTF-16 units of one product: as in files of lines
} as const

/** What the parser is asked first. Its standard input is the file, opened for reading: it knows no path that it could open. */
export type Task =
  | { readonly kind: 'detect'; readonly file: string; readonly overrides: FormatOverrides }
  | { readonly kind: 'read'; readonly file: string; readonly format: XlsxFormat | XmlFormat; readonly limit: number | null }
  | { readonly kind: 'write'; readonly file: string; readonly format: XlsxFormat | XmlFormat; readonly columns: readonly string[] }

/** To the parser: its task, then each time something is to go on. `file`: what messages call the file. */
export type ToParser =
  | Task
  | { readonly kind: 'next' }
  | { readonly kind: 'changes'; readonly changes: readonly (readonly [string, Changes])[] }

export interface ReadProduct {
  readonly row: number
  readonly line: number // XLSX: the row's number in the sheet
  readonly identifier: string
  readonly values: Record<string, unknown>
}

export interface LeftOut {
  readonly row: number
  readonly line: number
  readonly reason: RejectReason
}

export interface RowCounts {
  readonly products: number
  readonly rejected: number
  readonly continuations: number
  readonly blankRows: number
}

/** From the parser: one answer to each message. Written bytes come over its standard output. */
export type FromParser =
  | { readonly kind: 'format'; readonly format: XlsxFormat | XmlFormat }
  | { readonly kind: 'rows'; readonly rows: readonly (ReadProduct | LeftOut)[]; readonly share: number; readonly ended: RowCounts | null }
  | { readonly kind: 'identifiers'; readonly identifiers: readonly string[] }
  | { readonly kind: 'written'; readonly rows: number; readonly changedCells: number; readonly unencodable: readonly UnencodableCell[] }
  | { readonly kind: 'failed'; readonly code: string | null; readonly detail: string } // code null: a fault of the parser itself
