import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RouteContract } from '../../src/contract/route.ts'
import { newId } from '../../src/runtime/ids.ts'
import { startTestServer, type TestClient, type TestServer } from '../support/server.ts'
import { caseOf, cases } from './cases.ts'
import { askRoute, idInputs, routesOf, withInput } from './routes.ts'
import { furnish, type Things } from './world.ts'

// ISO-1 and ISO-2: two furnished workspaces; one asks about the other's things, and for properties that are nobody's to give.

let server: TestServer
let client: TestClient
let own: Things
let theirs: Things
beforeAll(async () => {
  server = await startTestServer()
  client = await server.owner()
  own = await furnish(client)
  theirs = await furnish(await server.stranger())
}, 120_000)
afterAll(() => server?.close())

const argsOf = (route: RouteContract): Record<string, object> => caseOf(route, own)

async function answer(route: RouteContract, args: Record<string, unknown>, extra?: string): Promise<{ status: number; body: unknown }> {
  const response = await askRoute(client, route, args, extra)
  const text = await response.text()
  const { status } = response
  return { status, body: text.startsWith('{') ? { ...(JSON.parse(text) as object), requestId: '' } : text }
}

it('every route that takes a body has a case, and every id names a thing that the workspace has', () => {
  const given = cases(own)
  expect(
    routesOf(server)
      .filter(({ id, body }) => body && !(id in given))
      .map(({ id }) => id),
  ).toEqual([])
  const known = new Set(routesOf(server).map(({ id }) => id))
  expect(Object.keys(given).filter((id) => !known.has(id))).toEqual([])
  const things = new Set(routesOf(server).flatMap((route) => idInputs(route).map(({ thing }) => thing)))
  expect([...things].filter((thing) => own[thing] === undefined || theirs[thing] === undefined)).toEqual([])
})

describe('ISO-1: a foreign id', () => {
  it('is answered as one that nobody has, in every place where a route takes one', async () => {
    const tried: string[] = []
    for (const route of routesOf(server)) {
      for (const { path, thing } of idInputs(route)) {
        const place = `${route.id} ${path.join('.')}`
        const foreign = await answer(route, withInput(argsOf(route), path, theirs[thing]))
        const random = await answer(route, withInput(argsOf(route), path, newId()))
        expect(foreign, place).toEqual(random)
        const text = JSON.stringify(foreign.body)
        for (const id of Object.values(theirs)) expect(text.includes(id), `${place} says ${id}`).toBe(false)
        tried.push(place)
      }
    }
    expect(tried.length).toBeGreaterThan(60)
  }, 120_000)

  it('in a path is 404', async () => {
    for (const route of routesOf(server).filter(({ needs }) => needs !== 'nobody')) {
      const inPath = idInputs(route).filter(({ path }) => path[0] === 'params')
      for (const { path, thing } of inPath)
        expect((await answer(route, withInput(argsOf(route), path, theirs[thing]))).status, `${route.id} ${path.join('.')}`).toBe(404)
    }
  }, 120_000)
})

describe('ISO-2: a property that a route does not declare', () => {
  const EXTRA = ['id', 'workspaceId', 'workspace_id', 'ownerId', 'userId', 'role', 'status', 'createdAt', 'keyVersion', 'constructor', '__proto__'] // prettier-ignore

  it('is refused by name, in every body and every query, and the rest of the request is not done', async () => {
    const before = await server.server.services.database.asSystem('what is there', countRows)
    for (const route of routesOf(server)) {
      const args = argsOf(route)
      for (const name of EXTRA) {
        if (route.body) {
          const declared = Object.keys(args['body'] ?? {})
          if (declared.includes(name)) continue
          const body = JSON.stringify(args['body'] ?? {}).replace(/^\{/, `{${JSON.stringify(name)}:"x"${declared.length > 0 ? ',' : ''}`)
          const path = route.path.replaceAll(/\{(\w+)\}/g, (_, param: string) =>
            encodeURIComponent((args['params'] as Record<string, string>)[param]!),
          )
          const response = await client.fetch(path, {
            method: route.method.toUpperCase(),
            body,
            headers: { 'content-type': 'application/json' },
          })
          expect(response.status, `${route.id} with ${name}`).toBe(422)
          expect(await response.text(), `${route.id} with ${name}`).toContain(name)
        }
        const inQuery = await answer(route, args, name)
        expect(inQuery, `${route.id} ?${name}`).toMatchObject({ status: 422, body: { code: 'request.invalid' } })
      }
    }
    expect(await server.server.services.database.asSystem('what is there', countRows)).toEqual(before)
  }, 120_000)
})

async function countRows(tx: { execute: (query: never) => unknown }): Promise<unknown> {
  const { sql } = await import('drizzle-orm')
  const tables = [
    'members',
    'invitations',
    'api_tokens',
    'connections',
    'assignments',
    'recipes',
    'runs',
    'value_changes',
    'workspaces',
    'products',
  ]
  const counts = sql.join(
    tables.map((table) => sql`select ${table} as name, count(*)::int as rows from ${sql.identifier(table)}`),
    sql` union all `,
  )
  return ((await tx.execute(counts as never)) as { rows: unknown[] }).rows
}
