import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as assignments from '../src/contract/assignments.ts'
import * as contract from '../src/contract/connections.ts'
import { rowsOf } from '../src/db/rows.ts'
import { type ConnectionsWorld, startConnectionsWorld } from './support/connections-world.ts'
import { describeOnEachEngine } from './support/engines.ts'

describeOnEachEngine('connections', (on) => {
  let world: ConnectionsWorld
  let server: ConnectionsWorld['server']
  let provider: ConnectionsWorld['provider']
  let owner: ConnectionsWorld['owner']
  let workspaceId: ConnectionsWorld['workspaceId']
  let listening: ConnectionsWorld['listening']
  let at: ConnectionsWorld['at']
  let secret: ConnectionsWorld['secret']
  let add: ConnectionsWorld['add']
  let view: ConnectionsWorld['view']
  let audited: ConnectionsWorld['audited']

  beforeAll(async () => {
    world = await startConnectionsWorld(on)
    ;({ server, provider, owner, workspaceId, listening, at, secret, add, view, audited } = world)
  })
  afterAll(() => world?.close())

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

  it('KEY-5: no key is in any answer, error or row, though providers repeated them', () =>
    world.expectNoKeyKept({ keys: 25, answers: 60, storedCharacters: 10000 }))
})
