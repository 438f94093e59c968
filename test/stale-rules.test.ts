import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readMe } from '../src/contract/people.ts'
import * as recipes from '../src/contract/recipes.ts'
import * as review from '../src/contract/review.ts'
import * as runs from '../src/contract/runs.ts'
import * as stale from '../src/contract/stale.ts'
import * as structure from '../src/contract/structure.ts'
import { rowsOf } from '../src/db/rows.ts'
import { checkedStale } from './support/checked-stale.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { assign, connectTo, EVERYTHING, planned, startedToEnd } from './support/enrichment.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const ROWS = { A1: 'black', A2: 'rot', A3: 'blue' }
const file = (rows: Readonly<Record<string, string>> = ROWS, more = 'oak') =>
  ['sku,brand,name,legs', ...Object.entries(rows).map(([sku, colour]) => `${sku},Acme,Acme Comfort office chair ${colour},${more}`)].join(
    '\n',
  )
const recipe = (more: Record<string, unknown> = {}, colours = ['black', 'red', 'blue']) => ({
  ...more,
  fields: [
    { name: 'description', type: 'text', column: 'shop_text' },
    { name: 'tint', type: 'select', values: colours, column: 'tint' },
  ],
})

interface KeptValue {
  readonly id: string
  readonly identifier: string
  readonly attribute: string
  readonly value: string
  readonly kind: string
  readonly filledFrom: string | null
  readonly known: boolean // its making is kept
}

