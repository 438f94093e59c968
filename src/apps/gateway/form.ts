import type { TopLevel, TopLevelMember } from './top-level.ts'

/** More parts than any request for images has. */
const MOST_PARTS = 200
const MAX_HEAD_BYTES = 8 * 1024

/** How parts are told apart; undefined where a request is no form, or says it twice. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data *;/i.test(contentType) || /\bboundary *=.*; *boundary *=/i.test(contentType)) return undefined
  const found = /; *boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  return found?.[1] ?? found?.[2]
}

/** A form that was looked at from outside. */
export interface Form extends TopLevel {
  readonly form: true
  /** The bytes of its files, in their order. */
  readonly files: readonly TopLevelMember[]
}

/**
 * The fields of a form by the place of their values, so that one can be replaced and every other byte stays what it was; files
 * are left unread. Undefined: it is not one form, or says a field twice that is no list.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export function readForm(body: Uint8Array, boundary: string): Form | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const members = new Map<string, TopLevelMember>()
  const files: TopLevelMember[] = []
  // the first delimiter needs no line break before it
  let at = bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2)) ? delimiter.length - 2 : afterFirst(bytes, delimiter)
  for (let parts = 0; at !== undefined && parts <= MOST_PARTS; parts += 1) {
    if (bytes.toString('latin1', at, at + 2) === '--') return { form: true, members, files, start: at }
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd === -1 || headEnd - at > MAX_HEAD_BYTES) return undefined
    const from = headEnd + 4
    const to = bytes.indexOf(delimiter, headEnd + 2)
    const named = nameIn(bytes.toString('utf8', at, headEnd))
    if (to === -1 || !named) return undefined
    const member = { name: named.name, from: Math.min(from, to), to }
    if (named.isFile) files.push(member)
    else if (members.has(named.name) && !named.name.endsWith('[]')) return undefined
    else members.set(named.name, member)
    at = to + delimiter.length
  }
  return undefined
}

function afterFirst(bytes: Buffer, delimiter: Buffer): number | undefined {
  const found = bytes.indexOf(delimiter)
  return found === -1 ? undefined : found + delimiter.length
}

/** What two readers may read in two ways: a header or a name that stands there twice or goes on in another line, a quote in quotes. */
const AMBIGUOUS = /\r\n[ \t]|(?<!\r)\n|\r(?!\n)|content-disposition[^]*content-disposition|[; \t]name *=[^]*[; \t]name *\*?=/i

function nameIn(head: string): { name: string; isFile: boolean } | undefined {
  const withoutFile = head.replaceAll(/\bfilename\*?="[^"]*"/gi, '')
  if (head.includes('\\"') || AMBIGUOUS.test(withoutFile)) return undefined
  const name = /^content-disposition: *form-data *;.*?\bname="([^"\r\n]{1,200})"/im.exec(withoutFile)?.[1]
  return name === undefined ? undefined : { name, isFile: /\bfilename\*?=/i.test(head) }
}
