import { request } from 'node:http'
import { connect } from 'node:net'
import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { changeVirtualKey, revokeVirtualKey } from '../../src/contract/gateway.ts'
import { changeMember, makeApiToken, readMe, removeMember } from '../../src/contract/people.ts'
import { rowsOf } from '../../src/db/rows.ts'
import { virtualKeys } from '../../src/db/schema/index.ts'
import { createLog } from '../../src/runtime/log.ts'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { COMPLETION } from '../support/gateway-ways.ts'

// Who may use the gateway: AUTH-1 to AUTH-5, for virtual keys.

const DAY_MS = 86_400_000
const MARK = 'nobody may see this name'
/** What is asked where: the last one makes no call, and would tell which connections there are. */
const PATHS: Record<string, object | undefined> = {
  '/v1/chat/completions': { model: 'up/m', messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/responses': { model: 'up/m', input: 'Hi' },
  '/v1/embeddings': { model: 'up/m', input: 'Hi' },
  '/v1/images/generations': { model: 'up/m', prompt: 'Hi' },
  '/v1/messages': { model: 'up/m', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/messages/count_tokens': { model: 'up/m', messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/models': undefined,
  '/v1/models/x': undefined,
}
/** Where a program puts its key. */
const CARRIERS: Record<string, (token: string) => Record<string, string>> = {
  'a bearer': (token) => ({ authorization: `Bearer ${token}` }),
  'x-api-key': (token) => ({ 'x-api-key': token }),
  'api-key': (token) => ({ 'api-key': token }),
}

let gateway: GatewayTest
const lines: string[] = []
beforeAll(async () => {
  gateway = await startGatewayTest({
    answer: json(COMPLETION),
    log: createLog({ level: 'warn', target: { write: (line) => lines.push(line) } }),
  })
  await gateway.connect({ slug: 'hidden', label: MARK })
})
beforeEach(() => void (gateway.upstream.requests.length = 0))
afterAll(() => gateway?.close())

/** node's own client: `fetch` would not send some of these headers. */
function ask(
  path: string,
  headers: Record<string, string>,
  body = PATHS[path],
): Promise<{ status: number; text: string; headers: object }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${gateway.server.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', ...headers },
      agent: false,
    })
    asking.once('error', reject).once('response', (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.once('end', () => resolve({ status: answer.statusCode!, text, headers: answer.headers }))
    })
    asking.end(body && JSON.stringify(body))
  })
}
const works = async (token: string): Promise<boolean> => (await ask('/v1/chat/completions', CARRIERS['a bearer']!(token))).status === 200
const expectShut = async (token: string): Promise<void> => {
  for (const path of Object.keys(PATHS)) {
    for (const [carrier, headersOf] of Object.entries(CARRIERS)) {
      const { status, text } = await ask(path, headersOf(token))
      expect({ path, carrier, status }).toEqual({ path, carrier, status: 401 })
      expect(text).not.toMatch(/hidden|up\b/)
    }
  }
  expect(gateway.upstream.requests).toEqual([])
}

describe('AUTH-1, AUTH-5: the virtual key decides, whichever way it comes', () => {
  it('the same key is let in by every carrier, on every path', async () => {
    for (const [carrier, headersOf] of Object.entries(CARRIERS)) {
      for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/embeddings', '/v1/models'])
        expect((await ask(path, headersOf(gateway.token))).status, `${carrier} ${path}`).toBe(200)
    }
  })

  it('a forged identity changes nothing: not in headers, query or body, without a key or with one', async () => {
    const { user, workspace } = await gateway.owner.call(readMe)
    const cookie = gateway.owner
      .cookies()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const forged = {
      cookie,
      'x-user-id': user.id,
      'x-workspace-id': workspace!.id,
      'x-forwarded-user': user.id,
      'x-original-url': '/healthz',
    }
    const more = { userId: user.id, workspaceId: workspace!.id, ownerId: user.id, role: 'owner' }
    for (const [path, body] of Object.entries(PATHS))
      expect((await ask(path, { ...forged, host: 'healthz' }, body && { ...body, ...more })).status, path).toBe(401)
    const { token } = await gateway.virtualKey({ models: ['nothing-*'] })
    const narrow = { ...forged, authorization: `Bearer ${token}` }
    expect((await ask('/v1/chat/completions', narrow, { ...PATHS['/v1/chat/completions'], ...more })).status).toBe(403)
    expect(gateway.upstream.requests).toEqual([])
  })

  it('no other secret opens it, and it opens nothing else', async () => {
    const { token: apiToken } = await gateway.owner.call(makeApiToken, { body: { name: 'another' } })
    const cut = gateway.token.slice(0, -1)
    for (const token of [
      apiToken,
      gateway.providerKey,
      cut,
      `${gateway.token}x`,
      gateway.token.toUpperCase(),
      gateway.token.replace('sk-lk-', 'sk-'),
      'sk-lk-',
      '*',
      '%',
    ])
      await expectShut(token)
    for (const headersOf of Object.values(CARRIERS)) expect((await ask('/api/v1/me', headersOf(gateway.token), undefined)).status).toBe(401)
  })
})

