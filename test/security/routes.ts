import { z } from 'zod'
import type { RouteContract } from '../../src/contract/route.ts'
import type { AnyArguments, TestClient, TestServer } from '../support/server.ts'

/** Every route the server has, as it mounted them. */
export const routesOf = ({ server }: TestServer): readonly RouteContract[] => server.routes.map(({ route }) => route)

/** An input of a route that names a thing: where it stands, and what it names. */
export interface IdInput {
  readonly path: readonly string[] // ["params", "connectionId"], ["body", "ids", "0"]
  readonly thing: string
}

/** Every id-typed input of a route, found in its schemas: nested ones, those in lists, and those of each variant of a union. */
export function idInputs({ params, query, body }: RouteContract): IdInput[] {
  return [...walk(params, ['params']), ...walk(query, ['query']), ...walk(body, ['body'])]
}

function walk(schema: z.ZodType | undefined, path: readonly string[], depth = 0): IdInput[] {
  if (!schema || depth > 12) return []
  const thing = schema.meta()?.refersTo
  if (thing) return [{ path, thing }]
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, part]) => walk(part, [...path, name], depth + 1))
  if (schema instanceof z.ZodArray) return walk(schema.element as z.ZodType, [...path, '0'], depth + 1)
  if (schema instanceof z.ZodUnion) return (schema.options as z.ZodType[]).flatMap((option) => walk(option, path, depth + 1))
  if (schema instanceof z.ZodRecord) return walk(schema.valueType as z.ZodType, [...path, '*'], depth + 1)
  if (schema instanceof z.ZodPipe) return walk(schema.in as z.ZodType, path, depth + 1)
  const inner = (schema.def as { innerType?: z.ZodType }).innerType // optional, nullable, default, prefault ...
  return walk(inner, path, depth + 1)
}

/** A request's inputs with one of them replaced; lists on the way are made as long as they must be. */
export function withInput(args: object, path: readonly string[], value: unknown): Record<string, unknown> {
  const [name, ...rest] = path
  const copy = structuredClone(args) as Record<string, unknown>
  if (rest.length === 0) copy[name!] = value
  else {
    const inner = copy[name!] ?? (/^\d+$/.test(rest[0]!) ? [] : {})
    const changed = withInput(inner, rest, value)
    copy[name!] = Array.isArray(inner) ? Object.assign([...(inner as unknown[])], changed) : changed
  }
  return copy
}

/** A path that fits the route, with ids that name nothing. */
export const anyPath = ({ path }: RouteContract): string => path.replaceAll(/\{\w+\}/g, '01890000-0000-7000-8000-000000000000')

/** A request to a route with these inputs, whatever comes back. `extra`: one more parameter of the query. */
export const askRoute = (client: TestClient, route: RouteContract, args: AnyArguments, extra?: string): Promise<Response> =>
  client.ask(route, extra === undefined ? args : { ...args, query: { ...args.query, [extra]: 'x' } })
