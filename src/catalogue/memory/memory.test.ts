import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { ANNA, reviewedCatalogue } from '../../../test/support/reviewed-catalogue.ts'
import { corrections } from '../../db/schema/index.ts'
import { editValue } from '../edit.ts'
import { readAcceptance } from './acceptance.ts'
import { changeCorrection, listCorrections, MOST_CORRECTIONS } from './corrections.ts'
import { readMemories } from './memory.ts'
import { addRule, changeRule, listRules, suggestRules } from './rules.ts'

const rows = (count: number): string => Array.from({ length: count }, (_, index) => `P${index},Kettle ${index},Acme`).join('\n')

describeOnEachDatabase('what is remembered of a source', (open) => {
  let test: TestDatabase
  let world: Awaited<ReturnType<typeof reviewedCatalogue>>
  beforeAll(async () => {
    test = await open()
    world = await reviewedCatalogue(test)
  })
  afterAll(() => world.close())

  const correctionsOf = async (sourceId: string, search?: string) =>
    (await world.inWorkspace((tx) => listCorrections(tx, { filter: { sourceId, search }, before: null, limit: 100 }))).items
  const memoryOf = async (sourceId: string) => (await world.inWorkspace((tx) => readMemories(tx, [sourceId]))).get(sourceId)

  it('keeps what people made of what models wrote: edits, rejections with a reason, and later edits; nothing else', async () => {
    const { sourceId, ids } = await world.bring('kept.csv', `sku,title,brand\n${rows(5)}\n`)
    const [a, b, c, d] = ids as [string, string, string, string]
    const runId = await world.newRun()
    const [va, vb, vc, vd] = (await world.propose(
      runId,
      [a, b, c, d].map((productId) => ({ productId, value: 'Acme kettle of inox' })),
    )) as [string, string, string, string]
    await world.say([
      { id: va, decision: 'edit', over: null, value: 'Acme kettle of stainless steel' },
      { id: vb, decision: 'reject', reason: 'no such product' },
      { id: vc, decision: 'accept', over: null },
      { id: vd, decision: 'edit', over: null, value: 'Acme kettle of inox' }, // the same: accepted as it is
    ])
    await world.inWorkspace((tx) =>
      editValue(tx, {
        workspaceId: world.workspaceId,
        actor: ANNA,
        edit: { productId: c, attribute: 'title', locale: 'en', channel: null, over: vc },
        value: 'Acme kettle of steel',
      }),
    )
    await world.inWorkspace((tx) =>
      editValue(tx, {
        workspaceId: world.workspaceId,
        actor: ANNA,
        edit: { productId: a, attribute: 'brand', locale: null, channel: null, over: null },
        value: 'ACME',
      }),
    )
    expect(await correctionsOf(sourceId)).toMatchObject([
      { kind: 'edited', made: 'Acme kettle of steel', pairs: ['inox → steel'], identifier: 'P2', changeId: vc },
      { kind: 'rejected', made: null, reason: 'no such product', identifier: 'P1' },
      {
        kind: 'edited',
        made: 'Acme kettle of stainless steel',
        model: 'small',
        data: 'sku: P0\nbrand: Acme\ntitle: Kettle 0',
        actor: ANNA,
      },
    ])
    expect(await correctionsOf(sourceId, 'STAINLESS')).toHaveLength(1)
    expect(await memoryOf(sourceId)).toMatchObject({
      rules: [],
      examples: [{ made: 'Acme kettle of steel' }, { reason: 'no such product' }, {}],
    })
  })

  it('forgets what was undone, and remembers it when that is undone', async () => {
    const { sourceId, ids } = await world.bring('undone.csv', 'sku,title\nU1,Kettle\n')
    const [change] = await world.propose(await world.newRun(), [{ productId: ids[0]! }])
    const { decisionId } = await world.say([{ id: change!, decision: 'edit', over: null, value: 'Mine' }])
    expect(await correctionsOf(sourceId)).toHaveLength(1)
    await world.undoDecision(decisionId)
    expect(await correctionsOf(sourceId)).toEqual([])
    expect(await memoryOf(sourceId)).toBeUndefined()
    await world.redoDecision(decisionId)
    expect(await correctionsOf(sourceId)).toHaveLength(1)
  })

  it('suggests a rule when three products were corrected alike; a person accepts, changes or dismisses it', async () => {
    const { sourceId, ids } = await world.bring('alike.csv', `sku,title,brand\n${rows(6)}\n`)
    const runId = await world.newRun()
    const changes = await world.propose(
      runId,
      ids.map((productId, index) => ({ productId, value: `Ultimate kettle of inox ${index}` })),
    )
    const correct = (from: number, to: number, make: (index: number) => string) =>
      world.say(changes.slice(from, to).map((id, index) => ({ id, decision: 'edit', over: null, value: make(from + index) })))
    const suggested = () => world.inWorkspace((tx) => suggestRules(tx, sourceId))
    await correct(0, 2, (index) => `Kettle of steel ${index}`)
    expect(await suggested()).toEqual([])
    await correct(2, 4, (index) => `Ultimate kettle of steel ${index}`)
    expect(await suggested()).toEqual([{ attribute: 'title', locale: 'en', term: 'inox', use: 'steel', support: 4 }])
    await correct(4, 5, (index) => `kettle of steel ${index}`)
    expect(await suggested()).toHaveLength(1)

    const author = { workspaceId: world.workspaceId, actor: ANNA, sourceId }
    const rule = await world.inWorkspace((tx) =>
      addRule(tx, author, { attribute: null, locale: 'en', term: 'inox', use: 'stainless steel', state: 'on' }),
    )
    expect(await suggested()).toEqual([])
    const again = { attribute: null, locale: 'en', term: 'INOX', use: null, state: 'on' as const }
    await expect(world.inWorkspace((tx) => addRule(tx, author, again))).rejects.toMatchObject({ code: 'rule.exists' })
    expect((await memoryOf(sourceId))?.rules).toEqual([{ attribute: null, locale: 'en', term: 'inox', use: 'stainless steel' }])
    const change = (what: Parameters<typeof changeRule>[2]['change']) =>
      world.inWorkspace((tx) => changeRule(tx, author, { ruleId: rule.id, change: what }))
    await change({ state: 'off' })
    expect((await memoryOf(sourceId))?.rules).toEqual([])
    await change({ state: 'on', deleted: true })
    expect(await world.inWorkspace((tx) => listRules(tx, sourceId))).toEqual([])
    expect(await suggested()).toHaveLength(1) // it is nobody's rule any more
    await change({ deleted: false })
    expect((await memoryOf(sourceId))?.rules).toHaveLength(1)
    await change({ state: 'dismissed' })
    expect(await suggested()).toEqual([])
    expect(await world.inWorkspace((tx) => listRules(tx, sourceId))).toEqual([])
  })

  it('an example can be turned off, changed, deleted and brought back', async () => {
    const { sourceId, ids } = await world.bring('example.csv', 'sku,title\nE1,Kettle\n')
    const [id] = await world.propose(await world.newRun(), [{ productId: ids[0]!, value: 'Kettle of inox' }])
    await world.say([{ id: id!, decision: 'edit', over: null, value: 'Kettle of steel' }])
    const [correction] = await correctionsOf(sourceId)
    const change = (what: Parameters<typeof changeCorrection>[1]['change']) =>
      world.inWorkspace((tx) => changeCorrection(tx, { sourceId, correctionId: correction!.id, change: what }))
    expect(await change({ made: 'Kettle of brushed steel' })).toMatchObject({ pairs: ['inox → brushed steel'] })
    expect((await memoryOf(sourceId))?.examples).toMatchObject([{ made: 'Kettle of brushed steel' }])
    await change({ on: false })
    expect(await memoryOf(sourceId)).toBeUndefined()
    await change({ on: true, deleted: true })
    expect(await correctionsOf(sourceId)).toEqual([])
    await change({ deleted: false })
    expect(await correctionsOf(sourceId)).toHaveLength(1)
    const elsewhere = { sourceId: ids[0]!, correctionId: correction!.id, change: { on: false } }
    await expect(world.inWorkspace((tx) => changeCorrection(tx, elsewhere))).rejects.toMatchObject({ code: 'correction.missing' })
  })

  it('keeps the latest 500 of an attribute, and nothing of one source or workspace reaches another', async () => {
    const { sourceId, ids } = await world.bring('many.csv', 'sku,title\nM1,Kettle\n')
    const [first, ...more] = Array.from({ length: MOST_CORRECTIONS + 1 }, (_, index) => index)
    const runId = await world.newRun()
    const correctOnce = async (index: number): Promise<string> => {
      const [id] = await world.propose(runId, [{ productId: ids[0]!, value: `wrote ${index}` }])
      const { decisionId } = await world.say([{ id: id!, decision: 'reject', reason: `because ${index}` }])
      return decisionId
    }
    const decisionId = await correctOnce(first!)
    const [one] = await world.inWorkspace((tx) => tx.select().from(corrections))
    const filler = { ...one!, sourceId, productId: ids[0]!, decisionId, attribute: 'title', locale: 'en' }
    await world.inWorkspace((tx) =>
      tx.insert(corrections).values(more.map((index) => ({ ...filler, id: `ffffffff-0000-7000-8000-${String(index).padStart(12, '0')}` }))),
    )
    await correctOnce(-1)
    const kept = await world.inWorkspace(async (tx) => (await tx.select().from(corrections)).filter((row) => row.sourceId === sourceId))
    expect(kept).toHaveLength(MOST_CORRECTIONS)

    const other = await world.bring('other.csv', 'sku,title\nO1,Kettle\n')
    expect(await memoryOf(other.sourceId)).toBeUndefined()
    const stranger = await test.workspaceId()
    expect(await test.database.inWorkspace(stranger, (tx) => readMemories(tx, [sourceId]))).toEqual(new Map())
    expect(await test.database.inWorkspace(stranger, (tx) => suggestRules(tx, sourceId))).toEqual([])
  })

  it('counts what people decided by source, attribute and model', async () => {
    const { sourceId, ids } = await world.bring('rates.csv', `sku,title,brand\n${rows(6)}\n`)
    const of = (model: string) => ({ provenance: { kind: 'generated' as const, callId: ids[0]!, model, connection: 'main' } })
    const runId = await world.newRun()
    const changes = await world.propose(runId, [
      ...ids.slice(0, 4).map((productId) => ({ productId, ...of('small') })),
      { productId: ids[4]!, ...of('large') },
      { productId: ids[5]!, ...of('large'), state: 'accepted' as const, decision: 'accepted by command' },
    ])
    await world.say([
      { id: changes[0]!, decision: 'accept', over: null },
      { id: changes[1]!, decision: 'edit', over: null, value: 'Mine' },
      { id: changes[2]!, decision: 'reject' },
    ])
    const since = new Date(Date.now() - 60_000)
    expect(await world.inWorkspace((tx) => readAcceptance(tx, { sourceId, since }))).toEqual([
      { sourceId, attribute: 'title', model: 'large', asWritten: 0, edited: 0, rejected: 0, waiting: 1, unseen: 1 },
      { sourceId, attribute: 'title', model: 'small', asWritten: 1, edited: 1, rejected: 1, waiting: 1, unseen: 0 },
    ])
    expect(await world.inWorkspace((tx) => readAcceptance(tx, { sourceId, since: new Date(Date.now() + 60_000) }))).toEqual([])
  })
})
