import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { ANNA, generatedValue, reviewedCatalogue } from '../../test/support/reviewed-catalogue.ts'
import { proposalFilter, type ProposalFilter } from '../contract/review.ts'
import { products, valueChanges } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { type GeneratedValue, recordGeneratedValues } from './changes.ts'
import { type Decision, decide, decideAll } from './decide.ts'
import { editValue, restoreImported } from './edit.ts'
import { valueHistory } from './history.ts'
import { listProposals, sumProposals } from './proposals.ts'
import { redo, undo, type UndoTarget } from './undo.ts'
import { currentValue } from './values.ts'

const BEN = 'user:00000000-0000-7000-8000-00000000000b'

describeOnEachDatabase('review', (open) => {
  let test: TestDatabase
  let workspaceId: string
  let world: Awaited<ReturnType<typeof reviewedCatalogue>>
  beforeAll(async () => {
    test = await open()
    world = await reviewedCatalogue(test)
    workspaceId = world.workspaceId
  })
  afterAll(() => world.close())

  const bring = async (name: string, content: string): Promise<string[]> => (await world.bring(name, content)).ids
  const newRun = (): Promise<string> => world.newRun()
  const generated = (productId: string, runId: string, more: Partial<GeneratedValue> = {}): GeneratedValue =>
    generatedValue({ productId, runId, ...more })
  const record = (values: readonly GeneratedValue[]) =>
    test.database.inWorkspace(workspaceId, (tx) => recordGeneratedValues(tx, workspaceId, values))
  const list = async (filter: ProposalFilter) =>
    (await test.database.inWorkspace(workspaceId, (tx) => listProposals(tx, { filter, cursor: null, limit: 100 }))).items
  const say = (actor: string, decisions: readonly Decision[]) =>
    test.database.inWorkspace(workspaceId, (tx) => decide(tx, { workspaceId, actor, decisions }))
  const edit = (
    productId: string,
    value: unknown,
    { over = null, locale = null, attribute = 'title' }: { over?: string | null; locale?: string | null; attribute?: string } = {},
  ) =>
    test.database.inWorkspace(workspaceId, (tx) =>
      editValue(tx, { workspaceId, actor: ANNA, edit: { productId, attribute, locale, channel: null, over }, value }),
    )
  const title = (productId: string, locale: string | null = 'en') =>
    test.database.inWorkspace(workspaceId, async (tx) => {
      const [product] = await tx.select().from(products).where(eq(products.id, productId))
      return currentValue({ ...product!, mapping: null }, { attribute: 'title', locale, channel: null })
    })
  const stateOf = (id: string) =>
    test.database.inWorkspace(workspaceId, async (tx) => (await tx.select().from(valueChanges).where(eq(valueChanges.id, id)))[0]!)
  const all = async (step: typeof undo, of: UndoTarget) => {
    let undone = 0
    for (let cursor: string | null = null; ;) {
      const answer = await step(test.database, { workspaceId, actor: BEN }, { of, cursor })
      undone += answer.undone
      if (answer.cursor === null) return { ...answer, undone }
      cursor = answer.cursor
    }
  }
  const history = (productId: string) =>
    test.database.inWorkspace(workspaceId, (tx) => valueHistory(tx, { productId, attribute: 'title', cursor: null, limit: 100 }))

  it('a person writes a value, which stands until it is undone', async () => {
    const [product] = await bring('edit.csv', 'sku,title\nA,from the supplier\n')
    const { decisionId, current } = await edit(product!, 'Mine')
    expect(current).toMatchObject({ value: 'Mine', kind: 'person' })
    expect(await title(product!)).toEqual(current)
    expect(await edit(product!, 'Mine', { over: current.changeId })).toMatchObject({ decisionId: null })
    expect((await history(product!)).items).toMatchObject([
      {
        state: 'accepted',
        current: true,
        value: 'Mine',
        replaced: 'from the supplier',
        decision: 'person',
        decidedBy: ANNA,
        provenance: { kind: 'person', actor: ANNA },
      },
    ])
    await all(undo, { decisionId: decisionId! })
    expect(await title(product!)).toMatchObject({ value: 'from the supplier', kind: 'imported', changeId: null })
    await all(redo, { decisionId: decisionId! })
    expect(await title(product!)).toEqual(current)
  })

  it('two people who write at once do not overwrite each other unseen', async () => {
    const [product] = await bring('both.csv', 'sku,title\nA,one\n')
    const { current } = await edit(product!, 'first')
    await expect(edit(product!, 'second')).rejects.toMatchObject({ code: 'value.changed' })
    expect(await title(product!)).toEqual(current)
    await expect(edit(newId(), 'x')).rejects.toMatchObject({ code: 'product.missing' })
  })

  it('what tells products apart cannot be edited', async () => {
    const [product] = await bring('identifier.csv', 'sku,title\nA,one\n')
    await expect(edit(product!, 'B', { attribute: 'sku' })).rejects.toMatchObject({ code: 'value.fixed' })
  })

  it('a cleared value is empty, a restored one follows the import again', async () => {
    const [product] = await bring('clear.csv', 'sku,title\nA,one\n')
    const cleared = await edit(product!, null)
    expect(await title(product!)).toMatchObject({ value: null, kind: 'person' })
    await test.database.inWorkspace(workspaceId, (tx) =>
      restoreImported(tx, {
        workspaceId,
        actor: ANNA,
        edit: { productId: product!, attribute: 'title', locale: null, channel: null, over: cleared.current.changeId },
      }),
    )
    expect(await title(product!)).toMatchObject({ value: 'one', kind: 'imported' })
    await bring('clear.csv', 'sku,title\nA,two\n')
    expect(await title(product!)).toMatchObject({ value: 'two', kind: 'imported' })
    expect(await list({ productId: product! })).toEqual([])
  })

  it('what a person wrote is not overwritten by a run: what differs waits, what says the same or nothing does not', async () => {
    const [a, b, c, d] = await bring('guard.csv', 'sku,title\nA,one\nB,two\nC,three\nD,four\n')
    const run = await newRun()
    for (const product of [a!, b!, c!]) await edit(product, 'Mine')
    const accepted = { state: 'accepted', decision: 'accepted by command' } as const
    const [differs, same, nothing, free] = [
      generated(a!, run, accepted),
      generated(b!, run, { ...accepted, value: 'Mine' }),
      generated(c!, run, { ...accepted, value: null }),
      generated(d!, run, accepted),
    ]
    await record([differs, same, nothing, free])
    for (const product of [a!, b!, c!]) expect(await title(product)).toMatchObject({ value: 'Mine', kind: 'person' })
    expect(await title(d!)).toMatchObject({ value: 'A generated title', kind: 'generated' })
    expect(await stateOf(differs.id)).toMatchObject({ state: 'proposed', decision: null, decidedAt: null })
    expect(await stateOf(same.id)).toMatchObject({ state: 'accepted', decision: 'nothing to decide' })
    expect(await stateOf(nothing.id)).toMatchObject({ state: 'accepted', decision: 'nothing to decide' })
    expect((await list({ runId: run })).map(({ id }) => id)).toEqual([differs.id])
  })

  it('a value in another language does not take the place of what a person wrote in one', async () => {
    const [product] = await bring('locales.csv', 'sku,title\nA,one\n')
    await edit(product!, 'Mine', { locale: 'en' })
    const value = generated(product!, await newRun(), { locale: 'de', state: 'accepted' })
    await record([value])
    expect(await stateOf(value.id)).toMatchObject({ state: 'proposed' })
  })

  it('the supplier’s news about what a person wrote waits as one proposal, and accepted it follows the import', async () => {
    const [product] = await bring('news.csv', 'sku,title\nA,one\n')
    await edit(product!, 'Mine')
    await bring('news.csv', 'sku,title\nA,two\n')
    await bring('news.csv', 'sku,title\nA,two\n\n')
    expect(await title(product!)).toMatchObject({ value: 'Mine' })
    const [first, ...more] = await list({ productId: product! })
    expect(more).toEqual([])
    expect(first).toMatchObject({ proposed: 'two', provenance: { kind: 'imported' }, current: { value: 'Mine', kind: 'person' } })
    await bring('news.csv', 'sku,title\nA,three\n')
    const [second] = await list({ productId: product! })
    expect(second).toMatchObject({ proposed: 'three' })
    expect(await stateOf(first!.id)).toMatchObject({ state: 'superseded' })
    const { decisionId } = await say(BEN, [{ id: second!.id, decision: 'accept', over: second!.current.changeId }])
    expect(await title(product!)).toMatchObject({ value: 'three', kind: 'imported' })
    await bring('news.csv', 'sku,title\nA,four\n')
    expect(await title(product!)).toMatchObject({ value: 'four', kind: 'imported' })
    await all(undo, { decisionId })
    expect(await title(product!)).toMatchObject({ value: 'Mine', kind: 'person' })
  })

  it('decides one by one: accepts, rejects, accepts with another text, and says what was decided before or changed since', async () => {
    const [a, b, c, d, e] = await bring('decide.csv', 'sku,title\nA,a\nB,b\nC,c\nD,d\nE,e\n')
    const run = await newRun()
    const values = [a!, b!, c!, d!, e!].map((product) => generated(product, run))
    await record(values)
    const [va, vb, vc, vd, ve] = values.map(({ id }) => id) as [string, string, string, string, string]
    await say(ANNA, [{ id: vd, decision: 'reject' }])
    await edit(e!, 'Mine')
    const { decisionId, results } = await say(BEN, [
      { id: va, decision: 'accept', over: null },
      { id: vb, decision: 'reject' },
      { id: vc, decision: 'edit', over: null, value: 'A better title' },
      { id: vd, decision: 'accept', over: null },
      { id: ve, decision: 'accept', over: null },
    ])
    expect(Object.fromEntries(results.map(({ id, result }) => [id, result]))).toEqual({
      [va]: 'accepted',
      [vb]: 'rejected',
      [vc]: 'edited',
      [vd]: 'already_decided',
      [ve]: 'changed',
    })
    expect(results.find(({ id }) => id === vd)).toMatchObject({ state: 'rejected', decidedBy: ANNA })
    expect(await title(a!)).toMatchObject({ value: 'A generated title', kind: 'generated', changeId: va })
    expect(await title(b!)).toMatchObject({ value: 'b', kind: 'imported' })
    expect(await title(c!)).toMatchObject({ value: 'A better title', kind: 'person' })
    expect(await title(d!)).toMatchObject({ value: 'd' })
    expect(await title(e!)).toMatchObject({ value: 'Mine', kind: 'person' })
    expect((await history(c!)).items[0]).toMatchObject({ provenance: { kind: 'person', actor: BEN, basedOn: vc }, workHash: 'hash' })

    expect(await all(undo, { decisionId })).toMatchObject({ undone: 4, kept: 0 })
    for (const product of [a!, b!, c!]) expect(await title(product)).toMatchObject({ kind: 'imported' })
    expect((await list({ runId: run })).map(({ id }) => id).sort()).toEqual([va, vb, vc, ve].sort())
    expect(await all(redo, { decisionId })).toMatchObject({ undone: 4, kept: 0 })
    expect(await title(c!)).toMatchObject({ value: 'A better title', kind: 'person' })
    expect((await list({ runId: run })).map(({ id }) => id)).toEqual([ve])
  })

  it('a request with an unknown proposal does nothing', async () => {
    const [product] = await bring('unknown.csv', 'sku,title\nA,a\n')
    const value = generated(product!, await newRun())
    await record([value])
    const decisions = [value.id, newId()].map((id) => ({ id, decision: 'reject' as const }))
    await expect(say(ANNA, decisions)).rejects.toMatchObject({ code: 'change.missing' })
    expect(await stateOf(value.id)).toMatchObject({ state: 'proposed' })
  })

  it('accepts all that match, but nothing over what a person wrote unless told to, and undoes it in one step', async () => {
    const ids = await bring('all.csv', `sku,title\n${Array.from({ length: 1_203 }, (_, n) => `S${n},old ${n}`).join('\n')}\n`)
    const run = await newRun()
    await edit(ids[7]!, 'Mine')
    await record(
      ids.map((id, n) => generated(id, run, { value: `new ${n}`, flags: n === 3 ? [{ reason: 'number_not_in_source', text: '3' }] : [] })),
    )
    const sums = () => test.database.inWorkspace(workspaceId, (tx) => sumProposals(tx, { runId: run }))
    expect(await sums()).toMatchObject({ total: 1_203, products: 1_203, flagged: 1, overPerson: 1 })
    const { asOf } = await sums()
    const late = generated(ids[0]!, run, { attribute: 'description' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    await record([late])
    const filter = { runId: run, flagged: false }
    let answer = await decideAll(
      test.database,
      { workspaceId, actor: BEN },
      { decision: 'accept', filter, asOf, overPersons: false, continues: null, cursor: null },
    )
    let left = answer.left
    const inBensName = { decision: 'accept', filter, asOf, overPersons: true, continues: answer.decisionId, cursor: answer.cursor } as const
    await expect(decideAll(test.database, { workspaceId, actor: ANNA }, inBensName)).rejects.toMatchObject({ code: 'change.missing' })
    while (answer.cursor !== null) {
      answer = await decideAll(
        test.database,
        { workspaceId, actor: BEN },
        { decision: 'accept', filter, asOf, overPersons: false, continues: answer.decisionId, cursor: answer.cursor },
      )
      left += answer.left
    }
    expect({ decided: answer.decided, left }).toEqual({ decided: 1_201, left: 1 })
    expect(await title(ids[1_202]!)).toMatchObject({ value: 'new 1202' })
    expect(await title(ids[7]!)).toMatchObject({ value: 'Mine' })
    expect(await title(ids[3]!)).toMatchObject({ value: 'old 3' })
    expect(await stateOf(late.id)).toMatchObject({ state: 'proposed' })

    await edit(ids[1]!, 'Later', { locale: 'en', over: (await title(ids[1]!)).changeId })
    const undone = await all(undo, { decisionId: answer.decisionId! })
    expect(undone).toMatchObject({ undone: 1_200, kept: 1, keptValues: [{ product: { id: ids[1], identifier: 'S1' }, because: 'person' }] })
    expect(await title(ids[1_202]!)).toMatchObject({ value: 'old 1202', kind: 'imported' })
    expect(await title(ids[1]!)).toMatchObject({ value: 'Later' })
    expect(await sums()).toMatchObject({ total: 1_203, overPerson: 1 })
  })

  it('a run is undone as one step: what a person or a later run changed stays, and the undo can be undone', async () => {
    const [a, b, c] = await bring('run.csv', 'sku,title\nA,a\nB,b\nC,c\n')
    const [first, second] = [await newRun(), await newRun()]
    const accepted = { state: 'accepted', decision: 'accepted by command' } as const
    await record([a!, b!, c!].map((product) => generated(product, first, { ...accepted, value: 'first' })))
    await record([generated(b!, second, { ...accepted, value: 'second' })])
    await edit(c!, 'Mine', { locale: 'en', over: (await title(c!)).changeId })
    expect(await all(undo, { runId: first })).toMatchObject({ undone: 1, kept: 2 })
    expect(await title(a!)).toMatchObject({ value: 'a', kind: 'imported' })
    expect(await title(b!)).toMatchObject({ value: 'second' })
    expect(await title(c!)).toMatchObject({ value: 'Mine' })
    expect(await all(undo, { runId: first })).toMatchObject({ undone: 0, kept: 2 }) // again is harmless
    expect(await all(undo, { runId: second })).toMatchObject({ undone: 1, kept: 0 })
    expect(await title(b!)).toMatchObject({ value: 'first' })
    expect(await all(redo, { runId: second })).toMatchObject({ undone: 1, kept: 0 })
    expect(await all(redo, { runId: first })).toMatchObject({ undone: 1, kept: 0 })
    expect(await title(a!)).toMatchObject({ value: 'first' })
    expect(await title(b!)).toMatchObject({ value: 'second' })
  })

  it('the undo of an undo leaves what a person wrote since', async () => {
    const [product] = await bring('redo.csv', 'sku,title\nA,a\n')
    const run = await newRun()
    const value = generated(product!, run, { state: 'accepted' })
    await record([value])
    await all(undo, { runId: run })
    await edit(product!, 'Mine')
    expect(await all(redo, { runId: run })).toMatchObject({ undone: 0, kept: 1 })
    expect(await title(product!)).toMatchObject({ value: 'Mine', kind: 'person' })
    expect(await stateOf(value.id)).toMatchObject({ state: 'undone' })
  })

  it('a run that wrote one value twice is undone down to what stood before it', async () => {
    const [product] = await bring('twice.csv', 'sku,title\nA,a\n')
    const run = await newRun()
    for (const value of ['one', 'two']) await record([generated(product!, run, { state: 'accepted', value })])
    expect(await all(undo, { runId: run })).toMatchObject({ undone: 2, kept: 0 })
    expect(await title(product!)).toMatchObject({ value: 'a', kind: 'imported' })
    expect(await all(redo, { runId: run })).toMatchObject({ undone: 2, kept: 0 })
    expect(await title(product!)).toMatchObject({ value: 'two' })
  })

  it('pages through the proposals of a filter, each once', async () => {
    const ids = await bring(
      'pages.csv',
      `sku,title,family\n${Array.from({ length: 9 }, (_, n) => `P${n},old lamp ${n},${n % 2 ? 'odd' : 'even'}`).join('\n')}\n`,
    )
    const run = await newRun()
    await record(ids.flatMap((id) => ['title', 'description'].map((attribute) => generated(id, run, { attribute }))))
    const filters: { filter: ProposalFilter; count: number }[] = [
      { filter: { runId: run }, count: 18 },
      { filter: { runId: run, family: 'odd' }, count: 8 },
      { filter: { runId: run, attribute: 'title', search: 'lamp 3' }, count: 1 },
      { filter: { runId: run, productId: ids[2]! }, count: 2 },
      { filter: { runId: run, model: 'small', locale: 'en', kind: 'generated', flagged: false, overPerson: false }, count: 18 },
      { filter: { runId: run, model: 'other' }, count: 0 },
      { filter: { runId: run, locale: '' }, count: 0 },
      { filter: { runId: run, flag: 'number_not_in_source' }, count: 0 },
    ]
    for (const { filter, count } of filters) {
      proposalFilter.parse(filter)
      const seen: string[] = []
      let cursor: string | null = null
      do {
        const page = await test.database.inWorkspace(workspaceId, (tx) => listProposals(tx, { filter, cursor, limit: 4 }))
        seen.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor
      } while (cursor !== null)
      expect({ filter, seen: new Set(seen).size, listed: seen.length }).toEqual({ filter, seen: count, listed: count })
      expect((await test.database.inWorkspace(workspaceId, (tx) => sumProposals(tx, filter))).total).toBe(count)
    }
  })
})
