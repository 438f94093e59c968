import { stat } from 'node:fs/promises'
import { readContained } from '../containers/contained.ts'
import { type BlockSource, openBlocks } from './blocks.ts'
import { type Codec, codecFor } from './encoding.ts'
import { createDelimitedJudge, delimitedDialect } from './delimited.ts'
import { unreadable } from './file-errors.ts'
import type { FileFormat, LineFormat } from './format.ts'
import { createJsonlJudge, jsonlDialect } from './jsonl.ts'
import { createScanner, type Scanner } from './scan.ts'
import type { RejectReason, RowJudge, Verdict } from './verdict.ts'

/** A row that is a product. */
export interface ProductRow {
  readonly row: number // 1 is the first row after the header; blank lines do not count, rejected rows do
  readonly line: number // physical line where it starts, from 1; XLSX: the row's number in its sheet
  readonly identifier: string // without surrounding blanks; the row number where the file has no identifier
  readonly parent?: string // the identifier of the product before it that it is a variant of
  readonly values: Record<string, unknown> // non-empty cells by column name (`columnNames`); JSONL: the object
}

/** A row that was left out, and why. */
export interface RejectedRow {
  readonly row: number
  readonly line: number
  readonly reason: RejectReason
}

export interface ReadSummary {
  readonly contentHash: string // SHA-256 of the whole file, hex, also when `limit` ended the reading
  readonly products: number
  readonly rejected: number
  readonly continuations: number // rows that belong to the product before them (Shopify variants and images)
  readonly blankRows: number
}

export interface ReadOptions {
  readonly signal?: AbortSignal
  readonly limit?: number // products; reading ends with the last of them
  readonly onRead?: (bytesRead: number) => void // called after each batch is taken
  readonly onFinish?: (summary: ReadSummary) => void // called once, after the last batch
}

const BATCH_ROWS = 500

/**
 * The rows of a catalogue file in order, in batches of up to 500, in bounded memory. A broken row is a rejected row and
 * leaves the others alone.
 * @throws AppError file.unreadable; file.changed when the header is not the format's
 */
export async function* readRows(
  path: string,
  format: FileFormat,
  options: ReadOptions = {},
): AsyncGenerator<(ProductRow | RejectedRow)[], void, undefined> {
  if (format.kind === 'xlsx' || format.kind === 'xml') {
    const { size: bytes } = await stat(path).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    yield* readContained(path, format, { ...options, bytes })
    return
  }
  const { limit = Infinity, signal } = options
  const { source, judge, scanner } = await openRows(path, format, signal)
  const count = { products: 0, rejected: 0, continuations: 0, blankRows: 0 }
  let batch: (ProductRow | RejectedRow)[] = []
  const take = (verdict: Verdict): void => {
    if (verdict.kind === 'product') {
      const { kind: _kind, ...product } = verdict
      batch.push({ ...product, values: judge.values() })
      count.products += 1
    } else if (verdict.kind === 'rejected') {
      const { row, line, reason } = verdict
      batch.push({ row, line, reason })
      count.rejected += 1
    } else if (verdict.kind === 'continuation') count.continuations += 1
    else if (verdict.kind === 'blank') count.blankRows += 1
  }
  try {
    reading: for await (const block of source.blocks()) {
      for (const span of block.rows) {
        if (count.products >= limit) break reading
        take(judge.judge(block, span))
        if (batch.length >= BATCH_ROWS) {
          yield batch
          batch = []
          options.onRead?.(source.bytesRead())
          signal?.throwIfAborted()
        }
      }
      if (block.oddByte && count.products < limit) take(judge.oddByte(scanner.line()))
    }
    if (count.products < limit) judge.end()
    if (batch.length > 0) yield batch
    options.onFinish?.({ contentHash: await source.contentHash(), ...count })
  } finally {
    await source.close()
  }
}

/** Everything one pass over a file's rows needs. The caller closes the source. */
export async function openRows(
  path: string,
  format: LineFormat,
  signal?: AbortSignal,
): Promise<{ source: BlockSource; scanner: Scanner; codec: Codec; judge: RowJudge }> {
  const codec = codecFor(format.encoding)
  const scanner = createScanner(format.kind === 'delimited' ? delimitedDialect(format, codec) : jsonlDialect(format, codec))
  const judge = format.kind === 'delimited' ? createDelimitedJudge(path, format, codec) : createJsonlJudge(format, codec)
  const source = await openBlocks(path, { scanner, codec, ...(signal ? { signal } : {}) })
  return { source, scanner, codec, judge }
}
