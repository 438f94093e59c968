import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import * as behaviour from '../src/contract/behaviour.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { ALL_WORK, type Lack, type ProbedModel, PROMPT_TOKENS, startProbedModel } from './support/probed-model.ts'
import { PROBED, type Prober, proberOf, statesOf } from './support/prober.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const MODEL = PROBED

describeOnEachEngine('probes', (on) => {
  let server: TestServer
  let model: ProbedModel
  let owner: TestClient
  let add: Prober['add']
  let quote: Prober['quote']
  let probe: Prober['probe']
  let workspaceId: string
  let connectionId: string
  const lacks = new Set<Lack>()

  beforeAll(async () => {
    model = await startProbedModel(lacks)
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(model.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    ;({ add, quote, probe } = proberOf(owner, model))
    connectionId = await add()
  })
  afterAll(async () => {
    await server?.close()
    await model?.stop()
  })

  const entriesOf = (id: string) =>
    server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ origin: string; outcome: string; cost: string | null; budgets: string[] }>(
        tx,
        sql`select origin, outcome, cost_nano::text as cost, budget_ids as budgets from ledger_entries
            where connection_id = ${id}::uuid and requested_model <> '' order by intended_at`,
      ),
    )

  it('finds all that a model does, with a ledger entry for every call and the exact cost on the card', async () => {
    const card = await probe(connectionId)
    expect(card).toMatchObject({ state: 'finished', kind: 'chat', problem: null, outdated: false, asking: null })
    expect(statesOf(card)).toEqual(ALL_WORK)
    expect(card.limitHeaders).toEqual({ 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' })
    const entries = await entriesOf(connectionId)
    expect(entries).toHaveLength(card.calls)
    expect(entries.every(({ origin }) => origin === 'test')).toBe(true)
    expect(entries.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(1)
    expect(card.unknownCostCalls).toBe(entries.filter(({ cost }) => cost === null).length)
    const known = entries.reduce((sum, { cost }) => sum + BigInt(cost ?? 0), 0n)
    expect(card.cost).toEqual({ currency: 'USD', amount: formatNano(known) })
    const counted = model.bodies().length - 1
    expect(known).toBeGreaterThan(BigInt(counted * PROMPT_TOKENS) * 1_000n)
    await expect.poll(() => model.left()).toBe(1) // the provider saw its connection close
  })

  it('asks for no more than it said, and never for more than was agreed', async () => {
    const id = await add({ label: 'capped' })
    const { about, atMost, callsAtMost } = await quote(id)
    const cents = ({ amount }: { amount: string }): number => Number(amount)
    expect(cents(about!)).toBeGreaterThan(0)
    expect(cents(about!)).toBeLessThan(cents(atMost!))
    const whole = await probe(id)
    expect(whole.calls).toBeLessThanOrEqual(callsAtMost)
    expect(cents(whole.cost!)).toBeLessThan(cents(atMost!))
    const agreed = { currency: 'USD', amount: '0.001' }
    const capped = await probe(id, MODEL, agreed)
    expect(capped).toMatchObject({ state: 'stopped', problem: { code: 'budget.exceeded' } })
    expect(capped.calls).toBeGreaterThan(0)
    expect(cents(capped.cost!)).toBeLessThanOrEqual(0.001)
    expect(capped.findings.length).toBe(whole.findings.length) // what was found before stands
    const over = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf(
        tx,
        sql`select 1 from budget_windows w join budgets b on b.id = w.budget_id
            where b.scope like 'probe:%' and w.spent_nano + w.held_nano > b.limit_nano`,
      ),
    )
    expect(over).toEqual([])
  })

  it('a cost must be agreed to: a sum where a price is known, the unknown where none is', async () => {
    const id = await add({ label: 'agreed' })
    const refused = async (of: string, agreedCost: { currency: string; amount: string } | null) =>
      (await owner.refused(behaviour.startProbes, { params: { connectionId: of }, body: { models: [{ model: MODEL, agreedCost }] } })).code
    expect(await refused(id, null)).toBe('probe.cost_not_agreed')
    expect(await refused(id, { currency: 'EUR', amount: '1' })).toBe('probe.cost_not_agreed')
    const unpriced = await add({ label: 'unpriced', prices: null })
    expect(await quote(unpriced)).toMatchObject({ about: null, atMost: null })
    expect(await refused(unpriced, { currency: 'USD', amount: '1' })).toBe('probe.cost_not_agreed')
    const card = await probe(unpriced, MODEL, null)
    expect(card).toMatchObject({ state: 'finished', cost: null })
    expect(card.unknownCostCalls).toBe(card.calls)
    expect(await quote(id, 'gpt-image-2')).toMatchObject({ kind: null, callsAtMost: 0 })
    const picture = await owner.refused(behaviour.startProbes, {
      params: { connectionId: id },
      body: { models: [{ model: 'gpt-image-2', agreedCost: null }] },
    })
    expect(picture.code).toBe('provider.does_not_serve')
  })

  it('a test that is cancelled leaves what it found, and says so; the models that waited are not asked', async () => {
    const id = await add({ label: 'cancelled' })
    lacks.add('slow stream')
    const models = [MODEL, 'house-2'].map((name) => ({ model: name, agreedCost: { currency: 'USD', amount: '1' } }))
    await owner.call(behaviour.startProbes, { params: { connectionId: id }, body: { models } })
    const again = await owner.refused(behaviour.startProbes, { params: { connectionId: id }, body: { models } })
    expect(again.code).toBe('probe.running')
    for await (const { items } of owner.events(behaviour.watchProbes, { params: { connectionId: id } })) {
      if (items.some(({ asking }) => asking === 'stream')) break
    }
    const { items } = await owner.call(behaviour.cancelProbes, { params: { connectionId: id } })
    lacks.clear()
    expect(items.map(({ model: name, state, asking }) => ({ name, state, asking }))).toEqual([
      { name: MODEL, state: 'cancelled', asking: null },
      { name: 'house-2', state: 'cancelled', asking: null },
    ])
    expect(statesOf(items[0]!)).toEqual({ answer: 'works', reasoning_effort: 'works' })
    expect(items[1]!.calls).toBe(0)
    expect((await entriesOf(id)).at(-1)!.outcome).toBe('cancelled')
  })

  it('a key that is refused stops the test at its first call, with the reason and without its words of the key', async () => {
    const id = await add({ label: 'bad key', key: 'sk-bad-00000000000000000000' })
    const card = await probe(id)
    expect(card).toMatchObject({ state: 'stopped', calls: 1, problem: { code: 'provider.bad_key' }, findings: [] })
  })

  it('an embedding model is asked for one vector', async () => {
    const id = await add({ label: 'vectors' })
    expect(await quote(id, 'house-embed')).toMatchObject({ kind: 'embeddings', callsAtMost: 1 })
    expect(statesOf(await probe(id, 'house-embed'))).toEqual({ embedding: 'works', limit_headers: 'does_not' })
    expect(statesOf(await probe(id, 'broken-embed'))).toEqual({ embedding: 'does_not: refused', limit_headers: 'does_not' })
  })

  it('the practice provider: what it does and what it does not, free of charge', async () => {
    const id = await add({ provider: 'practice', destination: {}, key: undefined, prices: null, label: 'practice' })
    expect(await quote(id, 'practice-1')).toMatchObject({ atMost: { currency: 'USD', amount: '0' } })
    const card = await probe(id, 'practice-1')
    expect(card).toMatchObject({ state: 'finished', cost: { currency: 'USD', amount: '0' } })
    expect(statesOf(card)).toMatchObject({
      answer: 'works', stream: 'works', streamed_usage: 'works', json_schema: 'works', tools: 'does_not: ignored', vision: 'does_not: ignored',
    }) // prettier-ignore
  })

  it('a card of another destination is outdated, and a server that stops ends a test and says so', async () => {
    const id = await add({ label: 'moved' })
    await probe(id)
    await owner.call(contract.replaceKey, {
      params: { connectionId: id },
      body: { key: 'sk-test-1111111111111111111', destination: { baseUrl: `${model.url}/other/v1` }, whateverTheTest: true },
    })
    const { items } = await owner.call(behaviour.listCards, { params: { connectionId: id } })
    expect(items[0]).toMatchObject({ outdated: true })
    lacks.add('slow stream')
    const again = [{ model: MODEL, agreedCost: { currency: 'USD', amount: '1' } }]
    await owner.call(behaviour.startProbes, { params: { connectionId: id }, body: { models: again } })
    await expect.poll(async () => (await owner.call(behaviour.listCards, { params: { connectionId: id } })).items[0]!.asking).toBe('stream')
    await server.restart()
    lacks.clear()
    const after = (await owner.call(behaviour.listCards, { params: { connectionId: id } })).items[0]!
    expect(after).toMatchObject({ state: 'interrupted', outdated: false, asking: null, problem: { code: 'call.interrupted' } })
    expect(statesOf(after)).toEqual({ answer: 'works', reasoning_effort: 'works' })
  })
})
