import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addConnection } from '../../src/contract/connections.ts'
import { readMe } from '../../src/contract/people.ts'
import { newId } from '../../src/runtime/ids.ts'
import { json, startUpstream, type Upstream } from '../support/gateway.ts'
import { chatWith, COMPLETION, startWaysTest, WAYS, type WaysTest } from '../support/gateway-ways.ts'

// Where a key goes when a request comes through the gateway: KEY-7 to KEY-9, NET-1 to NET-4.

const everyWay = Object.keys(WAYS)
let gateway: WaysTest
let evil: Upstream
beforeAll(async () => {
  evil = await startUpstream(json(COMPLETION))
  gateway = await startWaysTest()
})
beforeEach(() => {
  gateway.upstream.answer = json(COMPLETION)
  gateway.upstream.requests.length = 0
})
afterAll(async () => {
  await gateway?.close()
  await evil?.close()
})

describe('KEY-7: a redirect is an error, and nobody else is asked', () => {
  const targets = { 'another origin': () => `${evil.origin}/v1/chat/completions`, 'the same origin': () => '/v1/elsewhere' }
  const cases = [301, 302, 303, 307, 308].flatMap((status) => Object.keys(targets).map((to) => [status, to] as const))
  it.each(cases)('%s to %s', async (status, to) => {
    gateway.upstream.answer = (_, response) => response.writeHead(status, { location: targets[to as keyof typeof targets]() }).end()
    for (const [number, way] of everyWay.entries()) {
      const heard = await gateway.ask(WAYS[way]!)
      expect(heard.status, way).toBeGreaterThanOrEqual(400)
      expect(heard.headers.get('location')).toBeNull()
      expect(gateway.upstream.requests).toHaveLength(number + 1)
    }
    expect(evil.requests).toEqual([])
  })
})

describe('KEY-8: what steers or authenticates a call is the connection’s alone', () => {
  /** All that may stand in a request to a provider. */
  const KNOWN = new Set(
    (
      'host connection content-length content-type accept accept-encoding user-agent authorization x-api-key x-goog-api-key ' +
      'x-client-request-id anthropic-version anthropic-beta openai-beta'
    ).split(' '),
  )
  const HOSTILE = {
    'x-api-key': 'sk-of-the-caller-xxxxxxxx',
    'api-key': 'sk-of-the-caller-xxxxxxxx',
    'x-goog-api-key': 'sk-of-the-caller-xxxxxxxx',
    'proxy-authorization': 'Basic c2stb2YtdGhlLWNhbGxlcg==',
    cookie: 'session=sk-of-the-caller-xxxxxxxx',
    'openai-organization': 'org-evil',
    'openai-project': 'proj-evil',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-for': '1.1.1.1',
    'x-client-request-id': 'not-ours',
    'x-http-method-override': 'DELETE',
    'x-base-url': 'https://evil.example',
    'helicone-target-url': 'https://evil.example',
    'x-portkey-custom-host': 'https://evil.example',
    'user-agent': 'evil/1.0',
    'anthropic-version': '1999-01-01',
    'anthropic-beta': 'a-feature',
    te: 'trailers',
  }

  it.each(everyWay)('%s: of the caller’s headers none but those that name the body’s form goes on', async (way) => {
    const { headers: _, ...heard } = await gateway.ask(WAYS[way]!, { headers: HOSTILE })
    const [sent] = gateway.upstream.requests
    expect(sent, JSON.stringify(heard)).toBeDefined()
    const { headers } = sent!
    expect(Object.keys(headers).filter((name) => !KNOWN.has(name))).toEqual([])
    const keys = [headers.authorization?.replace('Bearer ', ''), headers['x-api-key'], headers['x-goog-api-key']].filter(Boolean)
    expect(keys).toEqual([gateway.providerKey])
    expect(headers.host).toBe(gateway.upstream.hostPort)
    expect(headers['user-agent']).not.toContain('evil')
    expect(headers['x-client-request-id']).not.toBe('not-ours')
    expect(headers['anthropic-version']).not.toBe('1999-01-01')
    expect(JSON.stringify(headers)).not.toContain('of-the-caller')
  })

  it.each(everyWay)('%s: neither its query nor a member of its body chooses where the key goes', async (name) => {
    const members = { api_base: `${evil.origin}/v1`, base_url: evil.origin, api_key: 'sk-evil', host: evil.hostPort, proxy: evil.origin }
    const { body, ...way } = WAYS[name]!
    const more = { ...body, ...members, extra_headers: { authorization: 'Bearer sk-evil' } }
    await gateway.ask({ ...way, body: more }, { query: `?${new URLSearchParams({ ...members, key: 'sk-evil' }).toString()}` })
    for (const { path: asked, headers } of gateway.upstream.requests) {
      expect(asked).not.toMatch(/evil|api_base/)
      expect(JSON.stringify(headers)).not.toContain('evil')
    }
    expect(evil.requests).toEqual([])
  })
})

