import { AppError } from '../../base/errors.ts'
import { type Common, findColumn, type FormatOverrides, type JsonlFormat } from './format.ts'
import { chosenIdentifier, guessIdentifier, guessTextColumns, textReason } from './guess.ts'
import { parseObject } from './jsonl.ts'

const BROKEN_LINES_LOOKED_AT = 200

/** @throws AppError file.malformed when no line of the sample is an object */
export function jsonlFormat({
  path,
  text,
  whole,
  common,
  overrides,
  reasons,
}: {
  path: string
  text: string
  whole: boolean
  common: Common
  overrides: FormatOverrides
  reasons: string[]
}): JsonlFormat {
  const crEndsRow = common.lineEnd === 'cr'
  const lines = text.split(crEndsRow ? '\r' : '\n')
  if (!whole) lines.pop()
  const filled = lines.filter((line) => line.trim() !== '')
  const parsed = filled.slice(0, 2_000).map(parseObject)
  const objects = parsed.flatMap((result) => ('object' in result ? [result.object] : []))
  const another = /^(\[|\{)\s*$|^\[\s*\{/.test(filled[0]?.trim() ?? '') // JSON over many lines, or a list
  if (objects.length === 0 || another) throw notJsonl(path, text, parsed.slice(0, BROKEN_LINES_LOOKED_AT))
  const columns = [...new Set(objects.flatMap(Object.keys))]
  const samples = columns.map((name) => ({
    name,
    values: objects.map((object) => plainText(Object.hasOwn(object, name) ? object[name] : '')),
  }))
  const guess = overrides.identifier === undefined ? guessIdentifier(samples) : chosenIdentifier(columns, overrides.identifier)
  const textIndexes = overrides.text ? overrides.text.map((name) => findColumn(columns, name)) : guessTextColumns(samples)
  const textColumns = textIndexes.map((index) => columns[index]!)
  return {
    kind: 'jsonl',
    ...common,
    crEndsRow,
    columns,
    identifier: guess.column === undefined ? { rowNumber: true } : { key: columns[guess.column]! },
    textColumns,
    reasons: ['JSONL: each line is a JSON object.', ...reasons, guess.reason, textReason(textColumns, overrides.text !== undefined)],
  }
}

const plainText = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : value === null || value === undefined
        ? ''
        : '[]'

function notJsonl(path: string, text: string, parsed: readonly ReturnType<typeof parseObject>[]): AppError {
  const start = text.trimStart()
  if (start.startsWith('[')) {
    return new AppError(
      'file.malformed',
      `${path} is one JSON list; Latchkey reads JSONL, one object per line. Turn it into that with: jq -c '.[]' FILE > FILE.jsonl`,
    )
  }
  if (/^\{\s*("|$|\})/m.test(start)) {
    return new AppError(
      'file.malformed',
      `${path} is JSON spread over many lines, or broken from line 1 on; Latchkey reads JSONL, one whole object per line. Turn it into that with: jq -c . FILE > FILE.jsonl`,
    )
  }
  const first = parsed[0]
  return new AppError('file.malformed', `${path} is not JSONL. Line 1: ${first && 'text' in first ? first.text : 'it holds no object.'}`)
}
