/** A member of a JSON object's top level: its name, and the bytes of its value, white space left out. */
export interface TopLevelMember {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** A JSON object, or a form, that was looked at from outside: what stands in its members is left unread. */
export interface TopLevel {
  /** Its values are plain texts (`form.ts`). */
  readonly form?: true
  readonly members: ReadonlyMap<string, TopLevelMember>
  /** Just after the opening brace: where another member can be put. */
  readonly start: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d] as const
const MAX_DEPTH = 512

/**
 * The members of a JSON object by the place of their values, so that one can be replaced and every other byte stays what it
 * was. Undefined: it is not one JSON object, or a name occurs twice, which two readers may understand in two ways: in other
 * letters too, because servers written in Go take "MODEL" for "model".
 */
export function readTopLevel(json: Uint8Array): TopLevel | undefined {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
  const members = new Map<string, TopLevelMember>()
  const folded = new Set<string>()
  let at = afterSpace(bytes, 0)
  if (bytes[at] !== BRACE) return undefined
  const start = at + 1
  at = afterSpace(bytes, start)
  if (bytes[at] === BRACE_END) return afterSpace(bytes, at + 1) === bytes.length ? { members, start } : undefined
  for (;;) {
    const nameEnd = afterString(bytes, at)
    if (nameEnd === undefined) return undefined
    const name = textOf(bytes, at, nameEnd)
    const colon = afterSpace(bytes, nameEnd)
    if (name === undefined || bytes[colon] !== COLON || folded.has(fold(name))) return undefined
    folded.add(fold(name))
    const from = afterSpace(bytes, colon + 1)
    const to = afterValue(bytes, from)
    if (to === undefined || to === from) return undefined
    members.set(name, { name, from, to })
    at = afterSpace(bytes, to)
    if (bytes[at] === BRACE_END) return afterSpace(bytes, at + 1) === bytes.length ? { members, start } : undefined
    if (bytes[at] !== COMMA) return undefined
    at = afterSpace(bytes, at + 1)
  }
}

/** The value of a member, parsed; undefined where it is absent or is not JSON. Of a form: a text, or the number or truth that it says. */
export function valueOf(body: Uint8Array, { members, form }: TopLevel, name: string): unknown {
  const member = members.get(name)
  if (!member) return undefined
  const text = Buffer.from(body.buffer, body.byteOffset + member.from, member.to - member.from).toString('utf8')
  if (form && (name === 'model' || !/^(?:\d{1,9}|true|false)$/.test(text))) return text
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The same body with other values in some members; one that was not there comes first, in JSON. All other bytes stay. */
export function withMembers(body: Uint8Array, { members, start, form }: TopLevel, values: Readonly<Record<string, unknown>>): Uint8Array {
  const edits = Object.entries(values)
    .map(([name, value]) => {
      const text = form ? String(value) : JSON.stringify(value)
      const member = members.get(name)
      return member
        ? { from: member.from, to: member.to, text }
        : { from: start, to: start, text: `${JSON.stringify(name)}:${text}${members.size > 0 ? ',' : ''}` }
    })
    .sort((a, b) => a.from - b.from)
  const parts: Uint8Array[] = []
  let at = 0
  for (const { from, to, text } of edits) {
    parts.push(body.subarray(at, from), Buffer.from(text))
    at = to
  }
  parts.push(body.subarray(at))
  return Buffer.concat(parts)
}

/** As encoding/json of Go compares names: "ſ" is an "s" there, and the sign of the kelvin a "k". */
const fold = (name: string): string => (/[^a-z\d_]/.test(name) ? name.toUpperCase().toLowerCase() : name)

function afterSpace(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1
  return at
}

/** After the string that begins at `from`; undefined where none does, or it does not end. */
function afterString(bytes: Buffer, from: number): number | undefined {
  if (bytes[from] !== QUOTE) return undefined
  let end = bytes.indexOf(QUOTE, from + 1)
  while (end !== -1) {
    let backslashes = 0
    while (bytes[end - 1 - backslashes] === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end + 1
    end = bytes.indexOf(QUOTE, end + 1)
  }
  return undefined
}

function afterValue(bytes: Buffer, from: number): number | undefined {
  const first = bytes[from]
  if (first === QUOTE) return afterString(bytes, from)
  if (first !== BRACE && first !== BRACKET) return afterWord(bytes, from)
  const open: number[] = []
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = afterString(bytes, at)
      if (end === undefined) return undefined
      at = end
      continue
    }
    if (byte === BRACE || byte === BRACKET) {
      if (open.length >= MAX_DEPTH) return undefined
      open.push(byte === BRACE ? BRACE_END : BRACKET_END)
    } else if (byte === BRACE_END || byte === BRACKET_END) {
      if (open.pop() !== byte) return undefined
      if (open.length === 0) return at + 1
    }
    at += 1
  }
  return undefined
}

/** After a number, true, false or null. */
function afterWord(bytes: Buffer, from: number): number {
  let at = from
  for (let byte = bytes[at]; byte !== undefined && /[\w+.-]/.test(String.fromCharCode(byte)); byte = bytes[at]) at += 1
  return at
}

function textOf(bytes: Buffer, from: number, to: number): string | undefined {
  const text = bytes.toString('utf8', from + 1, to - 1)
  if (!text.includes('\\')) return text
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    return undefined
  }
}
