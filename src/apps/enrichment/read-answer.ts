import { isObject } from '../../base/json.ts'
import { answerShape, composePrompt, type ComposedPrompt, type PromptProduct } from './prompt.ts'
import type { Recipe } from '../../contract/recipe.ts'
import { validateField, type FieldValue, type Problem } from './validate.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** What an answer gave for one product. `values` holds the fields that passed; a null is "unknown", where allowed. */
export interface ReadProduct {
  readonly id: string
  readonly values: Readonly<Record<string, FieldValue | null>>
  /** Empty when every field passed. */
  readonly problems: readonly Problem[]
}

export interface ReadAnswer {
  /** One per product that was asked, in that order. */
  readonly products: readonly ReadProduct[]
  /** Entries with an id that nobody asked for (or none): ignored. */
  readonly unknownIds: number
  /** Products with a problem, to be asked once more. */
  readonly askAgain: readonly string[]
}

/**
 * Reads the answer of a call. Lenient where nothing is guessed: a byte order mark, code fences, text around the JSON and
 * trailing commas are passed over, and of a list that was cut off its complete entries count. `ids` are those of
 * `composePrompt`; with several products a call, entries are matched by id whatever their order.
 */
export function readAnswer({ text, recipe, ids }: { text: string; recipe: Recipe; ids: ComposedPrompt['ids'] }): ReadAnswer {
  const many = answerShape(recipe) === 'many'
  const entries = many ? manyEntries(text) : oneEntry(text)
  if (!entries) {
    const problem: Problem = { kind: 'not_json', detail: 'the answer was not complete JSON of the form asked for' }
    return { products: ids.map(({ id }) => ({ id, values: {}, problems: [problem] })), unknownIds: 0, askAgain: ids.map(({ id }) => id) }
  }
  const known = new Set(ids.map(({ shortId }) => shortId))
  const byId = new Map<string, JsonObject[]>()
  let unknownIds = 0
  for (const entry of entries) {
    const shortId = many ? entryId(entry) : ids[0]?.shortId
    if (shortId === undefined || !known.has(shortId)) {
      unknownIds += 1
      continue
    }
    byId.set(shortId, [...(byId.get(shortId) ?? []), entry])
  }
  const products = ids.map(({ shortId, id }): ReadProduct => {
    const [entry, second] = byId.get(shortId) ?? []
    if (!entry) return { id, values: {}, problems: [{ kind: 'no_answer', detail: 'the answer left this product out' }] }
    // Two answers under one id: at least one of them belongs to another product.
    if (second) return { id, values: {}, problems: [{ kind: 'duplicate_id', detail: 'the answer gave this id twice' }] }
    return readProduct(recipe, id, entry)
  })
  return { products, unknownIds, askAgain: products.filter(({ problems }) => problems.length > 0).map(({ id }) => id) }
}

function readProduct(recipe: Recipe, id: string, entry: JsonObject): ReadProduct {
  const values: Record<string, FieldValue | null> = {}
  const problems: Problem[] = []
  for (const field of recipe.fields) {
    const checked = validateField(recipe, field, Object.hasOwn(entry, field.name) ? entry[field.name] : undefined)
    if ('problem' in checked) problems.push(checked.problem)
    else values[field.name] = checked.value
  }
  return { id, values, problems }
}

/** What passed in the first answer stays; what was missing comes from the second. */
export function mergeReadings(first: ReadProduct, second: ReadProduct): ReadProduct {
  const wanted = new Set(Object.keys(first.values))
  return {
    id: first.id,
    values: { ...second.values, ...first.values },
    problems: second.problems.filter(({ field }) => field === undefined || !wanted.has(field)),
  }
}

/**
 * The one further try for products whose answer had problems: the same constant part, their records, and under each
 * what was wrong, in our words. Holds no other product and nothing the model wrote.
 */
