import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { RouteContract } from '../contract/route.ts'
import { InvalidRequest } from '../http/problem.ts'

const MOST_JSON_BYTES = 1 << 20

/** A request's inputs as its route declares them, or the list of what is wrong with them. */
export async function readInput(
  route: RouteContract,
  { request, params, url }: { request: Request; params: Readonly<Record<string, string>>; url: URL },
): Promise<{ params: unknown; query: unknown; body: unknown }> {
  for (const [name, value] of Object.entries(params)) refuseUnusable(name, value)
  const given = {
    params: parse(route.params, params, 'path'),
    query: parse(route.query ?? NO_QUERY, queryOf(url), 'query'),
    body: route.body ? parse(route.body, await readJson(request), 'body') : { value: undefined, issues: [] },
  }
  const issues = Object.values(given).flatMap((part) => part.issues)
  if (issues.length > 0) throw new InvalidRequest(issues)
  return { params: given.params.value, query: given.query.value, body: given.body.value }
}

const NO_QUERY = z.strictObject({})

interface Issue {
  readonly path: string
  readonly message: string
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): { value: unknown; issues: Issue[] } {
  if (!schema) return { value: {}, issues: [] }
  const parsed = schema.safeParse(value)
  if (parsed.success) return { value: parsed.data, issues: [] }
  return { value: undefined, issues: parsed.error.issues.map(({ path, message }) => ({ path: [where, ...path].join('.'), message })) }
}

/** A parameter that is given several times is a list. */
function queryOf(url: URL): Record<string, string | string[]> {
  const query: [string, string | string[]][] = []
  for (const name of new Set(url.searchParams.keys())) {
    refuseUnusable(name, undefined)
    const values = url.searchParams.getAll(name)
    for (const value of values) refuseUnusable(name, value)
    query.push([name, values.length === 1 ? values[0]! : values])
  }
  return Object.fromEntries(query)
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new InvalidRequest([{ path: 'body', message: 'must be JSON, with content-type: application/json' }])
  const bytes = await readAtMost(request, MOST_JSON_BYTES)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), refuseUnusable)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new InvalidRequest([{ path: 'body', message: 'is not valid JSON in UTF-8' }])
  }
}

/**
 * "__proto__" is nobody's property, but code that copies objects can be made to think so. A NUL or half a surrogate pair is text
 * that no database holds: said here, before it is an error there.
 */
function refuseUnusable(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new InvalidRequest([{ path: '__proto__', message: 'is no property of anything' }])
  for (const text of [key, value]) {
    if (typeof text === 'string' && (text.includes('\0') || !text.isWellFormed()))
      throw new InvalidRequest([{ path: key, message: 'holds characters that are no text (NUL, or half of a pair)' }])
  }
  return value
}

async function readAtMost(request: Request, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > most)
      throw new AppError('request.too_large', `The request's body is larger than ${most >> 20} MiB, the most that this route takes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
