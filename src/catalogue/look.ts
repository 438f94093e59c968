import { AppError } from '../base/errors.ts'
import { defined } from '../base/json.ts'
import type { FileLookView, ReadingChoices } from '../contract/catalogue.ts'
import { detectFormat } from './formats/detect.ts'
import { columnNames, type FileFormat, type FormatOverrides, identifierColumn } from './formats/format.ts'
import { cellText } from './formats/write.ts'
import { columnsOf } from './index-write.ts'
import type { Understood } from './understand.ts'

const ROWS_SHOWN = 20
const CHARACTERS_SHOWN = 300

/** An uploaded file: `path` is nothing for people, who know it by its `name`. */
export interface NamedFile {
  readonly path: string
  readonly name: string
}

/**
 * How an uploaded file is written, with what the person says of it. Its name says JSON where its path cannot.
 * @throws AppError file.unreadable, file.malformed, command.invalid
 */
export function uploadFormat(
  { path, name }: NamedFile,
  { delimiter, encoding, identifier, sheet, headerRow }: ReadingChoices,
): Promise<FileFormat> {
  const kind = /\.(jsonl|ndjson|jsonlines|json)$/i.test(name) ? 'jsonl' : undefined
  const said = defined<FormatOverrides>({ kind, delimiter, encoding, identifier, sheet, headerRow, text: undefined }) // what nobody says is found
  return namingFile({ path, name }, () => detectFormat(path, said))
}

/** What is read of an upload speaks of it by its name: its path in the data folder is nobody's business. */
export async function namingFile<T>({ path, name }: NamedFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError) || !error.detail.includes(path)) throw error
    throw new AppError(error.code, error.detail.replaceAll(path, `"${name}"`), { cause: error })
  }
}

/** A file as the person will see it: how it is understood and why, its first products, rows among them that would be left out. */
export function lookAt({ format, mapping, found, beginning }: Understood): FileLookView {
  const names = columnNames(format)
  const look: FileLookView = {
    kind: format.kind,
    encoding: format.encoding,
    delimiter: format.kind === 'delimited' ? format.delimiter : null,
    sheet: format.kind === 'xlsx' ? { name: format.sheet, names: [...format.sheets], headerRow: format.headerRow } : null,
    columns: names,
    identifier: identifierColumn(format) ?? null,
    reasons: [...format.reasons],
    rows: [],
    problems: [],
    guessed: columnsOf({ columns: null, format: { ...format }, mapping }),
    profile: { id: found.id, reason: found.reason, mapping: found.mapping },
    mapping,
  }
  for (const row of beginning) {
    if (look.rows.length >= ROWS_SHOWN) break
    if ('reason' in row) look.problems.push({ line: row.line, reason: row.reason.text })
    else look.rows.push({ identifier: row.identifier, values: shownValues(row.values) })
  }
  return look
}

/** Values as texts for a table, cut where they are long. */
export const shownValues = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shownText(value)]))

export function shownText(value: unknown): string {
  const text = cellText(value)
  return text.length > CHARACTERS_SHOWN ? `${text.slice(0, CHARACTERS_SHOWN - 1).toWellFormed()}…` : text
}