/** What no model wrote, or what it wrote of another product. */
describeOnEachEngine('values that rules found or that were filled in know what they were made from', (on) => {
  let server: TestServer
  let owner: TestClient
  let mock: MockProvider
  let recipeId: string
  let workspaceId: string
  let connectionId: string
  let version = 1

  beforeAll(async () => {
    mock = await startMockProvider({
      script: ({ user }) => ({ content: JSON.stringify({ description: `The ${/^name: (.*)$/m.exec(user)![1]}, for every day.` }) }),
    })
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    connectionId = await connectTo(owner, mock.url, 'main')
    await assign(owner, [{ connectionId, model: 'm-1' }])
    await owner.call(structure.addItem, { body: { kind: 'attributes', code: 'tint', set: { type: 'select' } } })
    for (const [code, de] of [
      ['black', 'Schwarz'],
      ['red', 'Rot'],
    ] as const)
      // prettier-ignore
      await owner.call(structure.addItem, { body: { kind: 'options', attribute: 'tint', code, set: { labels: { de } } } })
    await bringFile(owner, 'chairs.csv', file())
    recipeId = (await owner.call(recipes.addRecipe, { body: { name: 'Chairs', recipe: recipe() } })).id
    await startedToEnd(owner, (await owner.call(runs.addRun, { body: { selection: EVERYTHING, recipeId } })).id)
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    await mock?.stop()
  })

  const change = async (to: ReturnType<typeof recipe>) => {
    ;({ version } = await owner.call(recipes.changeRecipe, { params: { recipeId }, body: { name: 'Chairs', recipe: to, version } }))
  }
  /** "tint options 3 legs": for each cause its values, and the attributes that changed. */
  const causes = async () => {
    const state = await checkedStale(owner)
    return state.groups.flatMap(({ attributes }) =>
      attributes.flatMap(({ attribute, causes: found }) =>
        found.map(({ cause, count, changed }) => [attribute, cause, count, ...changed.map((one) => one.attribute)].join(' ')),
      ),
    )
  }
  const refresh = async (why: stale.StaleCause[]) => {
    const body = { of: { recipeId }, causes: why }
    const { quote } = await owner.call(stale.quoteRefresh, { body })
    const { runIds } = await owner.call(stale.refreshStale, { body })
    const before = mock.requests().length
    for (const runId of runIds) await startedToEnd(owner, runId)
    const run = await owner.call(runs.readRun, { params: { runId: runIds[0]! } })
    return { quote, run, runIds, calls: mock.requests().length - before }
  }
  const values = () =>
    server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<KeptValue>(
        tx,
        sql`select distinct on (identifier, attribute) change.id, identifier, attribute, value #>> '{}' as value, provenance ->> 'kind' as kind,
            provenance -> 'filledFrom' ->> 'changeId' as "filledFrom", making in (select id from value_makings) as known
          from value_changes change join products on products.id = product_id where state in ('proposed', 'accepted') order by 2, 3, 1 desc`,
      ),
    )

  it('every written value has a making', async () => {
    expect(mock.requests()).toHaveLength(1) // one description; of the others all was found or filled in
    expect((await values()).map(({ identifier, attribute, value, kind, filledFrom, known }) => [identifier, attribute, value, kind, filledFrom !== null, known])).toEqual([
      ['A1', 'shop_text', 'The Acme Comfort office chair black, for every day.', 'generated', false, true],
      ['A1', 'tint', 'black', 'rule', false, true],
      ['A2', 'shop_text', 'The Acme Comfort office chair rot, for every day.', 'generated', true, true],
      ['A2', 'tint', 'red', 'rule', false, true], // by its German label
      ['A3', 'shop_text', 'The Acme Comfort office chair blue, for every day.', 'generated', true, true],
      ['A3', 'tint', 'blue', 'rule', false, true],
    ]) // prettier-ignore
    expect(await causes()).toEqual([])
  })

  it('an option more makes what rules found stale, and a refresh of it asks nobody', async () => {
    const body = { kind: 'options' as const, attribute: 'tint', code: 'blue', set: { labels: { de: 'Blau' } } }
    await owner.call(structure.addItem, { body })
    expect((await owner.call(stale.readStale)).check).toMatchObject({ outdated: true })
    expect(await causes()).toEqual(['tint options 3'])
    const again = await owner.call(runs.addRun, { body: { selection: EVERYTHING, recipeId } })
    expect((await planned(owner, again.id)).counts).toMatchObject({ total: 0, unchanged: 3 }) // no reason to pay for descriptions
    const { quote, run, calls } = await refresh(['options'])
    expect(quote).toMatchObject({ products: 3, cost: { high: '0' } })
    expect([run.counts.total, calls]).toEqual([3, 0])
    expect(await causes()).toEqual([])
  }, 60_000)

  it('a source attribute concerns what read it, and a model what it wrote', async () => {
    await bringFile(owner, 'chairs.csv', file(ROWS, 'steel'))
    expect(await causes()).toEqual(['shop_text source 3 legs']) // rules read the title
    const { calls } = await refresh(['source'])
    expect(calls).toBe(1) // one is written, two are filled in
    await assign(owner, [{ connectionId, model: 'm-2' }])
    expect(await causes()).toEqual(['shop_text model 3'])
    await assign(owner, [{ connectionId, model: 'm-1' }])
    await bringFile(owner, 'chairs.csv', file({ ...ROWS, A3: 'black' }, 'steel'))
    expect(await causes()).toEqual(['shop_text source 1 name', 'tint source 1 name'])
    await refresh(['source'])
    expect(await causes()).toEqual([])
    expect((await values()).find(({ identifier, attribute }) => identifier === 'A3' && attribute === 'tint')).toMatchObject({
      value: 'black',
    })
  }, 60_000)

  it('a word of the glossary and the rules of a field concern those that go by them', async () => {
    await change(recipe({ glossary: [{ term: 'chair', use: 'seat' }] }))
    expect(await causes()).toEqual(['shop_text glossary 3'])
    await change(recipe({}, ['black', 'red', 'blue', 'green']))
    expect(await causes()).toEqual(['tint rules 3'])
    const { calls, quote } = await refresh(['rules'])
    expect([calls, quote?.cost?.high]).toEqual([0, '0'])
    await change(recipe({ tone: 'dry' }, ['black', 'red', 'blue', 'green']))
    expect(await causes()).toEqual(['shop_text rules 3']) // a rule has no tone
    await change(recipe({}, ['black', 'red', 'blue', 'green']))
    expect(await causes()).toEqual([])
  }, 60_000)

  it('what was filled in is stale when the value that it was filled in from says something else', async () => {
    const before = await values()
    const leader = before.find(({ id }) => before.some(({ filledFrom }) => filledFrom === id))!
    const followers = before.filter(({ filledFrom }) => filledFrom === leader.id)
    const { items } = await owner.call(review.listProposals, { query: { attribute: 'shop_text' } })
    const over = items.find(({ id }) => id === leader.id)!.current.changeId
    const edit = { id: leader.id, decision: 'edit' as const, over, value: 'A chair to sit in.' }
    await owner.call(review.decideProposals, { body: { decisions: [edit] } })
    expect(await causes()).toContain(`shop_text sibling ${followers.length}`)
    const again = await owner.call(runs.addRun, { body: { selection: EVERYTHING, recipeId } })
    expect((await planned(owner, again.id)).counts).toMatchObject({ total: 0, unchanged: 3 })
    const { run, calls } = await refresh(['sibling'])
    expect([run.counts.total, calls]).toEqual([followers.length, 1])
    expect((await causes()).filter((cause) => cause.includes('sibling'))).toEqual([])
  }, 60_000)
})
