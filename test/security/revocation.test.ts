import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as connections from '../../src/contract/connections.ts'
import * as people from '../../src/contract/people.ts'
import * as runs from '../../src/contract/runs.ts'
import { describeOnEachEngine } from '../support/engines.ts'
import { bringFile } from '../support/bring-file.ts'
import { assign, planned, stopped } from '../support/enrichment.ts'
import { type MockProvider, startMockProvider } from '../support/mock-provider.ts'
import { startTestServer, type TestClient, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { RECIPE } from './world.ts'

const MODEL = 'gpt-4.1-mini'
const PRODUCTS = 400
const PATIENCE_MS = 15_000
/** Who watches is asked about twice a second. */
const ASKED_TWICE_MS = 1_200

describeOnEachEngine('what is revoked or taken away', (on) => {
  let server: TestServer
  let mock: MockProvider
  let owner: TestClient
  beforeAll(async () => {
    mock = await startMockProvider({ latencyMs: 100 })
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host } })
    owner = await server.owner()
    const rows = Array.from({ length: PRODUCTS }, (_, index) => `A-${index + 1},Lamp ${index + 1},`)
    await bringFile(owner, 'lamps.csv', `sku,name,title\n${rows.join('\n')}\n`)
  })
  afterAll(async () => {
    await server?.close()
    await mock?.stop()
  })

  /** A run over the whole catalogue that is under way: some of its calls have come to the provider. */
  async function runningRun(): Promise<{ runId: string; connectionId: string }> {
    const connection = await owner.call(connections.addConnection, {
      body: { provider: 'openai', key: `sk-test-${crypto.randomUUID()}`, destination: { baseUrl: `${mock.url}/v1` } },
    })
    await assign(owner, [{ connectionId: connection.id, model: MODEL }])
    const run = await owner.call(runs.addRun, { body: { selection: { filter: {} }, recipe: RECIPE, concurrency: 4 } })
    const params = { runId: run.id }
    await planned(owner, run.id)
    const before = mock.callIds().length
    await owner.call(runs.startRun, { params })
    await until(() => mock.callIds().length >= before + 8)
    return { runId: run.id, connectionId: connection.id }
  }

  it('KEY-12: after a connection is revoked no call starts, and its run pauses with the reason and the rest waiting', async () => {
    const { runId, connectionId } = await runningRun()
    const { runs: stopping } = await owner.call(connections.readConnectionStops, { params: { connectionId } })
    expect(stopping.map(({ id }) => id)).toEqual([runId])
    await owner.call(connections.revokeConnection, { params: { connectionId } })
    const revokedAt = Date.now()
    await stopped(owner, runId)
    const run = await owner.call(runs.readRun, { params: { runId } })
    expect(run).toMatchObject({ state: 'paused', pause: { code: 'connection.revoked' } })
    expect(run.counts.waiting).toBeGreaterThan(PRODUCTS / 2)
    const { database } = server.server.services
    const { ledgerEntries, callIntents } = await import('../../src/db/schema/index.ts')
    const after = await database.asSystem('a test looks at calls', async (tx) => {
      const entries = await tx.select().from(ledgerEntries)
      return { late: entries.filter(({ intendedAt }) => intendedAt.getTime() > revokedAt), open: await tx.select().from(callIntents) }
    })
    expect(after).toEqual({ late: [], open: [] })
  }, 60_000)

  it('KEY-13: who is taken out, signed out, or loses a token loses a stream that is open', async () => {
    const { runId } = await runningRun()
    await owner.call(runs.pauseRun, { params: { runId } })
    const removed = await server.member('editor')
    const signedOut = await server.member('viewer')
    const token = await (await server.member('viewer')).withToken()
    const stays = await server.member('viewer')

    const ends = (client: TestClient): { opened: Promise<void>; ended: Promise<string> } => {
      let opened: () => void = () => undefined
      const watch = async (): Promise<string> => {
        for await (const _ of client.events(runs.watchRun, { params: { runId } })) opened()
        return 'ended'
      }
      return { opened: new Promise((resolve) => (opened = resolve)), ended: watch() }
    }
    const streams = [removed, signedOut, token, stays].map(ends)
    await Promise.all(streams.map(({ opened }) => opened))

    const { members } = await owner.call(people.listMembers)
    await owner.call(people.removeMember, { params: { userId: members.find(({ email }) => email === removed.email)!.userId } })
    await signedOut.call(people.signOut)
    await owner.call(people.removeMember, { params: { userId: members.find(({ email }) => email === token.email)!.userId } })
    const [first, second, third, fourth] = streams.map(({ ended }) => ended)
    const late = sleep(PATIENCE_MS, 'still open', { ref: false })
    expect(await Promise.race([Promise.all([first, second, third]), late])).toEqual(['ended', 'ended', 'ended'])
    const longer = sleep(ASKED_TWICE_MS, 'still open') // it is asked about, and stays
    expect(await Promise.race([fourth, longer])).toBe('still open')
    await owner.call(runs.cancelRun, { params: { runId } })
  }, 60_000)
})
