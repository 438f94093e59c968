import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namedCandidates } from '../src/assignments/resolve.ts'
import { chat } from '../src/calls/chat.ts'
import { callCandidate } from '../src/calls/fallback.ts'
import { worstCaseOfCall } from '../src/calls/price.ts'
import { replaceAssignment } from '../src/contract/assignments.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { tellShutdowns } from '../src/server/watch-shutdowns.ts'
import { answerJson, chatCompletion, type RawServer, startRawServer } from './support/raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { newSecret } from './support/sweep.ts'

// Azure by its dated interface: the deployment in the path, the version in the query.

describe('Azure OpenAI by a dated version, with deployments', () => {
  let azure: RawServer
  let server: TestServer
  let owner: TestClient
  let workspaceId: string
  let connectionId: string
  beforeAll(async () => {
    azure = await startRawServer(({ method, path, headers }, response) => {
      if (!String(headers['api-key']).includes('good'))
        return answerJson(response, 401, { error: { code: '401', message: 'Access denied' } })
      if (method === 'GET' && path === '/openai/models?api-version=2024-10-21') {
        return answerJson(response, 200, { data: [{ id: 'gpt-4o', deprecation: { inference: 1_790_000_000 } }, { id: 'gpt-5.4-mini' }] })
      }
      if (method === 'POST' && path === '/openai/deployments/small/chat/completions?api-version=2024-10-21') {
        return answerJson(response, 200, { ...chatCompletion('{}'), model: 'gpt-5.4-mini-2026-03-17' })
      }
      return answerJson(response, 404, { error: { code: 'DeploymentNotFound', message: 'The API deployment does not exist.' } })
    })
    server = await startTestServer({ on: 'pglite', environment: { LATCHKEY_PRIVATE_HOSTS: new URL(azure.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    const destination = { baseUrl: `${azure.url}/openai`, apiVersion: '2024-10-21' }
    connectionId = (
      await owner.call(contract.addConnection, { body: { provider: 'azure', destination, key: newSecret({ prefix: 'good-' }) } })
    ).id
  })
  afterAll(async () => {
    await server?.close()
    await azure?.stop()
  })

  const params = () => ({ connectionId })
  const explain = (models: Record<string, string> | null) => owner.call(contract.changeConnection, { params: params(), body: { models } })
  const candidate = async (model = 'small') => {
    const { database } = server.server.services
    return callCandidate((await database.inWorkspace(workspaceId, (tx) => namedCandidates(tx, [{ connectionId, model }])))[0]!)
  }
  const ask = async (origin: string, model = 'small') => {
    const { services } = server.server
    const end = await chat(services, {
      workspaceId,
      actor: 'test',
      origin,
      context: 'chat',
      candidate: await candidate(model),
      budgetIds: [],
      currency: 'USD',
      system: 'Write.',
      user: 'name: Lamp',
      schema: {},
      schemaName: 'answer',
      maxOutputTokens: 100,
      inputTokensAtMost: 1_000,
      outputTokensAtMost: 100,
      signal: new AbortController().signal,
      settleWith: (outcome) => ({ value: outcome.kind, writes: [] }),
    })
    const entries = await services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ served_model: string; cost_nano: string }>(
        tx,
        sql`select requested_model, served_model, cost_nano::text from ledger_entries where origin = ${origin}`,
      ),
    )
    return { end, entries }
  }

  it('its key is tested and its models are listed at that version', async () => {
    expect(await owner.call(contract.checkConnection, { params: params() })).toMatchObject({ result: 'ok' })
    const { items } = await owner.call(contract.listConnectionModels, { params: params() })
    expect(items).toMatchObject([
      { id: 'gpt-4o', shutdownDate: '2026-09-21', priceSource: null, standsFor: null },
      { id: 'gpt-5.4-mini', priceSource: null },
    ])
  })

  it('a call goes to its deployment, and costs what the model costs that the answer names', async () => {
    const { end, entries } = await ask('by-path')
    expect(end).toEqual({ kind: 'settled', value: 'answered' })
    expect(azure.requests.at(-1)!.path).toBe('/openai/deployments/small/chat/completions?api-version=2024-10-21')
    // 500 tokens in at 0.75 and 200 out at 4.50 dollars a million
    expect(entries).toEqual([{ requested_model: 'small', served_model: 'gpt-5.4-mini-2026-03-17', cost_nano: '1275000' }])
    expect((await ask('unknown', 'nothing')).end).toMatchObject({ kind: 'refused', failure: { code: 'provider.model_missing' } })
  })

  it('before a call a deployment has the price of the model that its person says it runs, and none without', async () => {
    const worst = async () =>
      worstCaseOfCall({
        candidate: await candidate(),
        currency: 'USD',
        at: new Date('2026-11-20T12:00:00Z'),
        inputTokensAtMost: 1_000_000,
        outputTokensAtMost: 0,
      })
    expect(await worst()).toBeUndefined()
    expect((await explain({ small: 'gpt-5.4-mini', old: 'gpt-4o' })).models).toEqual({ small: 'gpt-5.4-mini', old: 'gpt-4o' })
    expect(await worst()).toBe(750_000_000n)
    const { items } = await owner.call(contract.listConnectionModels, { params: params() })
    expect(items.map(({ id, standsFor, prices }) => [id, standsFor, prices.input_tokens])).toEqual([
      ['old', 'gpt-4o', '2.5'],
      ['small', 'gpt-5.4-mini', '0.75'],
      ['gpt-4o', null, undefined],
      ['gpt-5.4-mini', null, undefined],
    ])
    await explain({})
    expect((await owner.call(contract.readConnection, { params: params() })).models).toBeNull()
  })

  it('a deployment of a model that is shut down is warned of, and told', async () => {
    await explain({ old: 'gpt-4o-2024-08-06' })
    const body = { version: 0, candidates: [{ connectionId, model: 'old' }] }
    const { warnings } = await owner.call(replaceAssignment, { params: { context: 'copilot' }, body })
    const { database, clock } = server.server.services
    const told = await tellShutdowns({ database, clock })
    expect([warnings.map(({ code }) => code).includes('model_shutdown'), told]).toEqual([true, 1])
    expect(warnings.map(({ code }) => code)).not.toContain('price_unknown')
  })

  it('only where people name what they call: elsewhere a model is what it is called', async () => {
    const { id } = await owner.call(contract.addConnection, { body: { provider: 'practice' } })
    const body = { models: { small: 'practice-1' } }
    expect(await owner.refused(contract.changeConnection, { params: { connectionId: id }, body })).toMatchObject({ status: 422 })
  })

  it('who changes it is on record', async () => {
    const rows = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ detail: unknown }>(
        tx,
        sql`select detail from audit_entries where action = 'connection.changed' and subject = ${`connection:${connectionId}`} order by at, id`,
      ),
    )
    expect(rows[0]!.detail).toEqual({ before: { models: null }, after: { models: { small: 'gpt-5.4-mini', old: 'gpt-4o' } } })
  })
})
