import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as assignments from '../src/contract/assignments.ts'
import * as contract from '../src/contract/connections.ts'
import type { RouteContract } from '../src/contract/route.ts'
import { type ConnectionsWorld, held, startConnectionsWorld } from './support/connections-world.ts'
import { describeOnEachEngine } from './support/engines.ts'
import type { TestClient } from './support/server.ts'

const NOBODY = '01890000-0000-7000-8000-000000000000'

describeOnEachEngine('where the keys of connections go', (on) => {
  let world: ConnectionsWorld
  let server: ConnectionsWorld['server']
  let provider: ConnectionsWorld['provider']
  let echo: ConnectionsWorld['echo']
  let owner: ConnectionsWorld['owner']
  let listening: ConnectionsWorld['listening']
  let at: ConnectionsWorld['at']
  let secret: ConnectionsWorld['secret']
  let add: ConnectionsWorld['add']
  let view: ConnectionsWorld['view']
  let audited: ConnectionsWorld['audited']

  beforeAll(async () => {
    world = await startConnectionsWorld(on)
    ;({ server, provider, echo, owner, listening, at, secret, add, view, audited } = world)
  })
  afterAll(() => world?.close())

  describe('replacing a key', () => {
    it('a new key is tested before it takes over; one that the provider does not know stays outside', async () => {
      const { id } = await add()
      const refused = await owner.call(contract.replaceKey, { params: { connectionId: id }, body: { key: secret('sk-wrong-') } })
      expect(refused).toMatchObject({ replaced: false, check: { result: 'bad_key' }, connection: { key: { version: 1 } } })
      expect(await owner.call(contract.checkConnection, { params: { connectionId: id } })).toMatchObject({ result: 'ok' })
      const next = secret('sk-good-')
      const replaced = await owner.call(contract.replaceKey, { params: { connectionId: id }, body: { key: next } })
      expect(replaced).toMatchObject({ replaced: true, check: { result: 'ok' } })
      expect(replaced.connection.key).toMatchObject({ version: 2, lastFour: next.slice(-4) })
      await owner.call(contract.checkConnection, { params: { connectionId: id } })
      expect(provider.requests.at(-1)!.headers.authorization).toBe(`Bearer ${next}`)
      const actions = await audited(id)
      expect(actions.slice(0, 2).toSorted()).toEqual(['connection.added', 'key.set']) // of one moment
      expect(actions.slice(2)).toEqual(['key.tested', 'connection.tested', 'key.tested', 'key.replaced', 'connection.tested'])
    })

    it('what a test of the key before says comes too late for the one that took its place', async () => {
      const { id } = await add({ key: secret('sk-good-h-') })
      const answer = Promise.withResolvers<void>()
      held.until = answer.promise
      const before = provider.requests.length
      const testing = owner.call(contract.checkConnection, { params: { connectionId: id } })
      while (provider.requests.length === before) await sleep(5)
      const body = { key: secret('sk-wrong-'), whateverTheTest: true }
      await owner.call(contract.replaceKey, { params: { connectionId: id }, body })
      answer.resolve()
      expect(await testing).toMatchObject({ result: 'ok' })
      expect(await view(id)).toMatchObject({ key: { version: 2 }, check: null })
    })

    it('takes over untested where the person says so', async () => {
      const { id } = await add()
      const body = { key: secret('sk-wrong-'), whateverTheTest: true }
      expect(await owner.call(contract.replaceKey, { params: { connectionId: id }, body })).toMatchObject({
        replaced: true,
        check: { result: 'bad_key' },
        connection: { key: { version: 2 } },
      })
    })

    it('moves to another destination with its key entered again, in one step', async () => {
      const { id } = await add()
      const body = { destination: { ...at('/v1'), organization: 'org-1' }, key: secret('sk-good-') }
      const { connection } = await owner.call(contract.replaceKey, { params: { connectionId: id }, body })
      expect(connection.destination).toMatchObject({ organization: 'org-1' })
      await owner.call(contract.checkConnection, { params: { connectionId: id } })
      expect(provider.requests.at(-1)!.headers['openai-organization']).toBe('org-1')
      expect(await audited(id)).toContain('connection.moved')
    })

    it('of two at the same moment one takes over', async () => {
      const { id } = await add()
      const replace = () =>
        owner
          .call(contract.replaceKey, { params: { connectionId: id }, body: { key: secret('sk-good-') } })
          .then(() => 'replaced', (error: unknown) => (error as Error).message.split(':')[0]) // prettier-ignore
      const ends = await Promise.all([replace(), replace()])
      const { key } = await view(id)
      expect(ends.filter((end) => end === 'replaced')).toHaveLength(key!.version - 1)
      expect(ends.filter((end) => end !== 'replaced').every((end) => end === '409 connection.changed')).toBe(true)
    })
  })

  describe('KEY-6: a key never goes to a destination it was not entered for', () => {
    /** Every field that steers a request, with a value that would send the key to the echo server or in another's name. */
    const steering: Record<string, (from: object) => object> = {
      'base URL': (from) => ({ ...from, baseUrl: `${echo.url}/v1` }),
      path: (from) => ({ ...from, ...at('/v2') }),
      query: (from) => ({ ...from, ...at('/v1?tenant=other') }),
      organization: (from) => ({ ...from, organization: 'org-evil' }),
      project: (from) => ({ ...from, project: 'proj-evil' }),
      'extra header': (from) => ({ ...from, headers: { 'x-tenant': 'evil' } }),
      'API version': (from) => ({ ...from, apiVersion: '2020-01-01' }),
      region: (from) => ({ ...from, region: 'evil' }),
    }
    /** Where a connection of each provider is, what steers it, and the one path that its test asks. */
    const steered: Record<string, { fields: string[]; from: () => object; asks: string }> = {
      openai: { fields: ['base URL', 'path', 'query', 'organization', 'project', 'extra header'], from: () => at(), asks: '/v1/models' },
      azure: { fields: ['base URL', 'path', 'API version'], from: () => at(), asks: '/v1/models' },
      vertex: {
        fields: ['base URL', 'project', 'region'],
        from: () => ({ ...at(), project: 'mine', region: 'global' }),
        asks: '/v1/projects/mine/locations/global/publishers/google/models/gemini-2.5-flash:countTokens',
      },
      deepl: { fields: ['base URL', 'path'], from: () => at(), asks: '/v1/v2/usage' },
    }
    const everyField = Object.entries(steered).flatMap(([of, { fields }]) => fields.map((field) => [of, field] as const))
    /** Ways to smuggle one in that no provider has: nothing takes them. */
    const unknown = { deployment: 'evil', proxy: 'http://evil', resource: 'evil', tokenUri: 'http://evil' }

    it.each(everyField)('%s, %s: without the key again it is 422, wherever it is tried, and nobody hears the key', async (of, field) => {
      const { from, asks } = steered[of]!
      const { id } = await add({ provider: of, destination: from() })
      const destination = steering[field]!(from())
      const params = { connectionId: id }
      const before = echo.requests.length
      const sent = provider.requests.length
      expect(await owner.refused(contract.replaceKey, { params, body: { destination } })).toMatchObject({
        status: 422,
        code: 'key.required',
      })
      expect(await owner.refused(contract.replaceKey, { params, body: { destination, whateverTheTest: true } })).toMatchObject({
        status: 422,
      })
      // a change, a test, a template, a clone, another provider: no route takes a destination beside a kept key
      for (const [route, body] of [
        [contract.changeConnection, { destination }],
        [contract.changeConnection, { label: 'x', ...destination }],
        [contract.changeConnection, { provider: 'openrouter' }],
        [contract.checkOfferedKey, { provider: of, destination, connectionId: id }],
        [contract.addConnection, { provider: of, destination, from: id }],
        [contract.addConnection, { provider: of, destination, key: '' }],
        [contract.addConnection, { provider: of, destination, key: null }],
      ] as [RouteContract, object][]) {
        expect(await owner.refused(route, { params, body }), JSON.stringify(body)).toMatchObject({ status: 422 })
      }
      // the saved test takes no destination, and goes where the key was sealed to
      const response = await owner.fetch(`/api/v1/connections/${id}/check`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: server.url },
        body: JSON.stringify({ destination }),
      })
      await response.text()
      expect(echo.requests.length).toBe(before)
      expect(provider.requests.slice(sent).map(({ path }) => path)).toEqual([asks])
    })

    it.each(everyField)('%s, %s: changed in the database, the key does not open', async (of, field) => {
      const { from } = steered[of]!
      const { id } = await add({ provider: of, destination: from() })
      const destination = steering[field]!(from())
      const { database } = server.server.services
      await database.asSystem('an intruder writes', (tx) =>
        tx.execute(sql`update connections set destination = ${JSON.stringify(destination)}::jsonb where id = ${id}`),
      )
      const sent = [echo.requests.length, provider.requests.length]
      expect(await owner.refused(contract.checkConnection, { params: { connectionId: id } })).toMatchObject({ code: 'key.unreadable' })
      expect([echo.requests.length, provider.requests.length]).toEqual(sent)
      expect(await audited(id)).toContain('key.unreadable')
    })

    it.each(Object.entries(unknown))('%s is no field of a destination', async (field, value) => {
      const destination = { ...at(), [field]: value }
      const body = { provider: 'openai', destination, key: secret('sk-good-') }
      for (const route of [contract.addConnection, contract.checkOfferedKey] as const) {
        expect(await owner.refused(route, { body })).toMatchObject({ status: 422, code: 'request.invalid' })
      }
    })

    it('what a provider does not have is refused, not left out', async () => {
      for (const [of, field] of [
        ['mistral', { organization: 'org' }],
        ['openai', { region: 'eu' }],
        ['openai', { apiVersion: '2024-10-21' }],
        ['azure', { project: 'mine' }],
        ['vertex', { project: 'mine', region: 'evil.example/x' }],
        ['vertex', { project: '../..', region: 'global' }],
        ['vertex', { region: 'europe-west4' }], // of which project?
        ['azure', { apiVersion: '2024-10-21&x=y' }],
      ] as const) {
        const body = { provider: of, destination: { ...at(), ...field }, key: secret('sk-good-') }
        expect(await owner.refused(contract.addConnection, { body }), of).toMatchObject({ code: 'destination.refused' })
      }
      const practice = { provider: 'practice', destination: at() }
      expect(await owner.refused(contract.addConnection, { body: practice })).toMatchObject({ code: 'destination.refused' })
      const reserved = { provider: 'openai', destination: { baseUrl: 'practice:' }, key: secret('sk-good-') }
      expect(await owner.refused(contract.addConnection, { body: reserved })).toMatchObject({ code: 'destination.refused' })
    })

    it('a provider switched in the database is no way around it either', async () => {
      const { id } = await add()
      const { database } = server.server.services
      await database.asSystem('an intruder writes', (tx) =>
        tx.execute(sql`update connections set provider = 'openrouter' where id = ${id}`),
      )
      expect(await owner.refused(contract.checkConnection, { params: { connectionId: id } })).toMatchObject({ code: 'key.unreadable' })
    })
  })

  it.each([
    'http://example.com/v1', 'https://127.0.0.1/v1', 'https://127.1/v1', 'https://2130706433/v1', 'https://0x7f.1/v1', 'https://0177.0.0.1/v1',
    'https://[::1]/v1', 'https://[::]/v1', 'https://[::ffff:127.0.0.1]/v1', 'https://[::ffff:7f00:1]/v1', 'https://[64:ff9b::7f00:1]/v1',
    'https://[2002:7f00:1::]/v1', 'https://[fd00:ec2::254]/v1', 'https://169.254.169.254/latest', 'https://100.100.100.200/', 'https://10.0.0.5/v1',
    'https://192.168.1.1/v1', 'https://localhost/v1', 'https://localhost./v1', 'https://metadata.google.internal/', 'https://intranet/v1',
    'https://user@example.com/v1', 'https://user:pass@example.com/v1', 'https://@example.com/v1', 'https://example.com:22/v1',
    'https://example.com:6379/v1', 'https://example.com:25/v1', 'https://example.com/v1#x', 'ftp://example.com/', 'file:///etc/passwd',
    'javascript:alert(1)', 'https://exa mple.com/v1', 'https://example.com\\@127.0.0.1/v1', 'not an address',
  ])('NET-1: %s is refused at save and at test, and never repeated', async (baseUrl) => {
    const body = { provider: 'openai-compatible', destination: { baseUrl } }
    for (const route of [contract.addConnection, contract.checkOfferedKey] as const) {
      const problem = await owner.refused(route, { body })
      expect(problem).toMatchObject({ status: 422, code: 'destination.refused' })
      expect(problem.detail).not.toContain(baseUrl)
    }
  }) // prettier-ignore

  it('NET-1, NET-4: a private address says who may allow it, and one that was allowed is blocked at use when it no longer is', async () => {
    const body = { provider: 'openai-compatible', destination: { baseUrl: 'http://10.1.2.3:11434/v1' } }
    expect((await owner.refused(contract.addConnection, { body })).detail).toContain('LATCHKEY_PRIVATE_HOSTS')
    const { id } = await add({ provider: 'openai-compatible', key: undefined })
    const { database } = server.server.services
    const moved = JSON.stringify({ baseUrl: 'http://10.1.2.3:11434/v1' })
    await database.asSystem('a test moves it', (tx) =>
      tx.execute(sql`update connections set destination = ${moved}::jsonb where id = ${id}`),
    )
    expect(await owner.refused(contract.checkConnection, { params: { connectionId: id } })).toMatchObject({ code: 'destination.refused' })
  })

  it.each([
    [{ headers: { authorization: 'Bearer x' } }], [{ headers: { 'x-api-key': 'x' } }], [{ headers: { host: 'evil' } }],
    [{ headers: { 'x-a': 'one\r\nx-b: two' } }], [{ headers: { 'X-A': '1', 'x-a': '2' } }], [{ headers: { 'x-a': '€' } }],
    [{ headers: { 'x-forwarded-for': '1.1.1.1' } }], [{ organization: 'a\nb' }], [{ organization: 'ü' }],
  ])('KEY-8: %j is refused', async (change) => {
    const body = { provider: 'openai', destination: { ...at(), ...change }, key: secret('sk-good-') }
    expect(await owner.refused(contract.addConnection, { body })).toMatchObject({ status: 422 })
  }) // prettier-ignore

  it('ISO-6: the same key in two workspaces gives the same answers, without a hint of the other', async () => {
    const stranger = listening(await server.stranger())
    const key = secret('sk-good-')
    const timeless = (value: unknown): string =>
      JSON.stringify(value)
        .replaceAll(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"id"')
        .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"at"')
    const destination = { baseUrl: `${provider.url}/v1` }
    const body = { provider: 'openai', destination, key, slug: 'same', label: 'Same' }
    const walk = async (client: TestClient): Promise<string[]> => {
      const check = await client.call(contract.checkOfferedKey, { body: { provider: 'openai', destination, key } })
      const added = await client.call(contract.addConnection, { body })
      const params = { connectionId: added.id }
      const after = await client.call(contract.checkConnection, { params })
      const replaced = await client.call(contract.replaceKey, { params, body: { key } })
      return [check, added, after, replaced].map(timeless)
    }
    const first = await walk(owner)
    expect(await walk(stranger)).toEqual(first)
  })

  it('ISO-1: another workspace’s connection and one that does not exist are the same', async () => {
    const { id } = await add()
    const stranger = listening(await server.stranger())
    const theirs = await stranger.call(contract.addConnection, { body: { provider: 'practice' } })
    const key = secret('sk-good-')
    const calls: ((connectionId: string) => Promise<object>)[] = [
      (connectionId) => owner.refused(contract.readConnection, { params: { connectionId } }),
      (connectionId) => owner.refused(contract.changeConnection, { params: { connectionId }, body: { label: 'x' } }),
      (connectionId) => owner.refused(contract.readConnectionStops, { params: { connectionId } }),
      (connectionId) => owner.refused(contract.revokeConnection, { params: { connectionId } }),
      (connectionId) => owner.refused(contract.deleteConnection, { params: { connectionId }, query: { confirm: 'stops' } }),
      (connectionId) => owner.refused(contract.checkConnection, { params: { connectionId } }),
      (connectionId) => owner.refused(contract.replaceKey, { params: { connectionId }, body: { key } }),
      (connectionId) => owner.refused(contract.listConnectionModels, { params: { connectionId } }),
      (connectionId) =>
        owner.refused(assignments.replaceAssignment, {
          params: { context: 'vision' },
          body: { version: 0, candidates: [{ connectionId, model: 'm' }] },
        }),
    ]
    for (const call of calls) {
      const foreign = await call(theirs.id)
      expect({ ...foreign, requestId: '' }).toEqual({ ...(await call(NOBODY)), requestId: '' })
      expect(foreign).toMatchObject({ status: 404, code: 'connection.missing' })
    }
    expect(await view(id)).toMatchObject({ status: 'active' })
    expect(await stranger.call(contract.readConnection, { params: { connectionId: theirs.id } })).toMatchObject({ status: 'active' })
  })

  it('KEY-5: no key is in any answer, error or row, though providers repeated them', () =>
    world.expectNoKeyKept({ keys: 10, answers: 40, storedCharacters: 5000 }))
})
