import { afterAll, beforeAll, expect, it } from 'vitest'
import * as connections from '../../src/contract/connections.ts'
import { ROLES } from '../../src/contract/permissions.ts'
import type { RouteContract } from '../../src/contract/route.ts'
import { newId } from '../../src/runtime/ids.ts'
import { answerJson, type RawServer, startRawServer } from '../support/raw-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { expectNoSecret, newSecret } from '../support/sweep.ts'
import { caseOf } from './cases.ts'
import { askRoute, routesOf } from './routes.ts'
import { furnish, type Things } from './world.ts'

// KEY-5: a key that was given is answered by no route, to no role, whether the request is right, wrong, or about nothing. The
// provider is one that repeats the key in whatever it says.

let server: TestServer
let provider: RawServer
let own: Things
const key = newSecret()
beforeAll(async () => {
  provider = await startRawServer(({ headers }, response) => {
    answerJson(response, 401, { error: { message: `Incorrect API key provided: ${headers.authorization}`, code: 'invalid_api_key' } })
  })
  server = await startTestServer({ environment: { LATCHKEY_PRIVATE_HOSTS: new URL(provider.url).host } })
  const owner = await server.owner()
  own = await furnish(owner)
  const connection = await owner.call(connections.addConnection, {
    body: { provider: 'openai', key, destination: { baseUrl: `${provider.url}/v1` } },
  })
  own = { ...own, connection: connection.id }
}, 120_000)
afterAll(async () => {
  await server?.close()
  await provider?.stop()
})

/** What would end, or leave, the workspace that the other requests are about. */
const ENDS = new Set([
  'session.signOut',
  'members.leave',
  'me.makeWorkspace',
  'members.remove',
  'me.endOtherSessions',
  'me.endSession',
  'connections.revoke',
  'connections.delete',
])
/** These stream for as long as there is something to tell. */
const streams = ({ gives }: RouteContract): boolean => gives === 'events'

it('KEY-5: no answer to any role holds a key, in any form', async () => {
  const texts: Record<string, string> = {}
  for (const role of ROLES) {
    const client = role === 'owner' ? await server.owner() : await server.member(role)
    for (const route of routesOf(server).filter((one) => !ENDS.has(one.id) && !streams(one))) {
      const right = caseOf(route, own)
      const nothing = { ...right, params: Object.fromEntries(Object.keys(right['params'] ?? {}).map((name) => [name, newId()])) }
      for (const [state, args] of Object.entries({ right, nothing, wrong: { ...right, body: { key } } })) {
        if (state === 'wrong' && !route.body) continue
        const response = await askRoute(client, route, args)
        texts[`${role} ${route.id} ${state}`] = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
      }
    }
  }
  expect(Object.keys(texts).length).toBeGreaterThan(500)
  expect(Object.values(texts).filter((text) => text.startsWith('2')).length).toBeGreaterThan(150)
  expectNoSecret([key], { texts })
  // It was there to be told: the provider saw it, and the workspace shows its last characters.
  expect(texts['owner connections.list right']).toContain(key.slice(-4))
  expect(texts['owner connections.check right']).toContain('bad_key')
}, 240_000)