export function repairPrompt(repair: {
  recipe: Recipe
  products: readonly (PromptProduct & { readonly problems: readonly Problem[] })[]
}): ComposedPrompt {
  const { recipe, products } = repair
  const prompt = composePrompt({ recipe, products })
  const many = answerShape(recipe) === 'many'
  const notes = products.map(({ problems }, index) => {
    const details = problems.slice(0, 5).map(({ field, detail }) => (field === undefined ? detail : `${field} ${detail}`))
    return `${many ? `p${index + 1}: ` : ''}${details.join('; ')}.`
  })
  const user = `${prompt.user}\nAn earlier answer was not accepted. ${notes.join('\n')}\nAnswer again, with all fields, in the form asked for.`
  return { ...prompt, user }
}

function entryId(entry: JsonObject): string | undefined {
  return typeof entry['id'] === 'string' ? entry['id'].trim() : undefined
}

function oneEntry(text: string): JsonObject[] | undefined {
  const value = readJson(text)
  const list =
    isObject(value) && Array.isArray(value['products'])
      ? (value['products'] as unknown[])
      : Array.isArray(value)
        ? (value as unknown[])
        : undefined
  const entry = list ? (list.length === 1 ? list[0] : undefined) : value
  return isObject(entry) ? [entry] : undefined
}

function manyEntries(text: string): JsonObject[] | undefined {
  const value = readJson(text)
  if (value === undefined) return completeEntries(text)
  const list =
    isObject(value) && Array.isArray(value['products'])
      ? (value['products'] as unknown[])
      : Array.isArray(value)
        ? (value as unknown[])
        : isObject(value) && 'id' in value
          ? [value]
          : undefined
  return list?.filter(isObject)
}

/** The JSON value of an answer: the whole text, or the first complete object or array in it. */
function readJson(text: string): unknown {
  const trimmed = text.replace(/^\ufeff/, '').trim()
  const whole = parse(trimmed)
  if (whole !== undefined) return whole
  for (let start = trimmed.search(/[{[]/), tries = 0; start >= 0 && tries < 20; tries += 1) {
    const end = endOfValue(trimmed, start)
    const value = end === undefined ? undefined : parse(trimmed.slice(start, end))
    // "[1]" in an introduction is JSON too, but no answer.
    if (value !== undefined && (isObject(value) || (Array.isArray(value) && value.some(isObject)))) return value
    const next = trimmed.slice(start + 1).search(/[{[]/)
    // An object that does not end was cut off: what is inside it is no answer of its own.
    if (end === undefined || next < 0) return undefined
    start = Math.max(end, start + 1)
    const after = trimmed.slice(start).search(/[{[]/)
    if (after < 0) return undefined
    start += after
  }
  return undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    if (!/,\s*[}\]]/.test(text)) return undefined
  }
  try {
    return JSON.parse(withoutTrailingCommas(text)) as unknown
  } catch {
    return undefined
  }
}

/** Index after the value that starts at `start`, or undefined when it does not end. Knows strings and their escapes. */
function endOfValue(text: string, start: number): number | undefined {
  let depth = 0
  let inString = false
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return undefined
}

function withoutTrailingCommas(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[^])*"|,(?=\s*[}\]])/g, (match) => (match === ',' ? '' : match))
}

/** Of a list that was cut off: the objects in it that are complete. */
function completeEntries(text: string): JsonObject[] | undefined {
  const list = text.search(/\[\s*\{/)
  if (list < 0) return undefined
  const entries: JsonObject[] = []
  let at = text.indexOf('{', list)
  while (at >= 0) {
    const end = endOfValue(text, at)
    if (end === undefined) break
    const value = parse(text.slice(at, end))
    if (!isObject(value)) break
    entries.push(value)
    const separator = /^\s*,\s*(?=\{)/.exec(text.slice(end, end + 1_000))
    if (!separator) break
    at = end + separator[0].length
  }
  return entries.length > 0 ? entries : undefined
}
