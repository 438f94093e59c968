import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as assignments from '../src/contract/assignments.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import type { RouteContract } from '../src/contract/route.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './support/raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { expectNoSecret, newSecret } from './support/sweep.ts'

/** Keys with "held" in them are answered when this is over. */
const held = { until: Promise.resolve() }

/** A provider of the OpenAI dialect. What it says of a key stands in the key; it repeats keys as careless providers do. */
function answerOf({ path: asked, headers }: RawRequest, response: ServerResponse): void {
  const path = asked.replace(/\?.*$/, '')
  const key = headers.authorization?.replace('Bearer ', '') ?? ''
  const error = (status: number, message: string, code?: string) => answerJson(response, status, { error: { message, code } })
  if (path.startsWith('/html')) return void response.end('<html>Welcome</html>')
  if (path.startsWith('/other')) return answerJson(response, 200, { hello: 'world' })
  if (path.startsWith('/moved')) return answerJson(response, 307, {}, { location: '/v1/models' })
  if (path.startsWith('/broken')) return error(500, `The server had an error with ${key}`)
  if (path.startsWith('/cut')) return void response.socket?.destroy()
  if (!path.startsWith('/v1')) return error(404, `Nothing here for ${key}`)
  if (path.endsWith('/key')) return answerJson(response, 200, { data: { label: 'mine', limit_remaining: key.includes('poor') ? 0 : 3 } })
  if (path.endsWith('/api-key')) return answerJson(response, 200, { api_key_id: 'a', api_key_disabled: key.includes('off') })
  if (path.endsWith('/user/balance')) return answerJson(response, 200, { is_available: !key.includes('poor'), balance_infos: [] })
  if (!path.endsWith('/models')) return error(404, 'Not found')
  if (key.includes('scope')) return error(401, 'You have insufficient permissions for this operation. Missing scopes: api.model.read.')
  if (key.includes('poor')) return error(429, 'You exceeded your current quota', 'insufficient_quota')
  if (key.includes('quick')) return error(429, 'Slow down', 'rate_limit_exceeded')
  if (key.includes('grok')) return answerJson(response, 400, { code: 'invalid-argument', error: `Incorrect API key provided: ${key}` })
  if (!key.includes('good')) return error(401, `Incorrect API key provided: ${key}`, 'invalid_api_key')
  return answerJson(response, 200, { object: 'list', data: [{ id: 'gpt-4.1-mini' }, { id: 'house-model', context_length: 32_000 }] })
}

const startProvider = (): Promise<RawServer> =>
  startRawServer((request, response) => {
    if (!request.headers.authorization?.includes('held')) return answerOf(request, response)
    void held.until.then(() => answerOf(request, response))
  })

const NOBODY = '01890000-0000-7000-8000-000000000000'

