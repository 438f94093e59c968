import { z } from 'zod'
import manifest from '../../package.json' with { type: 'json' }
import { ERROR_STATUS } from '../base/errors.ts'
import { problem } from '../contract/problem.ts'
import type { RouteContract } from '../contract/route.ts'
import type { JsonSchema } from './schema-html.ts'

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string // who may
  readonly tags: readonly [string]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: 'path' | 'query'
    readonly required: boolean
    readonly schema: JsonSchema
  }[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}
export type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly license: { readonly name: string } }
  readonly servers: readonly [{ readonly url: string }]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly securitySchemes: typeof SECURITY }
}

/**
 * The OpenAPI 3.1 document of these routes, from the very schemas that check their requests and answers: zod writes them as JSON
 * Schema, and those with an id are written once. @see https://spec.openapis.org/oas/v3.1.1
 */
export function openApiDocument(routes: readonly RouteContract[], origin: string): OpenApiDocument {
  const components = createComponents(routes)
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, components)
  return {
    openapi: '3.1.0',
    info: { title: 'Latchkey', version: manifest.version, license: { name: 'Apache-2.0' } },
    servers: [{ url: origin }],
    paths,
    components: { schemas: components.schemas, securitySchemes: SECURITY },
  }
}

const SECURITY = {
  token: { type: 'http', scheme: 'bearer', description: 'An API token: Account, API tokens' },
  session: { type: 'apiKey', in: 'cookie', name: 'latchkey.session_token' },
}

/** Who may, in words, for readers of the document. */
export function whoMay(needs: RouteContract['needs']): string {
  if (needs === 'nobody') return 'Anyone: without sign-in.'
  if (needs === 'person') return 'A signed-in person, in the browser.'
  return needs === 'member' ? 'Any member of the workspace.' : `Members whose role allows ${needs}.`
}

function operationOf(route: RouteContract, { reference }: Components): Operation {
  const { id, summary, needs, params, query, body, takesBytes, answer, gives } = route
  const parameters = [...parametersOf('path', params, reference), ...parametersOf('query', query, reference)]
  const content = body ? json(reference(body, 'input')) : takesBytes ? BYTES : undefined
  return {
    operationId: id,
    summary,
    description: whoMay(needs),
    tags: [id.split('.')[0]!],
    security: needs === 'nobody' ? [] : needs === 'person' ? [{ session: [] }] : [{ token: [] }, { session: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(content ? { requestBody: { required: true, content } } : {}),
    responses: {
      ...answersOf(gives, answer && reference(answer, 'output')),
      default: { description: PROBLEMS, content: { 'application/problem+json': { schema: reference(problem, 'output') } } },
    },
  }
}

const PROBLEMS = `What went wrong, with one of ${Object.keys(ERROR_STATUS).length} codes and what to do`
const BYTES: Content = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
const json = (schema: JsonSchema): Content => ({ 'application/json': { schema } })

function answersOf(gives: RouteContract['gives'], schema: JsonSchema | undefined): Operation['responses'] {
  if (gives === 'file') return { 200: { description: 'The file', content: BYTES } }
  if (!schema) return { 204: { description: 'Done' } }
  if (gives === 'events')
    return { 200: { description: 'Server-sent events; the data of each is this', content: { 'text/event-stream': { schema } } } }
  return { 200: { description: 'Done', content: json(schema) } }
}

function parametersOf(where: 'path' | 'query', schema: z.ZodObject | undefined, reference: Components['reference']) {
  // By its properties one by one: without an id of its own.
  const object = schema
    ? (reference(z.strictObject(schema.shape), 'input') as { properties?: Record<string, JsonSchema>; required?: string[] })
    : {}
  return Object.entries(object.properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || (object.required ?? []).includes(name),
    schema: property,
  }))
}

type Side = 'input' | 'output'

interface Components {
  readonly schemas: Record<string, JsonSchema>
  /** The schema as it stands in a request or an answer; parts with an id as references to `schemas`. */
  readonly reference: (schema: z.ZodType, side: Side) => JsonSchema
}

function createComponents(routes: readonly RouteContract[]): Components {
  const schemas: Record<string, JsonSchema> = {}
  const twoSided = differingSides(routes)
  const nameOf = (id: string, side: Side): string => (side === 'input' && twoSided.has(id) ? `${id}Given` : id)

  const renamed = (schema: JsonSchema, side: Side): JsonSchema =>
    JSON.parse(
      JSON.stringify(schema).replaceAll(REFERENCE, (_whole, id: string) => JSON.stringify(`${COMPONENTS}${nameOf(id, side)}`)),
    ) as JsonSchema

  return {
    schemas,
    reference: (schema, side) => {
      const { root, parts } = written(schema, side)
      for (const [id, part] of parts) {
        const name = nameOf(id, side)
        const one = renamed(part, side)
        schemas[name] ??= one
        if (JSON.stringify(schemas[name]) !== JSON.stringify(one)) throw new Error(`two schemas of the contract have the id ${name}`)
      }
      return renamed(root, side)
    },
  }
}

const COMPONENTS = '#/components/schemas/'
const REFERENCE = /"#\/\$defs\/([^"]+)"/g

/** Ids of schemas that a request writes otherwise than an answer does (defaults, transformations), in themselves or in a part. */
function differingSides(routes: readonly RouteContract[]): Set<string> {
  const sides: Record<Side, Map<string, JsonSchema>> = { input: new Map(), output: new Map() }
  const collect = (schema: z.ZodType | undefined, side: Side): void => {
    if (!schema) return
    for (const [id, part] of written(schema, side).parts) sides[side].set(id, part)
  }
  for (const { params, query, body, answer } of routes) {
    for (const schema of [params, query, body]) collect(schema, 'input')
    collect(answer, 'output')
  }
  const differing = new Set<string>()
  for (let grown = true; grown;) {
    grown = false
    for (const [id, given] of sides.input) {
      const answered = sides.output.get(id)
      if (!answered || differing.has(id)) continue
      const text = JSON.stringify(given)
      const partDiffers = Array.from(text.matchAll(REFERENCE), ([, part]) => part!).some((part) => differing.has(part))
      if (!partDiffers && text === JSON.stringify(answered)) continue
      differing.add(id)
      grown = true
    }
  }
  return differing
}

/** A schema as zod writes it, apart from its parts that have an id of their own. */
function written(schema: z.ZodType, side: Side): { root: JsonSchema; parts: [string, JsonSchema][] } {
  const options = { io: side, unrepresentable: 'any', override: tidy } as const
  const text = JSON.stringify(z.toJSONSchema(schema, options)).replaceAll(/\b__schema\d+\b/g, 'Json') // zod's own name for what z.json() refers to
  const { $schema: _, $defs = {}, ...root } = JSON.parse(text) as { $schema: string; $defs?: Record<string, JsonSchema> } & JsonSchema
  return { root: withoutId(root), parts: Object.entries($defs).map(([id, part]) => [id, withoutId(part)]) }
}

const withoutId = (schema: JsonSchema): JsonSchema => Object.fromEntries(Object.entries(schema).filter(([name]) => name !== 'id'))

/** What is ours alone (which thing an id names) stays ours, and what a format or a type says already is not said again. */
function tidy({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  delete jsonSchema['refersTo']
  if (jsonSchema['format'] === 'uuid' || jsonSchema['format'] === 'date-time') delete jsonSchema['pattern']
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum']
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum']
}