describe('AUTH-2: a key that ended says no more than one that never was', () => {
  const ends: Record<string, (key: { id: string; token: string }) => Promise<void>> = {
    revoked: ({ id }) => gateway.owner.call(revokeVirtualKey, { params: { virtualKeyId: id } }),
    expired: async ({ id }) => {
      const before = new Date(Date.now() - DAY_MS)
      const { database } = gateway.server.server.services
      await database.asSystem('a test lets time pass', (tx) =>
        tx.update(virtualKeys).set({ expiresAt: before }).where(eq(virtualKeys.id, id)),
      )
    },
  }
  it.each(Object.keys(ends))('%s, after it was used and known here', async (end) => {
    const key = await gateway.virtualKey()
    expect(await works(key.token)).toBe(true)
    await ends[end]!(key)
    gateway.upstream.requests.length = 0
    await expectShut(key.token)
    // What it would have been told of connections and models is not said either: neither why a model is not served.
    for (const model of ['nothing', 'hidden/x', 'm', 'context:chat', '']) {
      const [ended, unknown] = await Promise.all(
        [key.token, `sk-lk-${'x'.repeat(43)}`].map((token) =>
          ask('/v1/chat/completions', CARRIERS['a bearer']!(token), { model, messages: [] }),
        ),
      )
      expect({ status: ended!.status, text: ended!.text }).toEqual({ status: 401, text: unknown!.text })
    }
  })

  it('one whose owner left, and one whose owner may only read now', async () => {
    const leaver = await gateway.server.member('editor')
    const reader = await gateway.server.member('editor')
    const [left, reads] = await Promise.all([leaver.call(readMe), reader.call(readMe)])
    const ofLeaver = await gateway.virtualKey({ ownerId: left.user.id })
    const ofReader = await gateway.virtualKey({ ownerId: reads.user.id })
    expect(await works(ofLeaver.token)).toBe(true)
    await gateway.owner.call(removeMember, { params: { userId: left.user.id } })
    gateway.upstream.requests.length = 0
    await expectShut(ofLeaver.token)
    // A virtual key is a program's: it keeps its scope, whatever its owner may do on the pages, until somebody revokes it.
    await gateway.owner.call(changeMember, { params: { userId: reads.user.id }, body: { newRole: 'viewer' } })
    expect(await works(ofReader.token)).toBe(true)
  })

  it('a scope that was narrowed or widened holds from the next request on', async () => {
    const { token, id } = await gateway.virtualKey({ models: ['up/m'] })
    expect(await works(token)).toBe(true)
    await gateway.owner.call(changeVirtualKey, { params: { virtualKeyId: id }, body: { models: ['other'] } })
    expect(await works(token)).toBe(false)
    await gateway.owner.call(changeVirtualKey, { params: { virtualKeyId: id }, body: { models: null } })
    expect(await works(token)).toBe(true)
  })

  it('of virtual keys the database has the hash alone, which opens nothing', async () => {
    const { database } = gateway.server.server.services
    const rows = await database.asSystem('a test reads a dump', (tx) =>
      rowsOf<{ hash: string; row: string }>(
        tx,
        sql`select encode(token_hash, 'hex') as hash, to_jsonb(k)::text as row from virtual_keys k`,
      ),
    )
    expect(rows.length).toBeGreaterThan(3)
    for (const { hash, row } of rows) {
      expect(row).not.toContain(gateway.token.slice(6, 26))
      for (const token of [hash, `sk-lk-${hash.slice(0, 43)}`, Buffer.from(hash, 'hex').toString('base64url')])
        expect((await ask('/v1/models', CARRIERS['a bearer']!(token))).status).toBe(401)
    }
  })
})

it('AUTH-3: empty keys, and keys of other kinds, are none', async () => {
  for (const token of ['', ' ', 'null', 'undefined', '[]', '{}', '0', 'true', 'sk-lk-null'])
    for (const headersOf of Object.values(CARRIERS)) expect((await ask('/v1/models', headersOf(token))).status, token).toBe(401)
  expect((await ask('/v1/models', { authorization: `Basic ${Buffer.from(gateway.token).toString('base64')}` })).status).toBe(401)
  expect((await ask('/v1/models', {})).status).toBe(401)
})

it('AUTH-4: no value of a header gets further than 401, or troubles the database', async () => {
  const text = fc.oneof(
    fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code > 0x7e && code < 0xa0 ? 0x20 : code)),
      maxLength: 200,
    }),
    fc.constantFrom(
      `' or 1=1 --`,
      `'; drop table virtual_keys; --`,
      '%',
      '\\x00',
      '$1',
      '${jndi:ldap://x}',
      'sk-lk-%',
      `sk-lk-${"'".repeat(43)}`,
    ),
  )
  const header = fc.record({
    name: fc.constantFrom('authorization', 'x-api-key', 'api-key', 'cookie'),
    prefix: fc.constantFrom('', 'Bearer ', 'Bearer sk-lk-'),
    text,
  })
  const before = lines.length
  const values = fc.sample(header, { numRuns: 1_000, seed: 7 })
  const statuses = new Set<number>()
  for (let at = 0; at < values.length; at += 20)
    for (const { status } of await Promise.all(
      values.slice(at, at + 20).map(({ name, prefix, text: value }) => ask('/v1/models', { [name]: (prefix + value).trim() })),
    ))
      statuses.add(status)
  expect(statuses).toEqual(new Set([401]))
  expect(lines.slice(before)).toEqual([])
}, 60_000)

it('an outsider holds neither memory nor a connection: what comes after the refusal is dropped, and hung up on', async () => {
  const { hostname, port } = new URL(gateway.server.url)
  const socket = connect(Number(port), hostname)
  let heard = ''
  socket.setEncoding('utf8').on('data', (piece: string) => (heard += piece))
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 60000000\r\nauthorization: Bearer sk-lk-${'y'.repeat(43)}\r\n\r\n{"a":`,
  )
  const more = setInterval(() => socket.write('x'.repeat(10_000)), 100)
  await ended
  clearInterval(more)
  expect(heard).toMatch(/^HTTP\/1\.1 401 /)
}, 30_000)
