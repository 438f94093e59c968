import type { Block } from './blocks.ts'
import type { Codec } from './encoding.ts'
import { createCellReader, faultText, oddByteVerdict } from './delimited.ts'
import type { JsonlFormat } from './format.ts'
import { objectText } from './json-text.ts'
import type { RowSpan, ScanDialect } from './scan.ts'
import {
  BLANK,
  COPIED,
  createIdentifierCheck,
  MAX_ROW_BYTES,
  type RejectCode,
  rejected,
  type RowJudge,
  SCAN_PROBLEMS,
  type Verdict,
} from './verdict.ts'

/** Lines only: no delimiter, no quote. */
export const jsonlDialect = (format: Pick<JsonlFormat, 'crEndsRow'>, codec: Codec): ScanDialect => ({
  delimiter: -1,
  quote: -1,
  crEndsRow: format.crEndsRow,
  maxRowUnits: MAX_ROW_BYTES / codec.unitBytes,
})

/** Deeper nesting is refused: code that walks a value calls itself once per level. */
const MAX_DEPTH = 64

export interface JsonlJudge extends RowJudge {
  /** The text of the row judged last, without its line end and byte order mark. */
  text(): string
}

export function createJsonlJudge(format: JsonlFormat, codec: Codec): JsonlJudge {
  const key = 'key' in format.identifier ? format.identifier.key : undefined
  const check = createIdentifierCheck({ label: key ?? 'row number', repeats: 'reject' })
  const line = createCellReader({ quote: null }, codec)
  let row = 0
  let text = ''
  let object: Record<string, unknown> = {}

  function judge(block: Block, span: RowSpan): Verdict {
    if (span.problem === 'skipped') return COPIED
    if (span.problem === undefined && span.start === span.end) return BLANK
    row += 1
    const reject = (code: RejectCode, reason: string): Verdict => rejected({ row, line: span.line, code, text: reason })
    if (span.problem) return reject(span.problem, SCAN_PROBLEMS[span.problem])
    const fault = line.load(block, span)
    if (fault) return reject(fault, faultText(block, span, fault, codec))
    text = line.value(0)
    if (text.trim() === '') {
      row -= 1
      return BLANK
    }
    const parsed = parseObject(text)
    if ('code' in parsed) return reject(parsed.code, parsed.text)
    object = parsed.object
    if (key === undefined) return { kind: 'product', row, line: span.line, identifier: String(row) }
    return check({ row, line: span.line, identifier: identifierIn(object, key, text) })
  }

  return { judge, values: () => object, text: () => text, end: () => {}, oddByte: (at) => oddByteVerdict(row + 1, at) }
}

type Parsed = { readonly object: Record<string, unknown> } | { readonly code: RejectCode; readonly text: string }

/** One line as an object, or why it is none. */
export function parseObject(text: string): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // V8 quotes the text in its message: only the place is taken from it
    const position = /position (\d+)/.exec(String(error))?.[1]
    const where =
      position === undefined || Number(position) >= text.trimEnd().length
        ? 'it ends too early'
        : `character ${Number(position) + 1} of the line`
    return { code: 'json_broken', text: `The line is not valid JSON (${where}). Each line must hold one whole object.` }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
    return { code: 'json_not_object', text: `The line holds ${what}, not an object ({ ... }).` }
  }
  if (deeperThan(value, MAX_DEPTH)) return { code: 'json_too_deep', text: `The object is nested deeper than ${MAX_DEPTH} levels.` }
  const suspicious = text.includes('__proto__') || text.includes('\\u005')
  return { object: (suspicious ? withoutPrototype(value) : value) as Record<string, unknown> }
}

function deeperThan(value: object, levels: number): boolean {
  if (levels === 0) return true
  for (const key in value) {
    const entry = (value as Record<string, unknown>)[key]
    if (typeof entry === 'object' && entry !== null && deeperThan(entry, levels - 1)) return true
  }
  return false
}

/** The same value in objects without a prototype, in which a member called __proto__ is one like any other. */
function withoutPrototype(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototype)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.create(null) as Record<string, unknown>
  for (const [key, entry] of Object.entries(value)) copy[key] = withoutPrototype(entry)
  return copy
}

/** Text or a number, as spelled: 12345678901234567890 is no double. Anything else identifies nothing. */
function identifierIn(object: Record<string, unknown>, key: string, text: string): string {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  if (typeof value === 'string') return value.trim()
  if (typeof value !== 'number') return ''
  if (Number.isSafeInteger(value)) return String(value)
  const member = objectText(text).members.findLast((entry) => entry.key === key)!
  return text.slice(member.valueStart, member.valueEnd)
}
