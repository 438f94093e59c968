import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { ANNA, reviewedCatalogue } from '../../test/support/reviewed-catalogue.ts'
import type { ProposalFilter } from '../contract/review.ts'
import { auditEntries, valueChanges } from '../db/schema/index.ts'
import { tellChangeKinds } from './change-kinds.ts'
import { decideAll } from './decide.ts'
import { editValue } from './edit.ts'
import { groupProposals } from './groups.ts'
import { refreshCatalogueIndex } from './index.ts'
import { proposalPage } from './proposals.ts'
import { drawSample, judgeSample, readSample, sampleResult } from './review-samples.ts'

const rows = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, index) => `P${from + index},Kettle ${from + index} Acme,Acme,`).join('\n')

describeOnEachDatabase('groups of proposals and their samples', (open) => {
  let test: TestDatabase
  let world: Awaited<ReturnType<typeof reviewedCatalogue>>
  beforeAll(async () => {
    test = await open()
    world = await reviewedCatalogue(test)
  })
  afterAll(() => world.close())

  const groupsOf = async (filter: ProposalFilter) => {
    await refreshCatalogueIndex(test.database, world.workspaceId)
    await tellChangeKinds(test.database, world.workspaceId)
    return world.inWorkspace((tx) => groupProposals(tx, filter))
  }
  const decideGroup = async (request: { filter: ProposalFilter; asOf: Date; sampleId?: string; decision?: 'accept' | 'reject' }) => {
    let [continues, cursor]: [string | null, string | null] = [null, null]
    for (;;) {
      const answer: Awaited<ReturnType<typeof decideAll>> = await decideAll(
        test.database,
        { workspaceId: world.workspaceId, actor: ANNA },
        { decision: 'accept', overPersons: false, ...request, continues, cursor },
      )
      if (answer.cursor === null) return answer
      ;[continues, cursor] = [answer.decisionId, answer.cursor]
    }
  }
  const waiting = async (filter: ProposalFilter) =>
    (await world.inWorkspace((tx) => proposalPage(tx, { filter, cursor: null, limit: 10_000 }))).ids

  it('tells proposals apart by what they change, and flagged ones and those over a person’s value for themselves', async () => {
    const { sourceId, ids } = await world.bring('kinds.csv', `sku,title,brand,colour\n${rows(6)}\n`)
    const [a, b, c, d, e, f] = ids as [string, string, string, string, string, string]
    const runId = await world.newRun({
      recipe: { fields: [{ name: 'colour', type: 'select', values: ['Red', 'Blue'] }] },
    })
    await world.inWorkspace((tx) =>
      editValue(tx, {
        workspaceId: world.workspaceId,
        actor: ANNA,
        edit: { productId: d, attribute: 'title', locale: 'en', channel: null, over: null },
        value: 'Mine',
      }),
    )
    await world.propose(runId, [
      { productId: a, value: 'Acme Kettle 1' },
      { productId: b, value: 'Acme Kettle 2' },
      { productId: c, value: 'Kettle 3 Acme, 2000 W', flags: [{ reason: 'number_not_in_source', text: '2000 W' }] },
      { productId: d, value: 'Kettle 4 by Acme' },
      { productId: e, value: 'Kettle 5 Bolt' },
      { productId: e, attribute: 'colour', value: 'Red' },
      { productId: f, value: 'Kettle 6, Acme' },
    ])
    const { groups, told } = await groupsOf({ sourceId })
    expect(told).toEqual({ known: 7, of: 7 })
    expect(groups.map(({ attribute, kind, count }) => [attribute, kind, count])).toEqual([
      ['title', 'moved_to_front', 2],
      expect.anything(),
      expect.anything(),
      expect.anything(),
      expect.anything(),
      expect.anything(),
    ])
    const found = Object.fromEntries(groups.map(({ attribute, kind, words }) => [`${attribute} ${kind}`, words]))
    expect(found).toEqual({
      'title moved_to_front': [{ words: 'brand', count: 2 }],
      'title flagged': [{ words: 'number_not_in_source', count: 1 }],
      'title over_person': [],
      'title word_replaced': [{ words: 'acme → bolt', count: 1 }],
      'title case_or_punctuation': [],
      'colour new': [],
    })
    expect(await waiting({ sourceId, change: 'moved_to_front', words: 'brand', attribute: 'title' })).toHaveLength(2)
  })

  it('tells a proposal anew when the product says something else by now', async () => {
    const { sourceId, ids } = await world.bring('anew.csv', 'sku,title\nN1,\n')
    const runId = await world.newRun()
    await world.propose(runId, [{ productId: ids[0]!, value: 'Steel kettle' }])
    expect((await groupsOf({ sourceId })).groups).toMatchObject([{ kind: 'new' }])
    await world.bring('anew.csv', 'sku,title\nN1,Kettle of steel\n')
    expect((await groupsOf({ sourceId })).groups).toMatchObject([{ kind: 'rewritten' }])
  })

  it('accepts a group on the strength of its sample: what is wrong in it goes on waiting, its result is kept, and undo undoes it all', async () => {
    const { sourceId, ids } = await world.bring('sample.csv', `sku,title,brand,colour\n${rows(620, 1_000)}\n`)
    const runId = await world.newRun()
    await world.propose(
      runId,
      ids.map((productId, index) => ({ productId, value: `Acme Kettle ${1_000 + index}` })),
    )
    const filter: ProposalFilter = { sourceId, attribute: 'title', change: 'moved_to_front' }
    const { groups, asOf } = await groupsOf({ sourceId })
    expect(groups).toMatchObject([{ kind: 'moved_to_front', count: 620 }])
    const { workspaceId } = world
    const sample = await world.inWorkspace((tx) => drawSample(tx, { workspaceId, actor: ANNA, filter, asOf, size: 60 }))
    const members = sample.members.map(({ changeId }) => changeId)
    expect(new Set(members).size).toBe(60)
    expect(sample.groupSize).toBe(620)
    expect((await world.inWorkspace((tx) => readSample(tx, sample.id))).members).toEqual(sample.members) // as it was drawn
    expect(await waiting({ sampleId: sample.id })).toHaveLength(60)

    const judged = await world.inWorkspace((tx) =>
      judgeSample(tx, {
        sampleId: sample.id,
        verdicts: members.slice(1).map((changeId, index) => ({ changeId, verdict: index === 0 ? 'wrong' : 'right' })),
      }),
    )
    expect(sampleResult(judged)).toBeNull() // one is left
    await expect(decideGroup({ filter, asOf, sampleId: sample.id })).rejects.toMatchObject({ code: 'request.invalid' })
    await world.inWorkspace((tx) => judgeSample(tx, { sampleId: sample.id, verdicts: [{ changeId: members[0]!, verdict: 'right' }] }))
    const other = { filter: { ...filter, locale: 'en' }, asOf, sampleId: sample.id }
    await expect(decideGroup(other)).rejects.toMatchObject({ code: 'request.invalid' }) // drawn from something else

    const done = await decideGroup({ filter, asOf, sampleId: sample.id })
    expect(done).toMatchObject({ decided: 619 })
    expect(await waiting({ sourceId })).toEqual([members[1]])
    const kept = await world.inWorkspace((tx) => readSample(tx, sample.id))
    expect(kept.decisionId).toBe(done.decisionId)
    expect(sampleResult(kept)).toMatchObject({ wrong: 1, judged: 60 })
    const [entry] = await world.inWorkspace((tx) =>
      tx
        .select()
        .from(auditEntries)
        .where(eq(auditEntries.subject, `decision:${done.decisionId}`)),
    )
    expect(entry!.detail).toMatchObject({
      decision: 'accept',
      sample: { id: sample.id, wrong: 1, judged: 60, atMost: sampleResult(kept)!.atMost },
    })

    await world.undoDecision(done.decisionId!)
    expect(await waiting({ sourceId })).toHaveLength(620)
    const states = await world.inWorkspace((tx) =>
      tx.select({ state: valueChanges.state }).from(valueChanges).where(eq(valueChanges.runId, runId)),
    )
    expect(new Set(states.map(({ state }) => state))).toEqual(new Set(['proposed']))
  })

  it('draws other samples by chance, and none of a group that is gone', async () => {
    const { sourceId, ids } = await world.bring('chance.csv', `sku,title,brand,colour\n${rows(40, 3_000)}\n`)
    await world.propose(
      await world.newRun(),
      ids.map((productId) => ({ productId })),
    )
    const { asOf } = await groupsOf({ sourceId })
    const draw = async (filter: ProposalFilter) => {
      const { workspaceId } = world
      return (await world.inWorkspace((tx) => drawSample(tx, { workspaceId, actor: ANNA, filter, asOf, size: 20 }))).members.map(
        (m) => m.changeId,
      )
    }
    const drawn = await Promise.all(Array.from({ length: 8 }, () => draw({ sourceId })))
    expect(new Set(drawn.map((ofOne) => ofOne.toSorted().join())).size).toBeGreaterThan(1) // 1 in 10^77 that they are all one
    await expect(draw({ sourceId, change: 'same' })).rejects.toMatchObject({ code: 'selection.empty' })
    await expect(draw({ sampleId: sourceId })).rejects.toMatchObject({ code: 'selection.empty' })
  })
})
