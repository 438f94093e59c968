import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { detectFormat, type FileFormat, type FormatOverrides } from '../../src/catalogue/formats/detect.ts'
import { type ProductRow, readRows, type ReadSummary, type RejectedRow } from '../../src/catalogue/formats/read.ts'

export interface Contents {
  readonly format: FileFormat
  readonly products: ProductRow[]
  readonly rejected: RejectedRow[]
  readonly summary: ReadSummary
}

/** A file as the product reads it, whole. */
export async function readWhole(path: string, overrides: FormatOverrides = {}): Promise<Contents> {
  const format = await detectFormat(path, overrides)
  return { format, ...(await readWith(path, format)) }
}

export async function readWith(path: string, format: FileFormat): Promise<Omit<Contents, 'format'>> {
  const products: ProductRow[] = []
  const rejected: RejectedRow[] = []
  let summary: ReadSummary | undefined
  for await (const rows of readRows(path, format, { onFinish: (finished) => (summary = finished) })) {
    for (const row of rows) {
      if ('reason' in row) rejected.push(row)
      else products.push(row)
    }
  }
  return { products, rejected, summary: summary! }
}

/** The same for bytes that are given a name in a folder. */
export async function readBytes(
  folder: string,
  name: string,
  bytes: Buffer | string,
  overrides?: FormatOverrides,
): Promise<Contents & { path: string }> {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return { path, ...(await readWhole(path, overrides)) }
}
