import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkKey } from '../src/apps/connection-checks/check.ts'
import { namedCandidates } from '../src/assignments/resolve.ts'
import { Secret } from '../src/base/secret.ts'
import { chat } from '../src/calls/chat.ts'
import { callCandidate } from '../src/calls/fallback.ts'
import type { CallServices } from '../src/calls/services.ts'
import { draftConnection } from '../src/connections/replace-key.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { chatOfferOf } from '../src/providers/asked.ts'
import type { SendRequest } from '../src/providers/send.ts'
import { vertex } from '../src/providers/vertex.ts'
import { answerJson, type RawServer, startRawServer } from './support/raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { newServiceAccount } from './support/service-account.ts'
import { expectNoSecret } from './support/sweep.ts'

// A service account's key: exchanged for a token at Google's own address, kept for minutes, never sent. Both of Google's
// addresses are one server of ours here; what was asked of which is noted before the request is turned there.

const TOKEN = 'ya29.a-token-of-a-test-0123456789'

describe('Vertex AI with a service account', () => {
  let google: RawServer
  let server: TestServer
  let owner: TestClient
  let services: CallServices
  let workspaceId: string
  const account = newServiceAccount({ token_uri: 'https://evil.example/token' })
  const sent: Pick<SendRequest, 'destination' | 'method' | 'path' | 'keyless'>[] = []
  const say = { token: (): [number, unknown] => [200, { access_token: TOKEN, expires_in: 3_599, token_type: 'Bearer' }], isRefused: false }

  beforeAll(async () => {
    google = await startRawServer(({ path, headers, body }, response) => {
      if (path === '/token') {
        const assertion = new URLSearchParams(body).get('assertion') ?? ''
        return account.read(assertion) ? answerJson(response, ...say.token()) : answerJson(response, 400, { error: 'invalid_grant' })
      }
      const isGood = headers.authorization === `Bearer ${TOKEN}` || String(headers['x-goog-api-key']).includes('good')
      if (!isGood || say.isRefused) {
        const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'ACCESS_TOKEN_EXPIRED', domain: 'googleapis.com' }]
        return answerJson(response, 401, {
          error: { code: 401, message: 'Request had invalid credentials.', status: 'UNAUTHENTICATED', details },
        })
      }
      if (path.endsWith(':countTokens')) return answerJson(response, 200, { totalTokens: 1, totalBillableCharacters: 5 })
      return answerJson(response, 200, {
        candidates: [{ content: { role: 'model', parts: [{ text: '{}' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120, trafficType: 'ON_DEMAND' },
        modelVersion: 'gemini-2.5-flash',
      })
    })
    server = await startTestServer({ on: 'pglite', environment: { LATCHKEY_PRIVATE_HOSTS: new URL(google.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    const real = server.server.services
    services = {
      ...real,
      sender: {
        ...real.sender,
        send: (request) => {
          const { destination, method, path, keyless } = request
          sent.push({ destination, method, path, keyless })
          return real.sender.send({ ...request, destination: { ...destination, baseUrl: google.url } })
        },
      },
    }
  })
  afterAll(async () => {
    await server?.close()
    await google?.stop()
  })
  beforeEach(() => {
    sent.length = 0
    say.token = () => [200, { access_token: TOKEN, expires_in: 3_599, token_type: 'Bearer' }]
    say.isRefused = false
  })

  const add = (change: object = {}) =>
    owner.call(contract.addConnection, {
      body: { provider: 'vertex', destination: { project: 'my-project', region: 'europe-west4' }, key: account.file, ...change },
    })
  const ask = async (connectionId: string, origin = 'test', signal = new AbortController().signal) => {
    const { database } = services
    const [candidate] = await database.inWorkspace(workspaceId, (tx) => namedCandidates(tx, [{ connectionId, model: 'gemini-2.5-flash' }]))
    return chat(services, {
      workspaceId,
      actor: 'test',
      origin,
      context: 'chat',
      candidate: callCandidate(candidate!),
      budgetIds: [],
      currency: 'USD',
      system: 'Write.',
      user: 'name: Lamp',
      schema: { type: 'object', properties: {} },
      schemaName: 'answer',
      maxOutputTokens: 100,
      inputTokensAtMost: 1_000,
      outputTokensAtMost: 100,
      signal,
      settleWith: (outcome) => ({ value: outcome, writes: [] }),
    })
  }
  const asked = (): string[] => sent.map(({ method, destination, path }) => `${method} ${destination.baseUrl}${path}`)
  const EXCHANGE = 'POST https://oauth2.googleapis.com/token'
  const CALL =
    'POST https://europe-west4-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west4/publishers/google/models/gemini-2.5-flash:generateContent'

  it('signs, exchanges and asks; the file stays here, and its token goes to the sealed destination alone', async () => {
    const { id, key } = await add()
    expect(key).toMatchObject({ lastFour: null })
    expect(await ask(id, 'first')).toMatchObject({ kind: 'settled', value: { kind: 'answered' } })
    expect(asked()).toEqual([EXCHANGE, CALL])
    const [exchange, call] = google.requests.slice(-2)
    expect([exchange!.headers.authorization, exchange!.headers['x-goog-api-key']]).toEqual([undefined, undefined])
    expect([call!.headers.authorization, call!.headers['x-goog-api-key']]).toEqual([`Bearer ${TOKEN}`, undefined])
    const rows = await services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf(tx, sql`select usage, cost_nano, served_model from ledger_entries where origin = 'first'`),
    )
    // in a location the book's prices, which are those of "global", do not hold
    expect(rows).toEqual([{ usage: { input_tokens: 100, output_tokens: 20 }, cost_nano: null, served_model: 'gemini-2.5-flash' }])
  })

  it('one exchange serves the calls of five minutes, also those of the same moment; another connection has its own', async () => {
    const [one, two] = [await add(), await add({ slug: 'second' })]
    await Promise.all([ask(one.id), ask(one.id), ask(one.id)])
    await ask(one.id)
    await ask(two.id)
    expect(asked().filter((request) => request === EXCHANGE)).toHaveLength(2)
    expect(asked().filter((request) => request === CALL)).toHaveLength(5)
  })

  it('a token that lives shorter than a call may take is used once', async () => {
    say.token = () => [200, { access_token: TOKEN, expires_in: 300 }]
    const { id } = await add()
    await ask(id)
    await ask(id)
    expect(asked()).toEqual([EXCHANGE, CALL, EXCHANGE, CALL])
  })

  it('a token that is taken back is forgotten: the next call asks for another', async () => {
    const { id } = await add()
    await ask(id)
    say.isRefused = true
    expect(await ask(id)).toMatchObject({ kind: 'refused', failure: { code: 'provider.bad_key' } })
    say.isRefused = false
    expect(await ask(id)).toMatchObject({ kind: 'settled' })
    expect(asked().filter((request) => request === EXCHANGE)).toHaveLength(2)
  })

  it('revoked, no token serves it any more; replaced, no token of the key before', async () => {
    const { id } = await add()
    await ask(id)
    const body = { key: account.file, whateverTheTest: true }
    await owner.call(contract.replaceKey, { params: { connectionId: id }, body })
    await ask(id)
    expect(asked()).toEqual([EXCHANGE, CALL, EXCHANGE, CALL])
    await owner.call(contract.revokeConnection, { params: { connectionId: id } })
    expect(await ask(id)).toMatchObject({ kind: 'refused', failure: { code: 'connection.revoked' } })
    expect(asked()).toHaveLength(4)
  })

  it('moved in the database, the key does not open, and the token held for it serves nobody', async () => {
    const { id } = await add()
    await ask(id)
    const moved = JSON.stringify({ baseUrl: 'https://evil.example', project: 'my-project', region: 'europe-west4' })
    await services.database.asSystem('an intruder writes', (tx) =>
      tx.execute(sql`update connections set destination = ${moved}::jsonb where id = ${id}`),
    )
    expect(await ask(id)).toMatchObject({ kind: 'refused', failure: { code: 'key.unreadable' } })
    expect(asked()).toEqual([EXCHANGE, CALL])
  })

  it.each([
    [[400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }], 'provider.bad_key'],
    [[400, { error: 'invalid_grant', error_description: 'Robot is disabled.' }], 'provider.bad_key'],
    [[400, { error: 'invalid_grant', error_description: 'Invalid JWT: ... in a reasonable timeframe.' }], 'clock.skewed'],
  ] as const)('%j: %s; the call did not leave, and costs nothing', async ([status, body], code) => {
    say.token = () => [status, body]
    const { id } = await add()
    expect(await ask(id, code)).toMatchObject({ kind: 'refused', failure: { code } })
    expect(asked()).toEqual([EXCHANGE])
    const rows = await services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf(tx, sql`select outcome, cost_nano::text from ledger_entries where origin = ${code} and connection_id = ${id}`),
    )
    expect(rows).toEqual([{ outcome: 'not_sent', cost_nano: '0' }])
  })

  it('the test of a key exchanges it too, keeps no token of one that is not saved, and a wrong clock is no word on the key', async () => {
    const destination = { baseUrl: 'https://aiplatform.googleapis.com/v1', project: 'my-project' }
    const connection = await draftConnection(services.database, { workspaceId, provider: 'vertex', destination })
    const check = (file: string) => {
      const key = new Secret(new TextEncoder().encode(file))
      return checkKey(services, {
        workspaceId,
        actor: 'test',
        connection,
        offered: { destination, key },
        signal: new AbortController().signal,
      })
    }
    expect(await check(account.file)).toMatchObject({ result: 'ok' })
    expect(await check(account.file)).toMatchObject({ result: 'ok' })
    const TEST =
      'POST https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/publishers/google/models/gemini-2.5-flash:countTokens'
    expect(asked()).toEqual([EXCHANGE, TEST, EXCHANGE, TEST])
    expect(await check(newServiceAccount().file)).toMatchObject({ result: 'bad_key' })
    say.token = () => [400, { error: 'invalid_grant', error_description: 'Check your iat and exp values.' }]
    await expect(check(account.file)).rejects.toThrow('clock.skewed')
  })

  it('an API key goes as it is, into its own header, without a project and without an exchange', async () => {
    const { id, destination } = await add({ destination: {}, key: 'AQ.good-0123456789' })
    expect(destination).toMatchObject({ baseUrl: 'https://aiplatform.googleapis.com/v1', project: null, region: null })
    expect(await ask(id)).toMatchObject({ kind: 'settled' })
    expect(asked()).toEqual(['POST https://aiplatform.googleapis.com/v1/publishers/google/models/gemini-2.5-flash:generateContent'])
    expect(google.requests.at(-1)!.headers).toMatchObject({ 'x-goog-api-key': 'AQ.good-0123456789' })
  })

  it('offers Google’s own models, and refuses the others before anything is sent', async () => {
    const { id } = await add()
    const { items } = await owner.call(contract.listConnectionModels, { params: { connectionId: id } })
    expect(items.map((model) => model.id)).toContain('gemini-2.5-flash')
    expect(items.filter((model) => model.id.includes('claude'))).toEqual([])
    expect(() => chatOfferOf(vertex, 'claude-opus-5@default')).toThrow('provider.does_not_serve')
  })

  it('a service account without a project is refused before it is saved', async () => {
    const body = { provider: 'vertex', key: account.file }
    expect(await owner.refused(contract.addConnection, { body })).toMatchObject({ status: 422, code: 'key.invalid' })
  })

  it('who leaves while the token is asked for does not wait for it, and nothing is sent', async () => {
    const { id } = await add()
    const leaving = new AbortController()
    say.token = () => {
      leaving.abort()
      return [200, { access_token: TOKEN, expires_in: 3_599 }]
    }
    expect(await ask(id, 'left', leaving.signal)).toEqual({ kind: 'cancelled' })
    expect(asked()).toEqual([EXCHANGE])
  })

  it('neither the file nor the token is in any row', async () => {
    const rows = await services.database.asSystem('a test looks', async (tx) => {
      const texts: Record<string, string> = {}
      for (const table of ['connections', 'audit_entries', 'ledger_entries']) {
        const found = await rowsOf<{ row: string }>(tx, sql`select to_jsonb(whole)::text as row from ${sql.identifier(table)} as whole`)
        texts[table] = found.map(({ row }) => row).join('\n')
      }
      return texts
    })
    const { private_key: privateKey } = JSON.parse(account.file) as { private_key: string }
    expectNoSecret([TOKEN, privateKey], { texts: rows, paths: [] })
  })
})
