import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as connections from '../src/contract/connections.ts'
import * as contract from '../src/contract/local-models.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startMockLmStudio } from './support/mock-lmstudio.ts'
import { type MockOllama, startMockOllama } from './support/mock-ollama.ts'
import type { RawServer } from './support/raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'
import { until } from './support/until.ts'

const MB = 1_000_000
/** A twentieth of a model, so that there is time to see it come. */
const WATCHED_MS = 100
const LIBRARY = {
  'llama3.2:3b': { layers: [2_000 * MB, 8 * MB], parameters: '3.2B' },
  'qwen3:4b': { layers: [2_500 * MB, 7 * MB], family: 'qwen3', parameters: '4.0B' },
  'llama3.2:1b': { layers: [1_300 * MB], parameters: '1.2B' },
  'gpt-oss:120b-cloud': { layers: [] },
}

describeOnEachEngine('models fetched by a server of one’s own', (on) => {
  let server: TestServer
  let ollama: MockOllama
  let slow: MockOllama
  let studio: RawServer
  let oldStudio: RawServer
  let owner: TestClient
  let workspaceId: string

  beforeAll(async () => {
    ollama = await startMockOllama({ library: LIBRARY, installed: ['qwen3:4b', 'gpt-oss:120b-cloud'] })
    slow = await startMockOllama({ library: LIBRARY, pieceMs: WATCHED_MS })
    studio = await startMockLmStudio([{ key: 'google/gemma-3-4b', sizeBytes: 3_300 }])
    oldStudio = await startMockLmStudio([], { old: true })
    const hosts = [ollama, slow, studio, oldStudio].map(({ url }) => new URL(url).host).join(',')
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: hosts } })
    owner = await server.owner()
    workspaceId = (await owner.call(readMe)).workspace!.id
  })
  afterAll(async () => {
    await server?.close()
    await ollama?.stop()
    await slow?.stop()
    await studio?.stop()
    await oldStudio?.stop()
  })

  const add = async (of: MockOllama): Promise<string> =>
    (await owner.call(connections.addConnection, { body: { provider: 'ollama', destination: { baseUrl: of.url } } })).id
  const start = (connectionId: string, model: string) => owner.call(contract.startPull, { params: { connectionId }, body: { model } })
  const listed = async (connectionId: string) => (await owner.call(contract.listPulls, { params: { connectionId } })).items
  const shown = async (connectionId: string, holds: (pull: contract.PullView) => boolean): Promise<contract.PullView> => {
    let found: contract.PullView | undefined
    await until(async () => (found = (await listed(connectionId)).find(holds)) !== undefined)
    return found!
  }
  const ended = (connectionId: string, model: string) => shown(connectionId, (pull) => pull.model === model && pull.endedAt !== null)
  const entriesOf = (connectionId: string) =>
    server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ outcome: string; error_code: string | null; model: string; cost: string; usage: string | null }>(
        tx,
        sql`select outcome, error_code, requested_model as model, cost_nano::text as cost, usage::text as usage
            from ledger_entries where origin = ${`pull:${connectionId}`} order by intended_at, id`,
      ),
    )
  const auditOf = async (connectionId: string): Promise<string[]> => {
    const rows = await server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ action: string }>(
        tx,
        sql`select action from audit_entries where subject = ${`connection:${connectionId}`} and action like 'model.%' order by at, id`,
      ),
    )
    return rows.map(({ action }) => action)
  }

  it('its models are listed with their size, and one that runs in a cloud says so', async () => {
    const connectionId = await add(ollama)
    const { items } = await owner.call(connections.listConnectionModels, { params: { connectionId } })
    const files = Object.fromEntries(items.map((model) => [model.id, model.files]))
    expect(files['qwen3:4b']).toEqual({
      sizeBytes: 2_507 * MB, family: 'qwen3', parameters: '4.0B', quantization: 'Q4_K_M', loaded: null, runsAt: null,
    }) // prettier-ignore
    expect(files['gpt-oss:120b-cloud']).toMatchObject({ sizeBytes: null, runsAt: 'ollama.com' })
  })

  it('a pull tells how far it is until the model is listed; it is one free call, and audited', async () => {
    const connectionId = await add(ollama)
    const began = await start(connectionId, 'llama3.2:3b')
    expect(began).toMatchObject({ model: 'llama3.2:3b', state: 'running', endedAt: null })
    expect(await ended(connectionId, 'llama3.2:3b')).toMatchObject({
      state: 'done', doing: 'done', totalBytes: 2_008 * MB, completedBytes: 2_008 * MB, problem: null,
    }) // prettier-ignore
    expect(ollama.requests.find(({ path }) => path === '/api/pull')).toMatchObject({
      method: 'POST',
      body: '{"model":"llama3.2:3b","stream":true}',
    })
    const { items } = await owner.call(connections.listConnectionModels, { params: { connectionId } })
    expect(items.find(({ id }) => id === 'llama3.2:3b')?.files?.sizeBytes).toBe(2_008 * MB)
    expect(await entriesOf(connectionId)).toEqual([
      { outcome: 'succeeded', error_code: null, model: 'llama3.2:3b', cost: '0', usage: '{"requests": 1}' },
    ])
    await until(async () => (await auditOf(connectionId)).length === 2)
    expect(await auditOf(connectionId)).toEqual(['model.pull_started', 'model.pulled'])
  })

  it('a pull that breaks off goes on by itself where it stopped', async () => {
    const connectionId = await add(slow)
    slow.pace.pieceMs = 5 // nobody watches it
    slow.faults.push({ breaksAt: 900 * MB }, { endsAt: 1_500 * MB })
    await start(connectionId, 'llama3.2:3b')
    expect(await ended(connectionId, 'llama3.2:3b')).toMatchObject({ state: 'done', completedBytes: 2_008 * MB })
    const entries = await entriesOf(connectionId)
    expect(entries.map(({ outcome, error_code }) => [outcome, error_code])).toEqual([
      ['failed', 'provider.cut_off'],
      ['failed', 'provider.cut_off'],
      ['succeeded', null],
    ])
  })

  it.each([
    ['no-such-model:1b', undefined, 'provider.model_missing'],
    ['qwen3:4b', 'write /root/.ollama/models/blobs/sha256-0000: no space left on device', 'pull.no_space'],
    ['qwen3:4b', 'pull model manifest: 412: The model you are attempting to pull requires a newer version of Ollama.', 'pull.outdated'],
    ['qwen3:4b', 'something that nobody has seen before', 'provider.failed'],
  ])('%s with the error %j ends as %s, in words that say what to do', async (model, error, code) => {
    const connectionId = await add(ollama)
    if (error !== undefined) ollama.faults.push({ error })
    await start(connectionId, model)
    const pull = await ended(connectionId, model)
    expect(pull).toMatchObject({ state: 'failed', problem: { code } })
    expect(pull.problem!.detail).not.toContain('sha256-0000')
    expect(await entriesOf(connectionId)).toMatchObject([{ outcome: 'failed', error_code: code, cost: '0' }])
    await until(async () => (await auditOf(connectionId)).includes('model.pull_ended'))
  })

  // It waits as long as people's servers are given: nothing in it is the database's.
  if (on === 'pglite')
    it('a server that cannot reach the library is asked again, five times, and then no more', { timeout: 30_000 }, async () => {
      const connectionId = await add(ollama)
      const error = 'pull model manifest: Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai: no such host'
      ollama.faults.push(...Array.from({ length: 5 }, () => ({ error })))
      await start(connectionId, 'qwen3:4b')
      await until(async () => (await listed(connectionId))[0]?.state === 'waiting')
      expect(await ended(connectionId, 'qwen3:4b')).toMatchObject({ state: 'failed', problem: { code: 'pull.offline' } })
      expect(await entriesOf(connectionId)).toHaveLength(5)
    })

  it('a slow pull is watched, refused a second time, and cancelled; the server keeps what it has', async () => {
    const connectionId = await add(slow)
    const before = slow.left.count
    slow.pace.pieceMs = WATCHED_MS
    await start(connectionId, 'qwen3:4b')
    const seen: contract.PullView[] = []
    const watching = (async () => {
      for await (const { items } of owner.events(contract.watchPulls, { params: { connectionId } })) seen.push(...items)
    })()
    await until(() => slow.fetched('qwen3:4b') > 1_700 * MB)
    await until(
      async () => (await listed(connectionId))[0]?.bytesPerSecond !== null && seen.some(({ secondsLeft }) => secondsLeft !== null),
    )
    expect(await owner.refused(contract.startPull, { params: { connectionId }, body: { model: 'qwen3:4b' } })).toMatchObject({
      status: 409,
      code: 'pull.running',
    })
    const cancelled = await owner.call(contract.cancelPull, { params: { connectionId }, body: { model: 'qwen3:4b' } })
    expect(cancelled).toMatchObject({ state: 'cancelled', problem: null })
    await watching // ends by itself
    expect(seen[0]).toMatchObject({ state: 'running' })
    expect(seen.at(-1)).toMatchObject({ state: 'cancelled' })
    // 125 MB every tenth of a second, as far as a busy machine keeps to it
    expect(seen.find(({ bytesPerSecond }) => bytesPerSecond !== null)!.bytesPerSecond).toBeGreaterThan(100 * MB)
    await until(() => slow.left.count > before)
    expect(slow.fetched('qwen3:4b')).toBeGreaterThan(500 * MB)
    expect(slow.installed.has('qwen3:4b')).toBe(false)
    expect(await entriesOf(connectionId)).toMatchObject([{ outcome: 'cancelled' }])
    expect(await owner.refused(contract.cancelPull, { params: { connectionId }, body: { model: 'qwen3:4b' } })).toMatchObject({
      code: 'pull.missing',
    })
    // and again: from where it was
    const kept = slow.fetched('qwen3:4b')
    slow.pace.pieceMs = 20
    await start(connectionId, 'qwen3:4b')
    const first = await shown(connectionId, ({ completedBytes }) => completedBytes !== null)
    expect(first.completedBytes).toBeGreaterThanOrEqual(kept)
    expect(await ended(connectionId, 'qwen3:4b')).toMatchObject({ state: 'done' })
  })

  it('a pull is cut when its connection is revoked', async () => {
    const connectionId = await add(slow)
    const model = 'llama3.2:1b'
    const before = slow.left.count
    slow.pace.pieceMs = WATCHED_MS
    await start(connectionId, model)
    await until(async () => ((await listed(connectionId))[0]?.completedBytes ?? 0) > 0)
    await owner.call(connections.revokeConnection, { params: { connectionId } })
    await until(() => slow.left.count > before)
    expect(slow.installed.has(model)).toBe(false)
    await until(async () => (await entriesOf(connectionId)).length === 1)
    expect(await entriesOf(connectionId)).toMatchObject([{ outcome: 'failed', error_code: 'connection.revoked' }])
    await until(async () => (await auditOf(connectionId)).includes('model.pull_ended'))
  })

  it('a pull that Latchkey’s own stop cuts is told as interrupted after the start, and goes on when it is asked for again', async () => {
    const connectionId = await add(slow)
    slow.installed.delete('llama3.2:3b')
    const model = 'llama3.2:1b'
    await start(connectionId, model)
    await until(async () => ((await listed(connectionId))[0]?.completedBytes ?? 0) > 0)
    await server.restart()
    slow.pace.pieceMs = 5
    expect(await listed(connectionId)).toMatchObject([{ model, state: 'interrupted', elsewhere: false }])
    expect(await entriesOf(connectionId)).toMatchObject([{ outcome: 'interrupted', error_code: 'call.interrupted' }])
    await start(connectionId, model)
    expect(await ended(connectionId, model)).toMatchObject({ state: 'done', completedBytes: 1_300 * MB })
  })

  it.each(['../../etc', 'evil.internal:8080/a/b', 'https://evil.example/a', 'a b', '127.0.0.1/x/y', 'x'.repeat(201)])(
    'NET-1: the name %j, which would lead the server elsewhere, is refused',
    async (model) => {
      const connectionId = await add(ollama)
      const asked = ollama.requests.length
      const { status } = await owner.refused(contract.startPull, { params: { connectionId }, body: { model } })
      expect(status).toBe(422)
      expect(ollama.requests).toHaveLength(asked)
    },
  )

  // LM Studio is asked how far it is each second and a half, on either database.
  if (on === 'pglite')
    it('LM Studio fetches what its catalogue names, tells how far it is, and cannot be stopped from here; an old one says so', async () => {
      const { call, refused } = owner
      const addStudio = async (at: RawServer) =>
        (await call(connections.addConnection, { body: { provider: 'lmstudio', destination: { baseUrl: `${at.url}/v1` } } })).id
      const connectionId = await addStudio(studio)
      const model = 'ibm/granite-4-micro'
      await start(connectionId, model)
      await shown(connectionId, ({ doing, totalBytes }) => doing === 'fetching' && totalBytes === 2_400)
      expect(await refused(contract.cancelPull, { params: { connectionId }, body: { model } })).toMatchObject({ code: 'pull.refused' })
      expect(await ended(connectionId, model)).toMatchObject({ state: 'done', completedBytes: 2_400 })
      expect(await entriesOf(connectionId)).toEqual([
        { outcome: 'succeeded', error_code: null, model, cost: '0', usage: '{"requests": 4}' },
      ])
      await start(connectionId, 'google/gemma-3-4b')
      expect(await ended(connectionId, 'google/gemma-3-4b')).toMatchObject({ state: 'done' }) // it had it
      const old = await addStudio(oldStudio)
      await start(old, model)
      expect(await ended(old, model)).toMatchObject({ state: 'failed', problem: { code: 'pull.outdated' } })
    })

  it('who may only read sees pulls and begins none; a provider that fetches nothing says so', async () => {
    const connectionId = await add(ollama)
    const viewer = await server.member('viewer')
    expect((await viewer.call(contract.listPulls, { params: { connectionId } })).items).toEqual([])
    const args = { params: { connectionId }, body: { model: 'qwen3:4b' } }
    expect(await viewer.refused(contract.startPull, args)).toMatchObject({ status: 403 })
    const { id } = await owner.call(connections.addConnection, { body: { provider: 'practice' } })
    expect(await owner.refused(contract.startPull, { ...args, params: { connectionId: id } })).toMatchObject({ code: 'pull.refused' })
  })
})
