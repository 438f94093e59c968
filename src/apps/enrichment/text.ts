/**
 * Text in and out of a model: what may not pass, and how long a text is. Product data goes through `oneLine` before a
 * model sees it; a model's text goes through `plainText` before it is kept.
 */

// C0 and C1 controls; invisible characters that hide or reorder text (zero-width space, bidi overrides and isolates,
// byte order mark, tag characters, soft hyphen). Joiners (U+200C, U+200D) stay: Persian, Hindi and emoji need them.
const HIDDEN =
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu
const SPACES = /[\s\u0085\u2028\u2029]+/gu

const TAGS =
  'a|abbr|article|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|li|link|main|meta|ol|p|pre|s|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|video'
const HTML_BREAK = /<(?:br|\/p|\/li|\/div|\/h[1-6]|\/tr)\b[^<>]{0,200}>/giu
const HTML_TAG = new RegExp(`</?(?:${TAGS})(?:[\\s/][^<>]{0,2000})?>`, 'giu')
const ENTITY = /&(?:(amp|lt|gt|quot|apos|nbsp|deg|reg|trade|copy|ndash|mdash|hellip|euro)|#(\d{1,7})|#x([0-9a-f]{1,6}));/giu
const NAMED: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  deg: '°',
  reg: '®',
  trade: '™',
  copy: '©',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  euro: '€',
}

/** Removes control and invisible characters, and lone surrogates, which no database stores. */
export function withoutHidden(text: string): string {
  return text.toWellFormed().replace(HIDDEN, '')
}

/** HTML as text: known tags are dropped, common entities decoded. Anything else between angle brackets stays. */
export function withoutHtml(text: string): string {
  let plain = text
  if (plain.includes('<')) {
    plain = withoutUnseen(plain).replace(HTML_BREAK, '\n').replace(HTML_TAG, ' ')
  }
  return plain.includes('&') ? plain.replace(ENTITY, decodeEntity) : plain
}

const UNSEEN = [
  { start: '<!--', end: '-->' },
  { start: '<script', end: '</script>' },
  { start: '<style', end: '</style>' },
]

/** Comments, scripts and styles go with their content. By search, not by pattern: a hostile text must not cost the square of its length. */
function withoutUnseen(text: string): string {
  let plain = text
  for (const { start, end } of UNSEEN) {
    const lower = plain.toLowerCase()
    if (lower.length !== plain.length || !lower.includes(start)) continue
    let kept = ''
    let at = 0
    for (let from = lower.indexOf(start); from >= 0; from = lower.indexOf(start, at)) {
      const to = lower.indexOf(end, from)
      if (to < 0) break
      kept += `${plain.slice(at, from)} `
      at = to + end.length
    }
    plain = kept + plain.slice(at)
  }
  return plain
}

function decodeEntity(whole: string, name?: string, decimal?: string, hex?: string): string {
  if (name) return NAMED[name.toLowerCase()] ?? whole
  const point = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex!, 16)
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole
}

/** One line of plain text, whatever came in: tags dropped, every run of white space one space. */
export function oneLine(text: string): string {
  return withoutHidden(withoutHtml(text)).replace(SPACES, ' ').trim()
}

/**
 * A model's text as plain text: HTML and Markdown marks are dropped, their words stay. With `paragraphs`, line breaks
 * stay (at most one empty line in a row); without, the text is one line.
 */
export function plainText(text: string, { paragraphs }: { paragraphs: boolean }): string {
  const unmarked = withoutHidden(withoutHtml(text.replace(/\r\n?/g, '\n')))
    .replace(/!?\[([^\]\n]{1,300})\]\((?:https?:|\/|#|mailto:)[^)\s]{0,500}\)/g, '$1')
    .replace(/^[ \t]{0,3}#{1,6}[ \t]+/gm, '')
    .replace(/^[ \t]{0,3}>[ \t]+/gm, '')
    .replace(/^([ \t]*)[*+•][ \t]+/gm, '$1- ')
    .replace(/```[a-z]*\n?/gi, '')
    .replace(/(\*\*|__)(?=\S)([^\n]{1,2000}?\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=[^\s*])([^*\n]{1,500}?)(?<=[^\s*])\*(?![\w*])/g, '$1')
    .replace(/`([^`\n]{1,500})`/g, '$1')
  if (!paragraphs) return unmarked.replace(SPACES, ' ').trim()
  const lines = unmarked.split(/\n|\u0085|\u2028|\u2029/).map((line) => line.replace(SPACES, ' ').trim())
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** Whether something that looks like a tag is left, after `plainText` dropped the known ones. */
export function hasMarkup(text: string): boolean {
  return /<[a-z!/?][^<>]*>/i.test(text)
}

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u

/** Length in words: runs without white space; in scripts that put no spaces, words as Unicode segments them (UAX 29). */
export function countWords(text: string, locale: string): number {
  const trimmed = text.trim()
  if (trimmed === '') return 0
  if (!UNSPACED.test(trimmed)) return trimmed.split(SPACES).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
  let count = 0
  for (const segment of new Intl.Segmenter(locale, { granularity: 'word' }).segment(trimmed)) if (segment.isWordLike) count += 1
  return count
}

/** The first `limit` code points, cut at the last space when one is near, ending in an ellipsis; short texts unchanged. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const points = Array.from(text)
  if (points.length <= limit) return text
  const head = points.slice(0, Math.max(0, limit - 1)).join('')
  const space = head.lastIndexOf(' ')
  return `${(space > head.length * 0.8 ? head.slice(0, space) : head).trimEnd()}…`
}
