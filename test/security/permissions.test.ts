import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { may, ROLES } from '../../src/contract/permissions.ts'
import type { RouteContract } from '../../src/contract/route.ts'
import { startTestServer, type TestClient, type TestServer } from '../support/server.ts'
import { anyPath, routesOf } from './routes.ts'

// Who may what, for every route that the server has mounted: a route that is added later is tried by itself. Requests are empty
// and name nothing that exists: authorization comes before input is read, so that nothing is changed by those that may.

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await server.owner()
})
afterAll(() => server?.close())

const ask = (client: TestClient, route: RouteContract, headers: Record<string, string> = {}): Promise<Response> =>
  client.fetch(anyPath(route), { method: route.method.toUpperCase(), headers })

async function statuses(
  client: TestClient,
  routes: readonly RouteContract[],
  headers?: Record<string, string>,
): Promise<Record<string, number>> {
  const found: [string, number][] = []
  for (const route of routes) {
    const response = await ask(client, route, headers)
    await response.body?.cancel()
    found.push([route.id, response.status])
  }
  return Object.fromEntries(found)
}

const wanted = (routes: readonly RouteContract[], status: number): Record<string, number> =>
  Object.fromEntries(routes.map(({ id }) => [id, status]))
/** Ends the session, or leaves the workspace, that the test asks with. */
const LAST = new Set(['session.signOut', 'members.leave', 'me.endOtherSessions'])

describe('without sign-in', () => {
  it('every route but those for nobody in particular is 401', async () => {
    const closed = routesOf(server).filter(({ needs }) => needs !== 'nobody')
    expect(closed.length).toBeGreaterThan(20)
    expect(await statuses(server.visitor(), closed)).toEqual(wanted(closed, 401))
  })

  it('AUTH-1: headers and parameters that claim an identity change nothing', async () => {
    const owner = await server.owner()
    const closed = routesOf(server).filter(({ needs }) => needs !== 'nobody')
    const forged = {
      'x-user-id': 'ada', 'x-user': owner.email, 'x-forwarded-user': owner.email, 'x-remote-user': owner.email, 'remote-user': owner.email,
      'x-auth-request-email': owner.email, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost', 'x-forwarded-proto': 'https',
      'x-original-url': '/api/v1/server', 'x-rewrite-url': '/api/v1/server', 'x-http-method-override': 'GET', 'x-latchkey-workspace': 'x',
      'x-api-key': 'lk_api_0000000000000000000000000000000000000000000',
    } // prettier-ignore
    expect(await statuses(server.visitor(), closed, forged)).toEqual(wanted(closed, 401))
  })

  it('the routes for nobody in particular are these', () => {
    const open = routesOf(server).filter(({ needs }) => needs === 'nobody')
    expect(open.map(({ id }) => id).toSorted()).toEqual(
      ['join.accept', 'join.read', 'server.claim', 'server.read', 'session.signIn', 'session.verifySecondFactor'].toSorted(),
    )
  })
})

describe.each(ROLES)('%s', (role) => {
  it('gets 403 exactly where the table says no, in the browser and with a token alike', async () => {
    const client = role === 'owner' ? await server.owner() : await server.member(role)
    const token = await client.withToken()
    const routes = routesOf(server).filter(({ needs, id }) => needs !== 'nobody' && !LAST.has(id))
    const allowed = ({ needs }: RouteContract): boolean => needs === 'member' || needs === 'person' || may(role, needs as never)
    const found = await statuses(client, routes)
    for (const route of routes) {
      if (allowed(route)) expect([401, 403], route.id).not.toContain(found[route.id])
      else expect({ [route.id]: found[route.id] }).toEqual({ [route.id]: 403 })
    }
    // AUTH-5: the same credential in the other carrier decides alike; what is about a person takes no token at all.
    const byToken = await statuses(token, routes)
    for (const route of routes) {
      if (route.needs === 'person') expect({ [route.id]: byToken[route.id] }).toEqual({ [route.id]: 403 })
      else if (!allowed(route)) expect({ [route.id]: byToken[route.id] }).toEqual({ [route.id]: 403 })
      else expect([401, 403], route.id).not.toContain(byToken[route.id])
    }
  })
})

it('someone who was taken out of the workspace sees nothing of it, by session or token', async () => {
  const owner = await server.owner()
  const client = await server.member('admin')
  const token = await client.withToken()
  const { members } = await owner.call((await import('../../src/contract/people.ts')).listMembers)
  const { userId } = members.find(({ email }) => email === client.email)!
  await owner.call((await import('../../src/contract/people.ts')).removeMember, { params: { userId } })
  const routes = routesOf(server).filter(({ needs }) => needs !== 'nobody' && needs !== 'person')
  expect(await statuses(client, routes)).toEqual(wanted(routes, 404))
  expect(await statuses(token, routes)).toEqual(wanted(routes, 401))
})
