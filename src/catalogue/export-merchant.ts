import { columnNames, type FileFormat } from './formats/format.ts'
import { isEmptyValue } from './current.ts'
import type { OriginMark } from './origin-marks.ts'
import { attributeName, merchantColumns } from './profiles/google-merchant.ts'

/**
 * Google Merchant asks that titles and descriptions which generative AI wrote come in attributes of their own, with their source:
 * `structured_title` and `structured_description`. Where the plain attribute is sent as well, it wins, so it has to go.
 * In text feeds the two parts stand with a colon between, the text in double quotes, which are doubled inside of it; in XML they are
 * elements.
 * @see https://support.google.com/merchants/answer/6324415 (structured title), 6324468 (structured description), 14998273 (quotes in
 * text feeds), checked 2026-11-20
 */
export const SOURCE_TYPE = 'trained_algorithmic_media'

const TEXTS = ['title', 'description'] as const

/** A text of Google's format, with the columns that hold it plainly and the one for what a model wrote. */
export interface MerchantText {
  readonly plain: readonly string[]
  readonly structured: string
}

/** The texts of a feed in Google Merchant's format; undefined: the file is none, or one in lines of JSON, which Google does not read. */
export function merchantTexts(format: FileFormat): MerchantText[] | undefined {
  if (format.kind === 'jsonl') return undefined
  const columns = columnNames(format)
  const prefix = format.kind === 'xml' ? format.googlePrefix : null
  if (!merchantColumns({ kind: format.kind, columns, googlePrefix: prefix })) return undefined
  if (prefix !== null) return TEXTS.map((text) => ({ plain: [text, `${prefix}:${text}`], structured: `${prefix}:structured_${text}` }))
  const byName = new Map(columns.map((name) => [attributeName(name), name]))
  return TEXTS.flatMap((text) => {
    const plain = byName.get(text)
    return plain === undefined ? [] : [{ plain: [plain], structured: byName.get(`structured_${text}`) ?? `structured_${text}` }]
  })
}

/** A product's changed cells with the texts that a model wrote in their structured columns, and the plain ones empty. */
export function structured(
  cells: Readonly<Record<string, unknown>>,
  {
    texts,
    format,
    marks,
    imported,
  }: {
    texts: readonly MerchantText[]
    format: FileFormat
    marks: ReadonlyMap<string, OriginMark> // by column
    imported: Readonly<Record<string, unknown>>
  },
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...cells }
  for (const { plain, structured: column } of texts) {
    const written = plain.find((name) => name in cells && !isEmptyValue(cells[name]))
    if (written !== undefined && marks.get(written) === 'AI-written') {
      result[column] = structuredText(String(cells[written]), format)
      for (const name of plain) if (name in cells || !isEmptyValue(imported[name])) result[name] = null
    } else if (written !== undefined && !isEmptyValue(imported[column])) result[column] = null // what stands there is another text
  }
  return result
}

function structuredText(text: string, format: FileFormat): unknown {
  if (format.kind === 'xml')
    return { [`${format.googlePrefix}:digital_source_type`]: SOURCE_TYPE, [`${format.googlePrefix}:content`]: text }
  return `${SOURCE_TYPE}:"${text.replaceAll('"', '""')}"`
}
