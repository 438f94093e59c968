/** One member of an object, as offsets in the object's text. */
export interface Member {
  readonly key: string
  readonly keyStart: number // at its opening quote
  readonly keyEnd: number
  readonly valueStart: number
  readonly valueEnd: number
}

export interface ObjectText {
  readonly open: number // of {
  readonly close: number // of }
  readonly members: readonly Member[]
}

/** The members of a JSON object (RFC 8259) and where they stand. `text` must be valid: `JSON.parse` has read it. */
export function objectText(text: string): ObjectText {
  const open = text.indexOf('{')
  const members: Member[] = []
  let at = skipBlank(text, open + 1)
  while (text[at] === '"') {
    const keyStart = at
    const keyEnd = skipString(text, at)
    const valueStart = skipBlank(text, skipBlank(text, keyEnd) + 1) // behind the colon
    const valueEnd = skipValue(text, valueStart)
    members.push({ key: JSON.parse(text.slice(keyStart, keyEnd)) as string, keyStart, keyEnd, valueStart, valueEnd })
    at = skipBlank(text, valueEnd)
    if (text[at] === ',') at = skipBlank(text, at + 1)
  }
  return { open, close: at, members }
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text[at]!)) at += 1
  return at
}

function skipString(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function skipValue(text: string, from: number): number {
  if (text[from] === '"') return skipString(text, from)
  let at = from
  let depth = 0
  while (at < text.length) {
    const character = text[at]!
    if (character === '"') {
      at = skipString(text, at)
      continue
    }
    if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      if (depth === 0) return at
      depth -= 1
      if (depth === 0) return at + 1
    } else if (depth === 0 && ', \t\r\n'.includes(character)) return at
    at += 1
  }
  return at
}

/**
 * The object's text with some members replaced or added, every other character as it was: key order, spacing, the
 * spelling of numbers. A key that occurs twice is replaced where JSON.parse takes it from: at its last place.
 * New members go to the end, spaced like the first one.
 */
export function spliceMembers(text: string, changes: ReadonlyMap<string, string>): string {
  const { open, close, members } = objectText(text)
  const edits: { start: number; end: number; text: string }[] = []
  const left = new Map(changes)
  for (const member of members.toReversed()) {
    const replacement = left.get(member.key)
    if (replacement === undefined) continue
    edits.push({ start: member.valueStart, end: member.valueEnd, text: replacement })
    left.delete(member.key)
  }
  if (left.size > 0) {
    const [first, second] = members
    const colon = first ? text.slice(first.keyEnd, first.valueStart) : ':'
    const comma = first && second ? text.slice(first.valueEnd, second.keyStart) : colon.endsWith(' ') ? ', ' : ','
    const added = [...left].map(([key, value]) => `${JSON.stringify(key)}${colon}${value}`).join(comma)
    const at = members.at(-1)?.valueEnd ?? open + 1
    edits.push({ start: at, end: at, text: first ? comma + added : added })
  }
  edits.sort((a, b) => a.start - b.start || a.end - b.end)
  let result = ''
  let copied = 0
  for (const edit of edits) {
    result += text.slice(copied, edit.start) + edit.text
    copied = edit.end
  }
  return close >= copied ? result + text.slice(copied) : result
}
