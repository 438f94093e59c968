import * as fc from 'fast-check'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as people from '../../src/contract/people.ts'
import { loadConfig } from '../../src/runtime/config.ts'
import { createDoorkeeper } from '../../src/server/guard.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  await server.owner()
})
afterAll(() => server?.close())

/** A request under any Host, which fetch does not let one choose. */
function underHost(host: string, path = '/api/v1/server'): Promise<number> {
  const { port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}

describe('a local server', () => {
  it('answers under its own names alone, whatever is pointed at it', async () => {
    const { port } = new URL(server.url)
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
      expect(await underHost(host), host).toBe(200)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost',
      `localhost:${Number(port) + 1}`,
      `localhost.evil.example:${port}`,
      `127.0.0.1.nip.io:${port}`,
    ])
      expect(await underHost(host), host).not.toBe(200)
    expect(await underHost('evil.example', '/')).toBe(421)
    expect(await underHost('evil.example', '/healthz')).toBe(200)
  })

  it('is not driven by pages of other sites, with the session of the person who visits them', async () => {
    const owner = await server.owner()
    const post = (headers: Record<string, string>): Promise<number> =>
      owner
        .fetch('/api/v1/invitations', {
          method: 'POST',
          body: '{"as":"admin"}',
          headers: { 'content-type': 'application/json', ...headers },
        })
        .then(({ status }) => status)
    expect(await post({})).toBe(200) // a program
    expect(await post({ origin: server.url, 'sec-fetch-site': 'same-origin' })).toBe(200)
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: server.url.replace(/:\d+$/, ':1') },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: server.url, 'sec-fetch-site': 'cross-site' },
    ])
      expect(await post(headers as Record<string, string>), JSON.stringify(headers)).toBe(403)
    const read = await owner.fetch('/api/v1/members', { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(read.status).toBe(403)
    for (const spelled of ['/%61pi/v1/members', '/api/v%31/members', '/ap%69/v1/members', '/%2561pi/v1/members', '//api/v1/members']) {
      const around = await owner.fetch(`${server.url}${spelled}`, { headers: { origin: 'http://localhost:1' } })
      expect(around.status, spelled).toBeGreaterThanOrEqual(403)
    }
    const form = await owner.fetch('/api/v1/invitations', {
      method: 'POST',
      body: '{"as":"admin"}',
      headers: { 'content-type': 'text/plain' },
    })
    expect(form.status).toBe(422)
    expect(owner.cookies().length).toBeGreaterThan(0)
  })

  it('its session cookie is out of reach of scripts and other sites', async () => {
    const { email, password } = await server.owner()
    const response = await server.visitor().fetch('/api/v1/session', {
      method: 'POST',
      body: JSON.stringify({ email, password }),
      headers: { 'content-type': 'application/json' },
    })
    const cookie = response.headers.getSetCookie().find((one) => one.includes('session_token'))
    expect(cookie).toMatch(/httponly/i)
    expect(cookie).toMatch(/samesite=lax/i)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})

it('AUTH-4: any Authorization or cookie that nobody gave is 401, and breaks nothing', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom(
      "' OR 1=1 --",
      '%00',
      'Bearer ',
      'Bearer null',
      'Bearer []',
      'Basic YTpi',
      'Bearer lk_api_',
      `Bearer lk_api_${'A'.repeat(43)}`,
      "lk_api_'; drop table users; --",
    ),
    fc.base64String({ maxLength: 300 }).map((token) => `Bearer ${token}`),
  )
  const headerSafe = (value: string): string => value.replaceAll(/[^\x20-\x7e]/g, '?')
  await fc.assert(
    fc.asyncProperty(text, fc.boolean(), async (value, asCookie) => {
      const headers: Record<string, string> = asCookie
        ? { cookie: `latchkey.session_token=${headerSafe(value)}` }
        : { authorization: headerSafe(value) }
      const response = await server.visitor().fetch('/api/v1/members', { headers })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'session.missing' })
    }),
    { numRuns: 5_000 },
  )
})

it.each([
  ['a body', '/api/v1/me', 'PATCH', '{"name":"A\\u0000da"}'],
  ['a name in a body', '/api/v1/me', 'PATCH', '{"na\\ud800me":"Ada"}'],
  ['half a pair in a body', '/api/v1/me', 'PATCH', '{"name":"Ada \\ud83d"}'],
  ['a query', '/api/v1/catalogue/products?search=%00', 'GET', undefined],
  ['a path', '/api/v1/assignments/%00/preview', 'GET', undefined],
])('text that no database holds, in %s, is a wrong request and no error of ours', async (_, path, method, body) => {
  const owner = await server.owner()
  const response = await owner.fetch(path, { method, ...(body ? { body, headers: { 'content-type': 'application/json' } } : {}) })
  expect(response.status).toBe(422)
})

it('AUTH-2: what a dump of the database holds signs nobody in', async () => {
  const owner = await server.owner()
  const { token } = await owner.call(people.makeApiToken, { body: { name: 'dumped' } })
  const rows = await server.server.services.database.asSystem('a dump', async (tx) => {
    const { sql } = await import('drizzle-orm')
    const result = (await tx.execute(
      sql`select token from sessions union all select encode(token_hash, 'hex') from api_tokens union all select encode(token_hash, 'base64') from api_tokens`,
    )) as { rows: { token: string }[] }
    return result.rows
  })
  expect(rows.length).toBeGreaterThan(2)
  expect(rows.map((row) => row.token)).not.toContain(token)
  for (const { token: stored } of rows) {
    const asCookie = await server.visitor().fetch('/api/v1/me', { headers: { cookie: `latchkey.session_token=${stored}` } })
    const asBearer = await server
      .visitor()
      .fetch('/api/v1/members', { headers: { authorization: `Bearer ${stored.replaceAll(/[^\w-]/g, '')}` } })
    expect([asCookie.status, asBearer.status]).toEqual([401, 401])
  }
})

it('believes X-Forwarded-For from trusted proxies alone, and from the last hop backwards', () => {
  const keeper = createDoorkeeper(loadConfig({ HOME: '/home/ada', LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8,fd00::1' }), 4310)
  expect(keeper.addressOf('192.0.2.1', '203.0.113.7')).toBe('192.0.2.1')
  expect(keeper.addressOf('10.1.2.3', '203.0.113.7')).toBe('203.0.113.7')
  expect(keeper.addressOf('::ffff:10.1.2.3', '198.51.100.1, 203.0.113.7, 10.9.9.9')).toBe('203.0.113.7')
  expect(keeper.addressOf('fd00::1', 'not an address')).toBe('fd00::1')
  expect(keeper.addressOf('10.1.2.3', null)).toBe('10.1.2.3')
})
