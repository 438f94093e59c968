import { fc } from '@fast-check/vitest'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { type MadeEntry, madeEntry, writeEntries } from '../../test/support/entries.ts'
import { callDetail, listCalls as listRoute } from '../contract/consumption.ts'
import { connections } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { type CallsAsked, listCalls, readCall } from './calls.ts'

const now = new Date('2026-11-20T12:00:00Z')

describeOnEachDatabase('calls', (open) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await open()
  })
  const list = (workspaceId: string, more: Partial<CallsAsked> = {}) =>
    listCalls(test.database, { workspaceId, now, asked: {}, filters: {}, cursor: undefined, limit: 50, ...more })

  it('pages through all calls once, the newest first, also those of the same moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), async (minutes, limit) => {
        const workspaceId = await test.workspaceId()
        const made = minutes.map((minute) => madeEntry(workspaceId, { intendedAt: new Date(Date.UTC(2026, 10, 10, 12, minute)) }))
        await writeEntries(test.database, made)
        const seen: string[] = []
        for (let cursor: string | undefined; ;) {
          const page = await list(workspaceId, { cursor, limit })
          seen.push(...page.items.map(({ id }) => id))
          expect(page.items.length).toBeLessThanOrEqual(limit)
          if (page.nextCursor === null) break
          cursor = page.nextCursor
        }
        const expected = made.toSorted((a, b) => Number(b.intendedAt) - Number(a.intendedAt) || (a.id < b.id ? 1 : -1))
        expect(seen).toEqual(expected.map(({ id }) => id))
      }),
      { numRuns: 20 },
    )
  })

  it('narrows the list, and shows calls that were not sent only to who asks for them', async () => {
    const workspaceId = await test.workspaceId()
    const made = (more: Partial<MadeEntry>) => madeEntry(workspaceId, more)
    const entries = [
      made({ costNano: null, costSource: null }),
      made({ outcome: 'not_sent', costNano: 0n, costSource: 'not_billed' }),
      made({ outcome: 'failed', errorCode: 'provider.failed', origin: 'run:1', servedModel: 'm-2' }),
      made({ intendedAt: new Date('2026-10-31T23:59:59Z') }),
    ] as const
    await writeEntries(test.database, entries)
    const ids = async (more: Partial<CallsAsked>) => (await list(workspaceId, more)).items.map(({ id }) => id).sort()
    expect(await ids({})).toEqual([entries[0].id, entries[2].id].sort())
    expect(await ids({ filters: { cost: 'unknown' } })).toEqual([entries[0].id])
    expect(await ids({ filters: { cost: 'known' } })).toEqual([entries[2].id])
    expect(await ids({ filters: { outcome: 'not_sent' } })).toEqual([entries[1].id])
    expect(await ids({ filters: { origin: 'run:1' } })).toEqual([entries[2].id])
    expect(await ids({ filters: { originKind: 'run', model: 'm-2' } })).toEqual([entries[2].id])
    expect(await ids({ asked: { from: '2026-10-31', to: '2026-10-31' } })).toEqual([entries[3].id])
  })

  it('gives everything on record about a call, with its cost step by step', async () => {
    const workspaceId = await test.workspaceId()
    const connectionId = newId()
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({
        id: connectionId,
        workspaceId,
        provider: 'openai',
        label: 'Our OpenAI',
        slug: 'openai',
        destination: { baseUrl: 'https://api.openai.com/v1' },
      }),
    )
    const entry = madeEntry(workspaceId, {
      connectionId,
      attempt: 2,
      usage: { input_tokens: 1_000, output_tokens: 100 },
      inputParts: { system: 700, product: 290 },
      priceRows: ['openai/gpt-4o-mini input_tokens=0.15 USD', 'openai/gpt-4o-mini output_tokens=0.6 USD'],
      costNano: 210_000n,
      chargedNano: 210_000n,
      servedModel: 'gpt-4o-mini-2024-07-18',
      providerRequestId: 'req_1',
      status: 200,
      sentAt: new Date('2026-11-10T12:00:00.100Z'),
    })
    await writeEntries(test.database, [entry])
    const call = await readCall(test.database, { workspaceId, callId: entry.id })
    expect(callDetail.parse(call)).toMatchObject({
      id: entry.id,
      connection: { id: connectionId, name: 'Our OpenAI', provider: 'openai' },
      attempt: 2,
      requestedModel: 'gpt-4o-mini',
      servedModel: 'gpt-4o-mini-2024-07-18',
      cost: { currency: 'USD', amount: '0.00021' },
      tokens: 1_100,
      inputParts: { system: 700, product: 290 },
      steps: [
        { unit: 'input_tokens', count: 1_000, price: '0.15', amount: '0.00015' },
        { unit: 'output_tokens', count: 100, price: '0.6', amount: '0.00006' },
      ],
      stepsMatch: true,
      times: { intended: '2026-11-10T12:00:00.000Z', sent: '2026-11-10T12:00:00.100Z', firstByte: null, ended: '2026-11-10T12:00:00.800Z' },
      durationMs: 800,
    })
  })

  it('shows nothing of another workspace: its calls are missing, and its cursors are of no list', async () => {
    const [mine, theirs] = [await test.workspaceId(), await test.workspaceId()]
    const entry = madeEntry(theirs)
    await writeEntries(test.database, [entry])
    expect(await list(mine)).toEqual({ items: [], nextCursor: null })
    await expect(readCall(test.database, { workspaceId: mine, callId: entry.id })).rejects.toMatchObject({ code: 'call.missing' })
    await expect(list(mine, { cursor: entry.id })).rejects.toMatchObject({ code: 'request.invalid' })
    expect(listRoute.answer.parse(await list(theirs)).items).toHaveLength(1)
  })

  it('has unknown cost and tokens as null, and none for what the provider turned away', async () => {
    const workspaceId = await test.workspaceId()
    const interrupted = madeEntry(workspaceId, { outcome: 'interrupted', usage: null, usageSource: null, costNano: null, costSource: null })
    const refused = madeEntry(workspaceId, { outcome: 'failed', usage: null, usageSource: null, costNano: 0n, costSource: 'not_billed' })
    await writeEntries(test.database, [interrupted, refused])
    const byId = new Map((await list(workspaceId)).items.map((call) => [call.id, call]))
    expect(byId.get(interrupted.id)).toMatchObject({ cost: null, tokens: null })
    expect(byId.get(refused.id)).toMatchObject({ cost: { currency: 'USD', amount: '0' }, tokens: 0 })
  })
})
