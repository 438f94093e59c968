import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as catalogue from '../src/contract/catalogue.ts'
import * as memory from '../src/contract/memory.ts'
import { readMe } from '../src/contract/people.ts'
import * as recipes from '../src/contract/recipes.ts'
import * as review from '../src/contract/review.ts'
import * as runs from '../src/contract/runs.ts'
import * as stale from '../src/contract/stale.ts'
import { rowsOf } from '../src/db/rows.ts'
import { checkedStale } from './support/checked-stale.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { bringFile } from './support/bring-file.ts'
import { assign, connectTo, planned, startedToEnd } from './support/enrichment.ts'
import { type MockProvider, startMockProvider } from './support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

const PRODUCTS = 6
const file = (colour: (index: number) => string, name = (index: number) => `Lamp ${index}`): string =>
  ['sku,brand,name,colour', ...Array.from({ length: PRODUCTS }, (_, index) => `P${index},Acme,${name(index)},${colour(index)}`)].join('\n')
const recipe = (description: string, glossary?: { term: string; use: string }[]) => ({
  fields: [
    { name: 'title', type: 'text', column: 'shop_title', ...(glossary ? { glossary } : {}) },
    { name: 'description', type: 'text', column: 'shop_text', instructions: description },
  ],
})

describeOnEachEngine('values know what they were made from', (on) => {
  let server: TestServer
  let owner: TestClient
  let mock: MockProvider
  let recipeId: string
  let workspaceId: string
  let connectionId: string
  let version = 1

  beforeAll(async () => {
    mock = await startMockProvider()
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
    connectionId = await connectTo(owner, mock.url, 'main')
    await assign(owner, [{ connectionId, model: 'm-1' }])
    await bringFile(
      owner,
      'lamps.csv',
      file(() => 'red'),
    )
    recipeId = (await owner.call(recipes.addRecipe, { body: { name: 'Lamps', recipe: recipe('Short.') } })).id
    await startedToEnd(owner, (await owner.call(runs.addRun, { body: { selection: { filter: {}, except: [] }, recipeId } })).id)
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    await mock?.stop()
  })

  const change = async (to: ReturnType<typeof recipe>) => {
    ;({ version } = await owner.call(recipes.changeRecipe, { params: { recipeId }, body: { name: 'Lamps', recipe: to, version } }))
  }
  /** "shop_text: rules 6" for each cause. */
  const causes = async () =>
    (await checkedStale(owner)).groups.flatMap(({ attributes }) =>
      attributes.flatMap(({ attribute, causes: found }) =>
        found.map(({ cause, count, changed }) => [attribute, cause, count, ...changed.map((one) => one.attribute)].join(' ')),
      ),
    )
  const staleProducts = async () => {
    const { items } = await owner.call(catalogue.listProducts, { query: { stale: 'true' } })
    return items.map(({ identifier }) => identifier)
  }
  const refresh = async (why: stale.StaleCause[]) => {
    const { runIds } = await owner.call(stale.refreshStale, { body: { of: { recipeId }, causes: why } })
    for (const runId of runIds) await startedToEnd(owner, runId)
    return Promise.all(runIds.map((runId) => owner.call(runs.readRun, { params: { runId } })))
  }
  const changesOf = (runId: string) =>
    server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ identifier: string; attribute: string }>(
        tx,
        sql`select identifier, attribute from value_changes join products on products.id = product_id where run_id = ${runId}::uuid order by 1, 2`,
      ),
    )

  it('nothing is stale after a run, and keeping what it was made from is small', async () => {
    const state = await checkedStale(owner)
    expect(state).toMatchObject({ check: { looked: PRODUCTS, of: PRODUCTS, outdated: false }, groups: [] })
    expect(await staleProducts()).toEqual([])
    const [sizes] = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ makings: number; records: number; bytes: number }>(
        tx,
        sql`select (select count(*)::integer from value_makings) as makings, count(*)::integer as records, max(octet_length(lines)) as bytes from shown_records`,
      ),
    )
    expect(sizes).toEqual({ makings: 2, records: PRODUCTS, bytes: 8 * 4 }) // a making for each field; eight bytes a line
  })

  it('a description’s rules make descriptions stale and no titles; a refresh asks for these alone', async () => {
    const next = recipe('Short and friendly.')
    const preview = await owner.call(stale.previewStale, { params: { recipeId }, body: { recipe: next } })
    expect(preview).toMatchObject({ values: PRODUCTS, products: PRODUCTS, counted: PRODUCTS, of: PRODUCTS })
    expect(Number(preview.cost!.high)).toBeGreaterThan(0)
    expect(await causes()).toEqual([]) // nothing was kept
    await change(next)
    expect((await owner.call(stale.readStale)).check).toMatchObject({ outdated: true })
    expect(await causes()).toEqual([`shop_text rules ${PRODUCTS}`])
    expect(await staleProducts()).toHaveLength(PRODUCTS)

    const quote = await owner.call(stale.quoteRefresh, { body: { of: { recipeId }, causes: ['rules'] } })
    expect(quote).toMatchObject({ values: PRODUCTS, products: PRODUCTS, runs: 1, quote: { products: PRODUCTS } })
    const [run] = await refresh(['rules'])
    expect(run).toMatchObject({ state: 'finished', attributes: ['shop_text'], counts: { total: PRODUCTS, unchanged: 0 }, recipeId })
    expect(new Set((await changesOf(run!.id)).map(({ attribute }) => attribute))).toEqual(new Set(['shop_text']))
    expect(await causes()).toEqual([])
    // The whole recipe finds all there: titles of the first run, descriptions of the refresh.
    const { id } = await owner.call(runs.addRun, { body: { selection: { filter: {}, except: [] }, recipeId } })
    expect((await planned(owner, id)).counts).toMatchObject({ total: 0, unchanged: PRODUCTS })
  }, 60_000)

  it('a word of the glossary concerns products that hold it; a changed attribute those that have it', async () => {
    await bringFile(
      owner,
      'lamps.csv',
      file((index) => (index < 2 ? 'crimson' : 'red')),
    )
    expect(await causes()).toEqual(['shop_text source 2 colour', 'shop_title source 2 colour'])
    const { items } = await owner.call(catalogue.listProducts, { query: { stale: 'true' } })
    expect(items.map(({ identifier }) => identifier)).toEqual(['P0', 'P1'])
    expect(await owner.call(stale.readStaleProduct, { params: { productId: items[0]!.id } })).toMatchObject({
      values: [
        { causes: ['source'], changed: ['colour'] },
        { causes: ['source'], changed: ['colour'] },
      ],
    })
    await change(recipe('Short and friendly.', [{ term: 'crimson', use: 'red' }, { term: 'sofa', use: 'couch' }])) // prettier-ignore
    // "red" stands in all of them, as the word to write; the sofa in none
    expect(await causes()).toEqual([`shop_title glossary ${PRODUCTS}`, 'shop_title source 2 colour', 'shop_text source 2 colour'])
    const made = await refresh(['source'])
    expect(made).toHaveLength(1)
    expect(await changesOf(made[0]!.id)).toEqual(
      ['P0', 'P1'].flatMap((identifier) => ['shop_text', 'shop_title'].map((attribute) => ({ identifier, attribute }))),
    )
    expect(await causes()).toEqual([`shop_title glossary ${PRODUCTS - 2}`])
    await refresh(['glossary'])
    expect(await causes()).toEqual([])
  }, 60_000)

  it('what a person wrote is never stale; another model is said, and examples are no reason to pay again', async () => {
    const { items } = await owner.call(review.listProposals, { query: { attribute: 'shop_text', limit: 1 } })
    const [proposal] = items
    const edited = { id: proposal!.id, decision: 'edit' as const, over: proposal!.current.changeId, value: 'Mine, word by word' }
    await owner.call(review.decideProposals, { body: { decisions: [edited] } })
    expect(await causes()).toEqual([`shop_text examples ${PRODUCTS - 1}`])
    const again = await owner.call(runs.addRun, { body: { selection: { filter: {}, except: [] }, recipeId } })
    expect((await planned(owner, again.id)).counts).toMatchObject({ total: 0, unchanged: PRODUCTS })

    await assign(owner, [{ connectionId, model: 'm-2' }])
    expect(await causes()).toEqual([
      `shop_title model ${PRODUCTS}`,
      `shop_text model ${PRODUCTS - 1}`,
      `shop_text examples ${PRODUCTS - 1}`,
    ])
    await assign(owner, [{ connectionId, model: 'm-1' }])
  }, 60_000)

  it('a rule of a source is in its prompts, and in those of no other', async () => {
    await bringFile(owner, 'sofas.csv', 'sku,name\nS1,Sofa\n')
    const { sources } = await owner.call(catalogue.listSources)
    const lamps = sources.find(({ label }) => label === 'lamps.csv')!
    const rule = { attribute: null, locale: null, term: 'lamp', use: 'luminaire' }
    await owner.call(memory.addRule, { params: { sourceId: lamps.id }, body: rule })
    expect(await causes()).toContain(`shop_title glossary ${PRODUCTS}`)
    mock.mock.clearRequests()
    const run = await owner.call(runs.addRun, { body: { selection: { filter: {}, except: [] }, recipeId } })
    await startedToEnd(owner, run.id)
    const asked = mock.mock.getRequests().map(({ body }) => JSON.stringify(body))
    const ofSofas = asked.filter((body) => body.includes('Sofa'))
    const ofLamps = asked.filter((body) => body.includes('Lamp '))
    expect([ofSofas.length > 0, ofLamps.length > 0]).toEqual([true, true])
    expect(ofLamps.every((body) => body.includes('luminaire') && body.includes('Mine, word by word'))).toBe(true)
    expect(ofSofas.some((body) => body.includes('luminaire') || body.includes('Mine, word by word'))).toBe(false)
  }, 60_000)
})
