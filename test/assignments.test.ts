import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as contract from '../src/contract/assignments.ts'
import { addConnection, changeConnection, deleteConnection, revokeConnection } from '../src/contract/connections.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { newId } from '../src/runtime/ids.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

describeOnEachEngine('assignments', (on) => {
  let server: TestServer
  let owner: TestClient
  let workspaceId: string
  beforeAll(async () => {
    server = await startTestServer({ on })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
  })
  afterAll(() => server?.close())

  const practice = async (change: object = {}): Promise<string> =>
    (await owner.call(addConnection, { body: { provider: 'practice', ...change } })).id
  const read = (context: string) => owner.call(contract.readAssignment, { params: { context } })
  type Candidates = Parameters<typeof put>[1]
  async function put(context: string, candidates: contract.AssignmentView['candidates'] | object[], version?: number) {
    const body = { version: version ?? (await read(context)).version, candidates: candidates as never }
    return owner.call(contract.replaceAssignment, { params: { context }, body })
  }
  const refused = async (context: string, candidates: Candidates, version?: number) => {
    const body = { version: version ?? (await read(context)).version, candidates: candidates as never }
    return owner.refused(contract.replaceAssignment, { params: { context }, body })
  }

  it('every workspace has nine contexts, and those that nothing uses yet say so', async () => {
    const { items } = await owner.call(contract.listAssignments)
    expect(items.map(({ context }) => context)).toEqual([...contract.CONTEXTS])
    expect(items.filter(({ usedBy }) => usedBy.length > 0).map(({ context }) => context)).toEqual(['enrichment'])
    expect(items.every(({ candidates, version }) => candidates.length === 0 && version === 0)).toBe(true)
  })

  it('keeps the order, the rules and what is allowed, and records who changed what', async () => {
    const id = await practice({ label: 'One' })
    const view = await put('enrichment', [
      {
        connectionId: id,
        model: 'practice-1',
        rules: { families: ['lamps'], inputCharacters: { atMost: 500 } },
        fallbackOn: ['overloaded'],
      },
      { connectionId: id, model: 'practice-1' },
      { connectionId: id, model: 'practice-1', rules: { flaggedByFirst: true } },
    ])
    expect(view).toEqual(await read('enrichment'))
    expect(view.version).toBe(1)
    expect(view.candidates.map(({ position, rules, fallbackOn }) => ({ position, rules, fallbackOn }))).toEqual([
      { position: 0, rules: { families: ['lamps'], inputCharacters: { atMost: 500 } }, fallbackOn: ['overloaded'] },
      { position: 1, rules: {}, fallbackOn: [] },
      { position: 2, rules: { flaggedByFirst: true }, fallbackOn: [] },
    ])
    expect(view.warnings).toEqual([])
    const [entry] = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ actor: string; detail: { before: unknown[]; after: unknown[] } }>(
        tx,
        sql`select actor, detail from audit_entries where action = 'assignment.changed' and subject = 'context:enrichment'`,
      ),
    )
    expect(entry!.actor).toMatch(/^user:/)
    expect([entry!.detail.before.length, entry!.detail.after.length]).toEqual([0, 3])
  })

  it('of two who change the same version one is told, and nothing of theirs is saved', async () => {
    const id = await practice()
    const { version } = await read('vision')
    const change = (model: string) =>
      put('vision', [{ connectionId: id, model }], version).then(
        () => 'saved',
        (error: unknown) => (error as Error).message.split(':')[0],
      )
    const ends = await Promise.all([change('practice-1'), change('practice-2')])
    expect(ends.toSorted()).toEqual(['409 assignment.changed', 'saved'])
    expect((await read('vision')).candidates).toHaveLength(1)
    expect(await refused('vision', [], version)).toMatchObject({ code: 'assignment.changed', status: 409 })
    expect(await refused('vision', [], 99)).toMatchObject({ code: 'assignment.changed' })
  })

  it.each([
    ['a revoked connection', 'connection.revoked'],
    ['a deleted connection', 'connection.missing'],
    ['one limited to other contexts', 'assignment.invalid'],
    ['the same twice', 'assignment.invalid'],
    ['flagged ones first', 'assignment.invalid'],
  ])('%s is refused', async (what, code) => {
    const id = await practice(what.includes('limited') ? { contexts: ['chat'] } : {})
    const candidate = { connectionId: id, model: 'practice-1' }
    if (what.includes('revoked')) await owner.call(revokeConnection, { params: { connectionId: id } })
    if (what.includes('deleted')) await owner.call(deleteConnection, { params: { connectionId: id }, query: { confirm: 'stops' } })
    const candidates = what.includes('twice')
      ? [candidate, candidate]
      : what.includes('flagged')
        ? [{ ...candidate, rules: { flaggedByFirst: true } }]
        : [candidate]
    expect(await refused('images', candidates)).toMatchObject({ code })
    expect(await read('images')).toMatchObject({ candidates: [], version: 0 })
  })

  it('warns of what a run would find out: prices, models, records that nobody serves, candidates that are never asked', async () => {
    const id = await practice()
    const own = (
      await owner.call(addConnection, { body: { provider: 'openai-compatible', destination: { baseUrl: 'https://1.1.1.1/v1' } } })
    ).id
    const openai = (await owner.call(addConnection, { body: { provider: 'openai', key: 'sk-0123456789abcdefghijklmn' } })).id
    const codes = async (candidates: object[]) =>
      (await put('compliance', candidates)).warnings.map(({ code, position }) => `${code} ${position}`)
    expect(await codes([{ connectionId: id, model: 'practice-1', rules: { families: ['lamps'] } }])).toEqual(['some_records_unserved null'])
    expect(await codes([{ connectionId: own, model: 'anything' }])).toEqual(['price_unknown 0'])
    expect(await codes([{ connectionId: openai, model: 'gpt-6-luna' }])).toEqual([])
    expect(await codes([{ connectionId: openai, model: 'gpt-imagined' }])).toEqual(['model_unknown 0'])
    const second = { connectionId: openai, model: 'gpt-6-luna' }
    expect(await codes([{ connectionId: id, model: 'practice-1' }, second])).toEqual(['never_first 1'])
    expect(await codes([{ connectionId: id, model: 'practice-1', fallbackOn: ['failed'] }, second])).toEqual([])
    expect(
      await codes([
        { connectionId: id, model: 'practice-1' },
        { ...second, rules: { flaggedByFirst: true } },
      ]),
    ).toEqual([])
    await owner.call(changeConnection, { params: { connectionId: id }, body: { contexts: ['chat'] } })
    expect((await read('compliance')).warnings).toContainEqual({ code: 'context_not_allowed', position: 0 })
    await owner.call(deleteConnection, { params: { connectionId: id }, query: { confirm: 'stops' } })
    const after = await read('compliance')
    expect(after.warnings).toContainEqual({ code: 'connection_deleted', position: 0 })
    expect(after.candidates[0]).toMatchObject({ connection: { status: 'deleted' } }) // it keeps its place: nothing moves in silence
  })

  it('a workspace adds contexts of its own, and removes only those', async () => {
    const added = await owner.call(contract.addContext, { body: { context: 'newsletter' } })
    expect(added).toMatchObject({ context: 'newsletter', own: true, usedBy: [], version: 0 })
    expect(await owner.refused(contract.addContext, { body: { context: 'newsletter' } })).toMatchObject({ code: 'context.exists' })
    expect(await owner.refused(contract.addContext, { body: { context: 'chat' } })).toMatchObject({ code: 'context.exists' })
    await put('newsletter', [{ connectionId: await practice({ contexts: ['newsletter'] }), model: 'practice-1' }])
    const params = { context: 'newsletter' }
    await owner.call(contract.removeContext, { params })
    expect(await owner.refused(contract.readAssignment, { params })).toMatchObject({ code: 'context.missing', status: 404 })
    expect(await owner.refused(contract.removeContext, { params: { context: 'chat' } })).toMatchObject({ code: 'context.missing' })
    // one of the same name begins anew
    await owner.call(contract.addContext, { body: { context: 'newsletter' } })
    expect(await read('newsletter')).toMatchObject({ candidates: [], version: 0 })
    const stranger = await server.stranger()
    expect(await stranger.refused(contract.readAssignment, { params })).toMatchObject({ code: 'context.missing' })
  })

  it('says for a product which candidate would serve it, and why', async () => {
    const id = await practice()
    const productId = await product({ name: 'Lamp', family: 'lamps', description: '' })
    await put('copilot', [
      { connectionId: id, model: 'a', rules: { families: ['chairs'] } },
      {
        connectionId: id,
        model: 'b',
        rules: { missing: ['description', 'colour'], inputCharacters: { atMost: 400 } },
        fallbackOn: ['failed'],
      },
      { connectionId: id, model: 'c' },
      { connectionId: id, model: 'd' },
      { connectionId: id, model: 'e', rules: { flaggedByFirst: true } },
    ])
    const told = await owner.call(contract.previewAssignment, { params: { context: 'copilot' }, query: { productId } })
    expect(told.facts).toEqual({ family: 'lamps', missing: ['description', 'colour'], inputCharacters: 'name: Lamp\nfamily: lamps'.length })
    expect(told.candidates.map(({ verdict }) => verdict)).toEqual(['does_not_fit', 'chosen', 'takes_over', 'spare', 'second_look'])
    expect(told.candidates[0]!.checks).toEqual([{ rule: 'families', fits: false, family: 'lamps', wanted: ['chairs'] }])
    expect(told.candidates[1]!.checks).toEqual([
      { rule: 'missing', fits: true, missing: ['description', 'colour'], wanted: ['description', 'colour'] },
      { rule: 'inputCharacters', fits: true, characters: 24, atLeast: null, atMost: 400 },
    ])
    const nobody = await owner.refused(contract.previewAssignment, { params: { context: 'chat' }, query: { productId } })
    expect(nobody).toMatchObject({ code: 'assignment.missing' })
    const unknown = await owner.refused(contract.previewAssignment, { params: { context: 'copilot' }, query: { productId: newId() } })
    expect(unknown).toMatchObject({ code: 'product.missing', status: 404 })
  })

  let ordinals = 0
  async function product(imported: Record<string, string>): Promise<string> {
    const [sourceId, productId] = [newId(), newId()]
    const filled = Object.fromEntries(Object.entries(imported).filter(([, value]) => value !== ''))
    await server.server.services.database.inWorkspace(workspaceId, async (tx) => {
      await tx.execute(sql`insert into sources (id, workspace_id, location, format, content_hash, imported_hash, last_import, attributes, columns)
        values (${sourceId}, ${workspaceId}, ${sourceId}, '{}', '', '', ${sourceId}, ${JSON.stringify(Object.keys(imported))}::jsonb,
          '{"name":"name","family":"family","picture":null}')`)
      await tx.execute(sql`insert into products (id, workspace_id, source_id, identifier, "row", imported, last_seen_import)
        values (${productId}, ${workspaceId}, ${sourceId}, 'p1', 1, ${JSON.stringify(filled)}::jsonb, ${sourceId})`)
      await tx.execute(sql`insert into product_index (product_id, workspace_id, ordinal, source_id, "row", identifier, name, name_key, family, quality, updated_at)
        values (${productId}, ${workspaceId}, ${(ordinals += 1)}, ${sourceId}, 1, 'p1', ${imported['name']}, '', ${imported['family']}, 100, now())`)
    })
    return productId
  }
})