it('KEY-9: no address that is asked holds a key, the provider’s or the program’s', async () => {
  for (const way of everyWay) await gateway.ask(WAYS[way]!, { query: `?key=${gateway.token}` })
  const paths = gateway.upstream.requests.map(({ path }) => path)
  expect(paths).toHaveLength(everyWay.length)
  for (const path of paths) {
    expect(path).not.toContain(gateway.providerKey.slice(0, 20))
    expect(path).not.toContain(gateway.token.slice(0, 20))
  }
})

describe('NET-1 to NET-4: an address that is not the operator’s is not asked, however it came into the row', () => {
  const port = (): string => evil.hostPort.split(':')[1]!
  /** One name for this machine after another; and addresses where clouds keep their secrets. */
  const HOSTS = (
    '127.0.0.1 127.1 2130706433 0x7f000001 0177.0.0.1 0.0.0.0 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] ' +
    '[2002:7f00:1::] localhost LOCALHOST localhost. 127.0.0.1. ①②⑦.0.0.1 user@127.0.0.1 169.254.169.254 [fd00:ec2::254] ' +
    '100.100.100.200 metadata.google.internal 10.0.0.1 192.168.0.1 no-such-host.invalid'
  ).split(' ')
  const addresses = HOSTS.flatMap((host) => ['http', 'https'].map((scheme) => `${scheme}://${host}`))
  const slugs = new Map(addresses.map((address) => [address, `s-${newId()}`]))
  const baseUrlOf = (address: string): string => `${address}:${port()}/v1`

  // NET-4: rows that no route would have written
  beforeAll(async () => {
    const { database } = gateway.server.server.services
    const workspaceId = (await gateway.owner.call(readMe)).workspace!.id
    await database.asSystem('a test writes past the routes', async (tx) => {
      for (const [address, slug] of slugs) {
        const destination = JSON.stringify({ baseUrl: baseUrlOf(address) })
        await tx.execute(sql`insert into connections (id, workspace_id, provider, label, slug, destination)
          values (${newId()}, ${workspaceId}, 'openai-compatible', 'x', ${slug}, ${destination}::jsonb)`)
      }
    })
    await gateway.askable(slugs.get(addresses[0]!)!)
  })

  it.each(addresses)('%s', async (address) => {
    const body = { provider: 'openai-compatible', destination: { baseUrl: baseUrlOf(address) } }
    expect(await gateway.owner.refused(addConnection, { body })).toMatchObject({ status: 422 })
    const { status, text } = await gateway.ask({ body: chatWith(`${slugs.get(address)!}/m`) })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(text).toMatch(/destination\.refused|"code":"provider\.unreachable"/)
    expect(evil.requests).toEqual([])
  })

  it('KEY-6 through the gateway: a row that was pointed elsewhere opens no key', async () => {
    const { database } = gateway.server.server.services
    const id = await gateway.connect({ slug: 'moved' })
    await gateway.askable('moved')
    const moved = { body: chatWith('moved/m') }
    expect((await gateway.ask(moved)).status).toBe(200)
    gateway.upstream.requests.length = 0
    await database.asSystem('a test moves a row', (tx) =>
      tx.execute(
        sql`update connections set destination = jsonb_set(destination, '{baseUrl}', to_jsonb(${`${gateway.upstream.origin}/v2`}::text)) where id = ${id}`,
      ),
    )
    const heard = await gateway.ask(moved)
    expect(heard.text).toContain('key.unreadable')
    expect(gateway.upstream.requests).toEqual([])
  })
})
