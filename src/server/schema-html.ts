import { escapeHtml } from './html.ts'

/** The part of JSON Schema (2020-12, as OpenAPI 3.1 has it) that the contract's schemas come out as. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly format?: string
  readonly pattern?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
}

const DEEPEST = 4

/** "list of connection", "text or null": a type in one line, named schemas as links. */
export function typeHtml(schema: JsonSchema): string {
  if (schema.$ref !== undefined) {
    const name = nameOfRef(schema.$ref)
    return `<a href="#${anchorOfSchema(name)}">${escapeHtml(name)}</a>`
  }
  if (schema.const !== undefined) return code(JSON.stringify(schema.const))
  if (schema.enum) return schema.enum.map((value) => code(JSON.stringify(value))).join(', ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map((choice) => typeHtml(choice)).join(' or ')
  if (schema.allOf) return schema.allOf.map((part) => typeHtml(part)).join(' with ')
  const types = schema.type === undefined ? ['any'] : [schema.type].flat()
  return types.map((type) => plainType(type, schema)).join(' or ')
}

function plainType(type: string, schema: JsonSchema): string {
  if (type === 'array') return schema.items ? `list of ${typeHtml(schema.items)}` : 'list'
  if (type === 'object') {
    const { additionalProperties } = schema
    return typeof additionalProperties === 'object' && !schema.properties ? `object of ${typeHtml(additionalProperties)}` : 'object'
  }
  if (type === 'string') return escapeHtml(FORMATS[schema.format ?? ''] ?? 'text')
  return escapeHtml(TYPES[type] ?? type)
}

const TYPES: Readonly<Record<string, string>> = {
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  null: 'null',
  any: 'anything',
}
const FORMATS: Readonly<Record<string, string>> = {
  uuid: 'id (UUID)',
  date: 'day (2026-11-20)',
  'date-time': 'instant (ISO 8601)',
  email: 'e-mail address',
  uri: 'URL',
  binary: 'bytes',
}

/** What else holds: lengths, limits, what is taken when nothing is given. */
export function limitsText(schema: JsonSchema): string {
  const { default: fallback, minimum, maximum, minLength, maxLength, minItems, maxItems } = schema
  const real = (limit: number | undefined): limit is number => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER
  return [
    fallback === undefined ? undefined : `Without it: ${JSON.stringify(fallback)}.`,
    real(minimum) || real(maximum) ? `${range(real(minimum) ? minimum : undefined, real(maximum) ? maximum : undefined)}.` : undefined,
    minLength !== undefined || maxLength !== undefined ? `${range(minLength, maxLength)} characters.` : undefined,
    minItems !== undefined || maxItems !== undefined ? `${range(minItems, maxItems)} entries.` : undefined,
  ]
    .filter((text) => text !== undefined)
    .join(' ')
}

const range = (least: number | undefined, most: number | undefined): string => {
  if (least !== undefined && most !== undefined) return least === most ? `Exactly ${least}` : `${least} to ${most}`
  return least === undefined ? `At most ${most}` : `At least ${least}`
}

/** A body or an answer: its type, and its properties one under the other, those of nested objects by their path. */
export function schemaHtml(schema: JsonSchema): string {
  const rows = rowsOf(schema, '', 0)
  const about = schema.description ? `<p>${escapeHtml(schema.description)}</p>` : ''
  if (rows.length === 0) return `${about}<p>${typeHtml(schema)}</p>`
  return `${about}${tableHtml(['Name', 'Type', 'What it is'], rows)}`
}

function rowsOf(schema: JsonSchema, path: string, depth: number): string[][] {
  if (depth > DEEPEST) return []
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? []
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const required = schema.required?.includes(name) ? '' : '<span class="quiet"> optional</span>'
    const text = [property.description, limitsText(property)].filter(Boolean).join(' ')
    const full = `${path}${name}`
    return [[`${code(full)}${required}`, typeHtml(property), escapeHtml(text)], ...rowsOf(property, `${full}.`, depth + 1)]
  })
  const nested = schema.items ? rowsOf(schema.items, `${path.replace(/\.$/, '')}[].`, depth + 1) : []
  return [...own, ...nested, ...choices.flatMap((choice) => rowsOf(choice, path, depth + 1))]
}

/** Cells are HTML already. */
export function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')
  return `<div class="scrolls"><table><thead><tr>${head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('')}</tr></thead><tbody>${body}</tbody></table></div>`
}

export const code = (text: string): string => `<code>${escapeHtml(text)}</code>`

export const anchorOfSchema = (name: string): string => `schema-${encodeURIComponent(name)}`

export const nameOfRef = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)

/** A value of the schema's shape, for an example: what is required, with a word for each kind. */
export function exampleOf(schema: JsonSchema, named: Readonly<Record<string, JsonSchema>>, depth = 0): unknown {
  if (schema.$ref !== undefined) {
    const target = named[nameOfRef(schema.$ref)]
    return target && depth <= DEEPEST ? exampleOf(target, named, depth + 1) : {}
  }
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const choice = (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.[0]
  if (choice) return exampleOf(choice, named, depth)
  const type = [schema.type ?? 'object'].flat()[0]
  if (type === 'object') {
    const required = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name))
    return depth > DEEPEST ? {} : Object.fromEntries(required.map(([name, property]) => [name, exampleOf(property, named, depth + 1)]))
  }
  if (type === 'array') return schema.items && depth <= DEEPEST ? [exampleOf(schema.items, named, depth + 1)] : []
  if (type === 'string') return EXAMPLES[schema.format ?? ''] ?? '...'
  if (type === 'boolean') return true
  return type === 'null' ? null : Math.max(1, schema.minimum ?? 1)
}

const EXAMPLES: Readonly<Record<string, string>> = {
  uuid: '01a1f841-a81b-74f4-aafb-aa4f62cbc988',
  date: '2026-11-20',
  'date-time': '2026-11-20T12:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com',
}
