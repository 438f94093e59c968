import { afterAll, beforeAll, expect, it } from 'vitest'
import { readAssignment, replaceAssignment } from '../src/contract/assignments.ts'
import { addConnection, revokeConnection } from '../src/contract/connections.ts'
import { listNotices } from '../src/contract/notices.ts'
import { type Clock, systemClock } from '../src/runtime/clock.ts'
import { tellShutdowns } from '../src/server/watch-shutdowns.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

// GPT-4o is shut down on 2027-01-14, GPT-5.1 on 2027-04-01 (OpenAI's deprecations, in the price book).
const on = (day: string): Clock => ({ ...systemClock, now: () => new Date(`${day}T12:00:00Z`) })

describeOnEachEngine('models that are shut down', (engine) => {
  let server: TestServer
  let owner: TestClient
  let admin: TestClient
  let editor: TestClient
  beforeAll(async () => {
    server = await startTestServer({ on: engine })
    owner = await server.owner()
    admin = await server.member('admin')
    editor = await server.member('viewer')
  })
  afterAll(() => server?.close())

  const connect = async (label: string): Promise<string> =>
    (await owner.call(addConnection, { body: { provider: 'openai', label, key: 'sk-test-0000000000000000000000000000' } })).id
  const serve = async (candidates: { connectionId: string; model: string }[]) => {
    const params = { context: 'enrichment' }
    const { version } = await owner.call(readAssignment, { params })
    return owner.call(replaceAssignment, { params, body: { version, candidates } })
  }
  const tell = (day: string) => tellShutdowns({ database: server.server.services.database, clock: on(day) })
  const told = async (who: TestClient) => (await who.call(listNotices)).items.filter(({ kind }) => kind === 'model.shutdown')

  it('the assignment names the day and the successor, of the candidate it is about, within 90 days', async () => {
    const connectionId = await connect('OpenAI')
    const view = await serve([
      { connectionId, model: 'gpt-6-luna' },
      { connectionId, model: 'gpt-4o-2024-11-20' },
    ])
    const due = Date.parse('2027-01-14') - Date.now() <= 90 * 86_400_000
    expect(view.warnings.filter(({ code }) => code === 'model_shutdown')).toEqual(
      due ? [{ code: 'model_shutdown', position: 1, shutdown: { date: '2027-01-14', successor: 'gpt-6-luna' } }] : [],
    )
  })

  it('owners and admins are told once, from 90 days before, and nobody else', async () => {
    expect(await tell('2026-10-15')).toBe(0) // 91 days
    expect(await tell('2026-10-17')).toBe(2)
    expect(await tell('2026-10-18')).toBe(0)
    expect(await Promise.all([tell('2026-10-19'), tell('2026-10-19')])).toEqual([0, 0])
    for (const who of [owner, admin]) {
      expect(await told(who)).toMatchObject([
        { subject: 'model:2027-01-14:openai/gpt-4o-2024-11-20', text: 'gpt-4o-2024-11-20', readAt: null },
      ])
    }
    expect(await told(editor)).toEqual([])
  })

  it('another model is another subject, and a model of a revoked provider is not in use', async () => {
    const stopped = await connect('Stopped')
    await serve([{ connectionId: stopped, model: 'gpt-5.1' }])
    await owner.call(revokeConnection, { params: { connectionId: stopped } })
    expect(await tell('2027-03-01')).toBe(0)
    await serve([{ connectionId: await connect('Other'), model: 'gpt-5.1' }])
    expect(await tell('2026-12-31')).toBe(0)
    expect(await tell('2027-03-01')).toBe(2)
    expect(await told(owner)).toHaveLength(2)
  })

  it('two servers that look at one moment tell each person once', async () => {
    await serve([{ connectionId: await connect('Third'), model: 'gpt-4o-mini' }])
    const written = await Promise.all(Array.from({ length: 4 }, () => tell('2027-01-10')))
    expect(written.reduce((a, b) => a + b, 0)).toBe(2)
  })
})
