import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { divideHalfUp, parseNano } from '../src/base/money.ts'
import * as contract from '../src/contract/runs.ts'
import { type BatchedServer, startBatchedServer } from './support/batched-server.ts'
import { runOver } from './support/enrichment.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { COLOURS, SIBLING_RECIPE, siblingFile, siblingScript, textOf } from './support/sibling-catalogue.ts'

const KINDS = 3
const FOLLOWERS = KINDS * (COLOURS.length - 1)
const WITHOUT = 3 // products whose title says no colour
const PRODUCTS = KINDS * COLOURS.length + WITHOUT
/** gpt-4o-mini in a batch, 500 tokens in and 200 out; a usual call costs twice that. */
const REQUEST_NANO = 500n * 75n + 200n * 300n

describeOnEachEngine('a run in batches with rules, siblings and two products a call', (on) => {
  let world: BatchedServer
  beforeAll(async () => {
    const file = siblingFile({ kinds: KINDS, without: WITHOUT })
    world = await startBatchedServer({ on, products: PRODUCTS, file, script: siblingScript })
  })
  afterAll(() => world?.close())

  const nanoOf = (money: { amount: string } | null): bigint => parseNano(money!.amount)
  const run = (more: Record<string, unknown>) =>
    runOver(world.owner, {
      recipe: { ...SIBLING_RECIPE, perCall: 2 },
      servedBy: { connectionId: world.connections['openai'], model: 'gpt-4o-mini' },
      ...more,
    })

  it('writes every value once, keeps every request in the ledger once, and its receipt says what the ledger says', async () => {
    const made = await run({ steps: { batch: true, rules: true, siblings: true } })
    expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS, waiting: 0, flagged: 0, failed: 0 } })
    expect(await world.leftovers()).toEqual([])

    const values = await world.rows<{ title: string; attribute: string; value: string; kind: string; isFilled: boolean }>(sql`
      select products.imported ->> 'title' as title, attribute, value #>> '{}' as value, provenance ->> 'kind' as kind,
        provenance -> 'filledFrom' is not null as "isFilled"
      from value_changes join products on products.id = value_changes.product_id where run_id = ${made.id}::uuid`)
    expect(values).toHaveLength(PRODUCTS * 2)
    expect(new Set(values.map(({ title, attribute }) => `${title} ${attribute}`)).size).toBe(PRODUCTS * 2)
    for (const { title, attribute, value } of values)
      expect(value).toBe(attribute === 'shop_text' ? textOf(title) : (COLOURS.find((colour) => title.endsWith(colour)) ?? 'Black'))
    expect(values.filter(({ isFilled }) => isFilled)).toHaveLength(FOLLOWERS)
    expect(values.filter(({ kind }) => kind === 'rule')).toHaveLength(KINDS * COLOURS.length)

    // Three kinds are asked for their text, three products for text and colour: two requests of each part, each worked through once.
    const { billed, batches } = world.mocks['openai']!
    const entries = await world.entriesOf(made.id)
    expect(entries.map(({ id }) => id).toSorted()).toEqual([...billed.keys()].toSorted())
    expect([...billed.values()].map(({ times }) => times)).toEqual([1, 1, 1, 1])
    expect(batches).toHaveLength(1)
    for (const entry of entries)
      expect(entry).toMatchObject({ outcome: 'succeeded', cost: `${REQUEST_NANO}`, list: `${REQUEST_NANO * 2n}`, tier: 'batch' })

    const receipt = await world.owner.call(contract.readRunReceipt, { params: { runId: made.id } })
    const { steps, saved, without } = receipt.saved
    expect(steps.map(({ step }) => step)).toEqual(['unchanged', 'rules', 'siblings', 'perCall', 'caching', 'cheapFirst', 'batch'])
    const of = (name: string) => steps.find(({ step }) => step === name)!
    expect(receipt.cost).toEqual([{ currency: 'USD', amount: '0.00039' }])
    expect(of('batch')).toMatchObject({ count: 4, saved: { amount: '0.00039' } })
    expect(of('perCall')).toMatchObject({ count: 2 }) // six products in four requests
    const [system] = await world.rows<{ tokens: number }>(
      sql`select sum((input_parts ->> 'system')::integer)::integer as tokens from ledger_entries where origin = ${`run:${made.id}`}`,
    )
    expect(nanoOf(of('perCall').saved)).toBe(divideHalfUp(BigInt(system!.tokens) * 150n * 2n, 4n))
    const asked = REQUEST_NANO * 8n + nanoOf(of('perCall').saved) // six products, one a call, at the usual price
    expect(of('siblings')).toMatchObject({ count: FOLLOWERS, quotedCount: FOLLOWERS })
    expect(nanoOf(of('siblings').saved)).toBe(divideHalfUp(asked * BigInt(FOLLOWERS), 6n))
    expect(of('rules')).toMatchObject({
      count: KINDS * COLOURS.length,
      quotedCount: KINDS * COLOURS.length,
      values: KINDS * COLOURS.length,
    })
    expect(nanoOf(of('rules').saved)).toBeGreaterThan(0n)
    for (const name of ['unchanged', 'caching', 'cheapFirst'])
      expect(of(name)).toMatchObject({ count: 0, saved: { amount: '0' }, because: { code: expect.stringMatching(/\w/) } })
    for (const name of ['rules', 'siblings', 'perCall', 'batch']) {
      expect(nanoOf({ amount: of(name).quoted!.low })).toBeGreaterThan(0n)
      expect(of(name).because).toBeNull()
    }
    expect(steps.reduce((sum, step) => sum + nanoOf(step.saved), 0n)).toBe(nanoOf(saved))
    expect(nanoOf(without)).toBe(REQUEST_NANO * 4n + nanoOf(saved))
  })

  it('the next run over the same leaves all of it out, and asks for nothing', async () => {
    const { id: runId } = await world.owner.call(contract.addRun, {
      body: {
        selection: { filter: {}, except: [] },
        recipe: { ...SIBLING_RECIPE, perCall: 2 },
        servedBy: { connectionId: world.connections['openai']!, model: 'gpt-4o-mini' },
        steps: { batch: true, rules: true, siblings: true },
      },
    })
    await expect
      .poll(async () => (await world.owner.call(contract.readRun, { params: { runId } })).planning, { timeout: 20_000 })
      .toBeNull()
    const { saved } = await world.owner.call(contract.readRunReceipt, { params: { runId } })
    const unchanged = saved.steps.find(({ step }) => step === 'unchanged')!
    expect(unchanged).toMatchObject({ count: PRODUCTS, quotedCount: PRODUCTS, saved: null, unknown: 'none_asked', because: null })
    expect(nanoOf({ amount: unchanged.quoted!.low })).toBeGreaterThan(0n)
    expect(saved).toMatchObject({ saved: null, without: null })
  })

  it('products of which rules find everything are in no request', async () => {
    const made = await run({
      recipe: { locale: 'en', fields: [{ ...SIBLING_RECIPE.fields[1]!, column: 'shop_colour_alone' }], perCall: 2 },
      steps: { batch: true, rules: true, siblings: true },
    })
    expect(made).toMatchObject({ state: 'finished', counts: { done: PRODUCTS } })
    const entries = await world.entriesOf(made.id)
    expect(entries).toHaveLength(2) // the three products without a colour
    const { saved } = await world.owner.call(contract.readRunReceipt, { params: { runId: made.id } })
    const of = (name: string) => saved.steps.find(({ step }) => step === name)!
    expect(of('rules')).toMatchObject({ count: KINDS * COLOURS.length, values: KINDS * COLOURS.length })
    const each = REQUEST_NANO * 4n + nanoOf(of('perCall').saved) // three products, at the usual price
    expect(nanoOf(of('rules').saved)).toBe(divideHalfUp(each * BigInt(KINDS * COLOURS.length), 3n))
  })
})
