import type { Block } from './blocks.ts'
import { shorten } from './format.ts'
import type { RowSpan } from './scan.ts'
import { createSeenSet } from './seen.ts'

export type RejectCode =
  | 'too_few_cells'
  | 'too_many_cells'
  | 'quote_unclosed'
  | 'quote_misplaced'
  | 'too_long'
  | 'encoding_broken'
  | 'nul_character'
  | 'cell_broken'
  | 'header_repeated'
  | 'identifier_empty'
  | 'identifier_too_long'
  | 'identifier_repeated'
  | 'json_broken'
  | 'json_not_object'
  | 'json_too_deep'

/** Why a row was left out, in words for the person whose file it is. */
export interface RejectReason {
  readonly code: RejectCode
  readonly text: string
}

/** What a row of the file is. `row` counts rows after the header that are not blank, from 1; `line` is where it starts. */
export type Verdict =
  | ProductVerdict
  /** `whole`: its cells are in order, only its identifier is not, so added columns can be appended to it. */
  | { readonly kind: 'rejected'; readonly row: number; readonly line: number; readonly reason: RejectReason; readonly whole: boolean }
  | { readonly kind: 'continuation' | 'header' | 'blank' | 'copied' }

export interface ProductVerdict {
  readonly kind: 'product'
  readonly row: number
  readonly line: number
  readonly identifier: string
  readonly parent?: string // the identifier of the product that it is a variant of
}

/** Judges the rows of one file in order, and gives the values of the row judged last. */
export interface RowJudge {
  judge(block: Block, span: RowSpan): Verdict
  /** Non-empty values of the last row, if it was a product; JSONL: its object. */
  values(): Record<string, unknown>
  /** To be called after the last row. @throws AppError file.changed when there was no header */
  end(): void
  /** The rejection of the half character at the end of a UTF-16 file. */
  oddByte(line: number): Verdict
}

export const HEADER: Verdict = { kind: 'header' }
export const BLANK: Verdict = { kind: 'blank' }
export const COPIED: Verdict = { kind: 'copied' }
export const CONTINUATION: Verdict = { kind: 'continuation' }

/** A row may be this long: 8 MiB. More is a quote never closed, or no catalogue. */
export const MAX_ROW_BYTES = 8 << 20

const MAX_IDENTIFIER = 500 // characters: the database indexes it

/** The texts of problems that the scanner finds. */
export const SCAN_PROBLEMS = {
  quote_unclosed: 'A quote opens on this line and is not closed. Close it, or double it ("") when it belongs to the text.',
  quote_misplaced: 'Text follows a closing quote. Double the quotes that belong to the text ("").',
  too_long: 'The row is longer than 8 MiB.',
} as const

const isIdentifier = (text: string): boolean => text !== '' && text.length <= MAX_IDENTIFIER && text.isWellFormed() && !text.includes('\0')

/** The verdict on a row that is left out. */
export const rejected = ({
  row,
  line,
  code,
  text,
  whole = false,
}: {
  row: number
  line: number
  code: RejectCode
  text: string
  whole?: boolean
}): Verdict => ({ kind: 'rejected', row, line, reason: { code, text }, whole })

/**
 * Numbers rows and checks identifiers, the same way for every kind of file. A row that repeats an identifier is a variant where the
 * caller has names for it: the first that no row had before.
 */
export function createIdentifierCheck({ label, repeats }: { label: string; repeats: 'reject' | 'continue' }) {
  const seen = createSeenSet()
  const variants = createSeenSet() // apart: a row that repeats one of them is none of its product's
  return ({
    row,
    line,
    identifier,
    variantNames,
  }: {
    row: number
    line: number
    identifier: string
    variantNames?: () => readonly string[]
  }): Verdict => {
    const reject = (code: RejectCode, text: string): Verdict => rejected({ row, line, code, text, whole: true })
    if (identifier === '') return reject('identifier_empty', `It has no ${label}, which tells products apart.`)
    if (identifier.length > MAX_IDENTIFIER) {
      return reject('identifier_too_long', `Its ${label} is longer than ${MAX_IDENTIFIER} characters.`)
    }
    if (identifier.includes('\0') || !identifier.isWellFormed())
      return reject('encoding_broken', `Its ${label} holds characters that are no text.`)
    const ofVariant = variants.lineOf(identifier)
    if (ofVariant !== 0)
      return reject('identifier_repeated', `Its ${label} "${shorten(identifier)}" is that of a variant on line ${ofVariant}.`)
    const before = seen.add(identifier, line)
    if (before === 0) return { kind: 'product', row, line, identifier }
    if (repeats === 'continue') {
      const name = variantNames?.().find((each) => isIdentifier(each) && seen.lineOf(each) === 0 && variants.add(each, line) === 0)
      return name === undefined ? CONTINUATION : { kind: 'product', row, line, identifier: name, parent: identifier }
    }
    return reject('identifier_repeated', `Its ${label} "${shorten(identifier)}" is already on line ${before}.`)
  }
}
