import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formatNano } from '../src/base/money.ts'
import type { CardView } from '../src/contract/behaviour.ts'
import * as behaviour from '../src/contract/behaviour.ts'
import * as contract from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { type Lack, type ProbedModel, PROMPT_TOKENS, startProbedModel } from './support/probed-model.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const MODEL = 'house-1'
const ALL = ['answer', 'stream', 'streamed_usage', 'stream_options', 'tools', 'streamed_tools', 'json_schema', 'vision',
  'max_tokens', 'max_completion_tokens', 'temperature', 'seed', 'stop', 'reasoning_effort', 'limit_headers', 'abort'] // prettier-ignore

describeOnEachEngine('probes', (on) => {
  let server: TestServer
  let model: ProbedModel
  let owner: TestClient
  let workspaceId: string
  let connectionId: string
  const lacks = new Set<Lack>()

  beforeAll(async () => {
    model = await startProbedModel(lacks)
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(model.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    connectionId = await add()
  })
  afterAll(async () => {
    await server?.close()
    await model?.stop()
  })

  const add = async (change: object = {}): Promise<string> => {
    const destination = { baseUrl: `${model.url}/v1` }
    const prices = { currency: 'USD', models: { '*': { input_tokens: '1', output_tokens: '2' } } }
    const body = { provider: 'openai-compatible', destination, key: 'sk-test-0000000000000000000', prices, ...change }
    return (await owner.call(contract.addConnection, { body })).id
  }
  const quote = async (id: string, name = MODEL) =>
    (await owner.call(behaviour.quoteProbes, { params: { connectionId: id }, body: { models: [name] } })).items[0]!
  const ended = async (id: string): Promise<CardView[]> => {
    let cards: CardView[] = []
    for await (const { items } of owner.events(behaviour.watchProbes, { params: { connectionId: id } })) cards = items
    return cards
  }
  const probe = async (id: string, name = MODEL, agreed?: { currency: string; amount: string } | null): Promise<CardView> => {
    const agreedCost = agreed === undefined ? (await quote(id, name)).atMost : agreed
    await owner.call(behaviour.startProbes, { params: { connectionId: id }, body: { models: [{ model: name, agreedCost }] } })
    return (await ended(id)).find((card) => card.model === name)!
  }
  const statesOf = ({ findings }: CardView): Record<string, string> =>
    Object.fromEntries(findings.map(({ ability, state, note }) => [ability, note ? `${state}: ${note}` : state]))
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
    expect(statesOf(card)).toEqual({ ...Object.fromEntries(ALL.map((ability) => [ability, 'works'])), abort: 'works: no_usage' })
    expect(card.limitHeaders).toEqual({ 'x-ratelimit-limit-requests': '60', 'x-ratelimit-remaining-requests': '59' })
    const entries = await entriesOf(connectionId)
    expect(entries).toHaveLength(card.calls)
    expect(entries.every(({ origin }) => origin === 'test')).toBe(true)
    expect(entries.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(1)
    expect(card.unknownCostCalls).toBe(1) // what the answer that was left used was not told
    const known = entries.reduce((sum, { cost }) => sum + BigInt(cost ?? 0), 0n)
    expect(card.cost).toEqual({ currency: 'USD', amount: formatNano(known) })
    const counted = model.bodies().length - 1
    expect(known).toBeGreaterThan(BigInt(counted * PROMPT_TOKENS) * 1_000n)
    await expect.poll(() => model.left()).toBe(1) // the provider saw its connection close
  })
})