describeOnEachEngine('connections', (on) => {
  let server: TestServer
  let provider: RawServer
  let echo: RawServer
  let owner: TestClient
  let workspaceId: string
  const said: string[] = [] // every answer of the server, for the sweep
  const secrets: string[] = []

  beforeAll(async () => {
    provider = await startProvider()
    echo = await startRawServer(({ headers, path }, response) =>
      answerJson(response, 401, { error: { message: JSON.stringify({ headers, path }) } }),
    )
    const hosts = [provider, echo].map(({ url }) => new URL(url).host)
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: [...hosts, '127.0.0.1:1024'].join(',') } })
    owner = listening(await server.owner())
    workspaceId = (await owner.call(readMe)).workspace!.id
  })
  afterAll(async () => {
    await server?.close()
    await provider?.stop()
    await echo?.stop()
  })

  /** The same client, all of whose answers are kept. */
  function listening(client: TestClient): TestClient {
    return {
      ...client,
      call: async (route, ...args) => {
        const answer = await client.call(route, ...args)
        said.push(JSON.stringify(answer) ?? '')
        return answer
      },
      refused: async (route, ...args) => {
        const problem = await client.refused(route, ...args)
        said.push(JSON.stringify(problem))
        return problem
      },
    }
  }

  const at = (path = '/v1'): { baseUrl: string } => ({ baseUrl: provider.url + path })
  const secret = (prefix: string): string => {
    const made = newSecret({ prefix })
    secrets.push(made)
    return made
  }
  const add = async (change: object = {}): Promise<contract.ConnectionView> =>
    owner.call(contract.addConnection, { body: { provider: 'openai', destination: at(), key: secret('sk-good-'), ...change } })
  const view = (connectionId: string) => owner.call(contract.readConnection, { params: { connectionId } })
  const audited = async (id: string): Promise<string[]> => {
    const rows = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ action: string }>(tx, sql`select action from audit_entries where subject = ${`connection:${id}`} order by at, id`),
    )
    return rows.map(({ action }) => action)
  }

  describe('a test says exactly what is the matter', () => {
    const cases: [string, string, string, string?][] = [
      ['ok', 'sk-good-', '/v1'],
      ['ok_limited', 'sk-scope-', '/v1'],
      ['bad_key', 'sk-wrong-', '/v1'],
      ['bad_key', 'sk-grok-', '/v1'], // xAI says it with 400
      ['no_credit', 'sk-poor-', '/v1'],
      ['no_credit', 'sk-poor-', '/v1', 'openrouter'], // 200, and the key's own limit is used up
      ['ok', 'sk-any-', '/v1', 'openrouter'],
      ['unproven', 'sk-good-', '/v1', 'huggingface'], // anyone may ask for its list
      ['bad_key', 'sk-off-', '/v1', 'xai'], // 200, and the key is switched off
      ['no_credit', 'sk-poor-', '/v1', 'deepseek'], // 200, and the balance is empty
      ['rate_limited', 'sk-quick-', '/v1'],
      ['wrong_region_or_host', 'sk-good-', '/nowhere'],
      ['wrong_region_or_host', 'sk-good-', '/html'],
      ['wrong_region_or_host', 'sk-good-', '/other'],
      ['wrong_region_or_host', 'sk-good-', '/moved'],
      ['unreachable', 'sk-good-', '/broken'],
      ['unreachable', 'sk-good-', '/cut'],
    ]
    it.each(cases)('%s: %s at %s', async (result, prefix, path, of = 'openai') => {
      const key = secret(prefix)
      const body = { provider: of, destination: at(path), key }
      const before = await owner.call(contract.checkOfferedKey, { body })
      expect(before.result).toBe(result)
      expect(before.detail.length).toBeGreaterThan(20)
      // and after it is saved, with the sealed key
      const { id } = await owner.call(contract.addConnection, { body })
      const after = await owner.call(contract.checkConnection, { params: { connectionId: id } })
      expect(after).toMatchObject({ result, detail: before.detail })
      const { check, lastError } = await view(id)
      expect(check).toEqual(after)
      // those that were answered with 200
      const isGoodAnswer = ['openrouter', 'huggingface', 'xai', 'deepseek'].includes(of)
      expect(lastError === null).toBe(result === 'ok' || path === '/other' || isGoodAnswer)
    })

    it('unreachable: an address where nobody listens', async () => {
      const body = { provider: 'openai', destination: { baseUrl: 'http://127.0.0.1:1024/v1' }, key: secret('sk-good-') }
      expect(await owner.call(contract.checkOfferedKey, { body })).toMatchObject({ result: 'unreachable' })
    })

    it('the practice provider is there without a key or an address', async () => {
      expect(await owner.call(contract.checkOfferedKey, { body: { provider: 'practice' } })).toMatchObject({ result: 'ok' })
      const { id, practice, destination } = await owner.call(contract.addConnection, { body: { provider: 'practice' } })
      expect({ practice, host: destination.host }).toEqual({ practice: true, host: 'practice' })
      const { items } = await owner.call(contract.listConnectionModels, { params: { connectionId: id } })
      expect(items).toMatchObject([{ id: 'practice-1', free: true }])
    })
  })

  it('testing a key keeps nothing of it: no connection is shown, no key is sealed, and its use is on record', async () => {
    const before = await owner.call(contract.listConnections)
    const key = secret('sk-good-')
    await owner.call(contract.checkOfferedKey, { body: { provider: 'openai', destination: at('/v1?draft'), key } })
    expect((await owner.call(contract.listConnections)).items).toHaveLength(before.items.length)
    const { database } = server.server.services
    const [draft] = await database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ id: string; sealed_key: null }>(tx, sql`select id, sealed_key from connections where destination->>'baseUrl' like '%draft'`),
    )
    expect(draft).toMatchObject({ sealed_key: null })
    const entries = await database.inWorkspace(workspaceId, (tx) =>
      rowsOf(tx, sql`select key_version, outcome, context from ledger_entries where connection_id = ${draft!.id}`),
    )
    expect(entries).toEqual([{ key_version: 0, outcome: 'succeeded', context: 'connection-check' }])
    expect(await audited(draft!.id)).toEqual(['key.tested'])
    for (const route of [contract.readConnection, contract.checkConnection, contract.revokeConnection] as const) {
      expect(await owner.refused(route, { params: { connectionId: draft!.id } })).toMatchObject({ status: 404 })
    }
  })

  it('shows of a key its last four characters and its age, and calls it old after the time the workspace set', async () => {
    const key = secret('sk-good-')
    const { id } = await add({ key })
    expect((await view(id)).key).toMatchObject({ lastFour: key.slice(-4), version: 1, old: false })
    const { database } = server.server.services
    await database.asSystem('a test lets time pass', (tx) =>
      tx.execute(sql`update connections set key_set_at = now() - interval '181 days' where id = ${id}`),
    )
    expect((await view(id)).key).toMatchObject({ old: true })
    expect((await owner.call(contract.listConnections)).keyReminderDays).toBe(180)
  })

  it('what it spent this month is the sum of its calls, per currency, with the calls of unknown cost beside it', async () => {
    const { id } = await add()
    const { database } = server.server.services
    const entry = (cost: number | null, currency: string, when: string) => sql`
      insert into ledger_entries (id, workspace_id, connection_id, key_version, instance, actor, origin, context, attempt, requested_model,
        outcome, cost_nano, currency, budget_ids, charged_nano, intended_at, ended_at)
      values (gen_random_uuid(), ${workspaceId}, ${id}, 1, 'test', 'test', 'test', 'chat', 1, 'm', 'succeeded',
        ${cost}, ${currency}, '[]', 0, ${sql.raw(when)}, now())`
    await database.asSystem('a test has called', async (tx) => {
      await tx.execute(entry(1_500_000_000, 'USD', 'now()'))
      await tx.execute(entry(250_000_000, 'USD', `date_trunc('month', now(), 'UTC')`))
      await tx.execute(entry(3, 'EUR', 'now()'))
      await tx.execute(entry(null, 'USD', 'now()'))
      await tx.execute(entry(9_000_000_000, 'USD', `date_trunc('month', now(), 'UTC') - interval '1 second'`))
    })
    const { thisMonth, lastUsedAt } = await view(id)
    expect(thisMonth).toMatchObject({ calls: 4, unknownCostCalls: 1 })
    expect(thisMonth.spent).toEqual([
      { currency: 'EUR', amount: '0.000000003' },
      { currency: 'USD', amount: '1.75' },
    ])
    expect(Date.now() - Date.parse(lastUsedAt!)).toBeLessThan(60_000)
  })

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
      const { id } = await add({ key: secret('sk-good-held-') })
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

  describe('names, limits, prices', () => {
    it('a label may be any, a slug is one of a kind', async () => {
      const one = await add({ label: 'Lamps', slug: 'lamps' })
      expect(await owner.refused(contract.addConnection, { body: { provider: 'practice', slug: 'lamps' } })).toMatchObject({
        code: 'slug.taken',
      })
      const other = await owner.call(contract.addConnection, { body: { provider: 'practice', label: 'Lamps' } })
      const params = { connectionId: other.id }
      expect(await owner.refused(contract.changeConnection, { params, body: { slug: 'lamps' } })).toMatchObject({
        code: 'slug.taken',
        status: 409,
      })
      const renamed = await owner.call(contract.changeConnection, { params, body: { label: 'Chairs', slug: 'chairs' } })
      expect(renamed).toMatchObject({ label: 'Chairs', slug: 'chairs' })
      await owner.call(contract.changeConnection, { params, body: { label: 'Chairs' } })
      expect(await audited(other.id)).toEqual(['connection.added', 'connection.changed']) // a change of nothing is none
      expect(await view(one.id)).toMatchObject({ slug: 'lamps' })
    })

    it('one that is limited to contexts serves no other', async () => {
      const { id } = await add({ contexts: ['chat'] })
      const candidates = [{ connectionId: id, model: 'gpt-4.1-mini' }]
      const refused = await owner.refused(assignments.replaceAssignment, {
        params: { context: 'vision' },
        body: { version: 0, candidates },
      })
      expect(refused).toMatchObject({ code: 'assignment.invalid', status: 422 })
      expect(refused.detail).toContain('limited to chat')
    })

    it('own prices stand in its models and go before the published ones', async () => {
      const { id } = await add({ prices: { currency: 'EUR', models: { 'gpt-4.1-mini': { input_tokens: '0.3', output_tokens: '1.2' } } } })
      const { items } = await owner.call(contract.listConnectionModels, { params: { connectionId: id } })
      expect(items.find((model) => model.id === 'gpt-4.1-mini')).toMatchObject({
        prices: { input_tokens: '0.3', output_tokens: '1.2' },
        currency: 'EUR',
        priceSource: 'own',
      })
      expect(items.find((model) => model.id === 'house-model')).toMatchObject({ prices: {}, priceSource: null, contextTokens: 32_000 })
      const wrong = { currency: 'EUR', models: { '*a*b*': { input_tokens: '1' } } }
      expect(await owner.refused(contract.changeConnection, { params: { connectionId: id }, body: { prices: wrong } })).toMatchObject({
        status: 422,
      })
    })
  })

  describe('the end of a connection', () => {
    it('says first what stops; then its key is gone and new calls are refused at once', async () => {
      const { id } = await add({ label: 'Ending' })
      const params = { connectionId: id }
      const { items } = await owner.call(assignments.listAssignments)
      const { version } = items.find(({ context }) => context === 'agents')!
      const candidates = [{ connectionId: id, model: 'gpt-4.1-mini' }]
      await owner.call(assignments.replaceAssignment, { params: { context: 'agents' }, body: { version, candidates } })
      await startRun(id)
      expect(await owner.call(contract.readConnectionStops, { params })).toEqual({
        assignments: [{ context: 'agents', model: 'gpt-4.1-mini', alone: true }],
        runs: [{ id: expect.any(String), state: 'running', startedAt: expect.any(String), items: 7 }],
        callsInFlight: 0,
      })
      expect(await owner.call(contract.revokeConnection, { params })).toMatchObject({ status: 'revoked', key: null })
      const sent = provider.requests.length
      expect(await owner.refused(contract.checkConnection, { params })).toMatchObject({ code: 'connection.revoked' })
      expect(await owner.refused(contract.replaceKey, { params, body: { key: secret('sk-good-') } })).toMatchObject({
        code: 'connection.revoked',
      })
      expect(await owner.refused(contract.listConnectionModels, { params })).toMatchObject({ code: 'connection.revoked' })
      expect(provider.requests.length).toBe(sent)
      const assigned = await owner.call(assignments.readAssignment, { params: { context: 'agents' } })
      expect(assigned.warnings).toContainEqual({ code: 'connection_revoked', position: 0 })
      // once more is no error, and changes nothing
      await owner.call(contract.revokeConnection, { params })
      expect((await audited(id)).filter((action) => action === 'connection.revoked')).toHaveLength(1)
    })

    it('only a revoked one is deleted, or an active one by who knows what stops; its slug is free again', async () => {
      const { id } = await add({ slug: 'short-lived' })
      const params = { connectionId: id }
      expect(await owner.refused(contract.deleteConnection, { params })).toMatchObject({ code: 'connection.active', status: 409 })
      await owner.call(contract.deleteConnection, { params, query: { confirm: 'stops' } })
      expect(await owner.refused(contract.readConnection, { params })).toMatchObject({ status: 404 })
      expect((await owner.call(contract.listConnections)).items.some((one) => one.id === id)).toBe(false)
      const again = await add({ slug: 'short-lived' })
      expect(again.id).not.toBe(id)
      const { database } = server.server.services
      const [row] = await database.inWorkspace(workspaceId, (tx) =>
        rowsOf(tx, sql`select status, sealed_key, label from connections where id = ${id}`),
      )
      expect(row).toEqual({ status: 'deleted', sealed_key: null, label: 'OpenAI' })
      expect((await audited(id)).slice(-2).toSorted()).toEqual(['connection.deleted', 'connection.revoked'])
    })

    async function startRun(connectionId: string): Promise<void> {
      const { database } = server.server.services
      await database.inWorkspace(workspaceId, async (tx) => {
        const budget = sql`insert into budgets (id, workspace_id, scope, currency) values (gen_random_uuid(), ${workspaceId}, 'run', 'USD') returning id`
        const [row] = await rowsOf<{ id: string }>(tx, budget)
        await tx.execute(sql`insert into runs (id, workspace_id, kind, fingerprint, series, settings, state, budget_id, item_count, started_at)
          values (gen_random_uuid(), ${workspaceId}, 'enrichment', 'f', 's',
            ${JSON.stringify({ candidates: [{ connection: { id: connectionId } }] })}::jsonb, 'running', ${row!.id}, 7, now())`)
      })
    }
  })

  it('who may only read sees connections and changes none', async () => {
    const viewer = listening(await server.member('viewer'))
    const { items } = await viewer.call(contract.listConnections)
    expect(items.length).toBeGreaterThan(3)
    expect(await viewer.refused(contract.revokeConnection, { params: { connectionId: items[0]!.id } })).toMatchObject({ status: 403 })
  })

  it('a test uses one request and no tokens: nothing of unknown use is left in the ledger', async () => {
    const used = await server.server.services.database.asSystem('a test looks', (tx) =>
      rowsOf<{ usage: string | null; cost: string; calls: number }>(
        tx,
        sql`select usage::text as usage, cost_nano::text as cost, count(*)::int as calls from ledger_entries
            where context = 'connection-check' and outcome <> 'not_sent' group by usage, cost_nano`,
      ),
    )
    expect(used).toEqual([{ usage: '{"requests": 1}', cost: '0', calls: expect.any(Number) as number }])
  })

  it('KEY-5: no key is in any answer, error or row, though providers repeated them', async () => {
    expect(secrets.length).toBeGreaterThan(40)
    expect(said.length).toBeGreaterThan(100)
    const { database } = server.server.services
    const rows = await database.asSystem('a test looks', async (tx) => {
      const texts: Record<string, string> = {}
      for (const table of ['connections', 'audit_entries', 'ledger_entries', 'call_intents']) {
        const found = await rowsOf<{ row: string }>(tx, sql`select to_jsonb(whole)::text as row from ${sql.identifier(table)} as whole`)
        texts[table] = found.map(({ row }) => row).join('\n')
      }
      return texts
    })
    const stored = Object.values(rows).join('')
    expect(stored.length).toBeGreaterThan(10_000)
    expectNoSecret(secrets, { texts: { answers: said.join('\n'), ...rows }, paths: [] })
  })
})
