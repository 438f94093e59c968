/**
 * Spreadsheets run a cell as a formula when it starts with one of these, also in full width (OWASP, CSV injection;
 * the full-width forms are normalised on input by some of them).
 */
const STARTS_FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/
const GUARDED = /^'+[=+\-@\t\r\n＝＋－＠]/
const PLAIN_NUMBER = /^[+-]?(?:\d+(?:[.,]\d+)*|[.,]\d+)(?:[eE][+-]?\d+)?$/

/**
 * Text as it may stand in a cell that Latchkey writes: what would run as a formula gets an apostrophe before it, which
 * spreadsheets take as "this is text" and do not show. Plain numbers (-5, +1.5, -1,234.50) stay as they are.
 * Text that already starts with apostrophes before such a sign gets one more, so that `unguard` inverts this exactly.
 */
export const guard = (text: string): string => (STARTS_FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text)

/** The text that a cell stands for: without the apostrophe that marks it as text. Inverts `guard`. */
export const unguard = (text: string): string => (text.charCodeAt(0) === APOSTROPHE && GUARDED.test(text) ? text.slice(1) : text)

/** Digits without the apostrophe that marks them as text for a spreadsheet: "'0123" is "0123". */
export const unmark = (text: string): string => (/^'\d/.test(text) ? text.slice(1) : text)

const APOSTROPHE = 0x27
