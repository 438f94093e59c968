import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { discoverLocal } from '../src/apps/connection-checks/discover.ts'
import * as connections from '../src/contract/connections.ts'
import * as contract from '../src/contract/local-models.ts'
import { readMe } from '../src/contract/people.ts'
import { rowsOf } from '../src/db/rows.ts'
import { lmstudio } from '../src/providers/lmstudio.ts'
import { ollama } from '../src/providers/ollama.ts'
import type { Provider } from '../src/providers/provider.ts'
import { vllm } from '../src/providers/vllm.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { startMockLmStudio } from './support/mock-lmstudio.ts'
import { startMockOllama } from './support/mock-ollama.ts'
import { answerJson, type RawServer, startRawServer } from './support/raw-server.ts'
import { startTestServer, type TestServer } from './support/server.ts'

const NOBODY_LISTENS = 1_024
const noContainer = () => Promise.resolve([])

describeOnEachEngine('servers of models on one’s own machine', (on) => {
  const running: RawServer[] = []
  let server: TestServer
  let workspaceId: string
  const start = async (made: Promise<RawServer>): Promise<RawServer> => {
    const one = await made
    running.push(one)
    return one
  }
  let someOllama: RawServer
  let studio: RawServer
  let oldStudio: RawServer
  let someVllm: RawServer
  let website: RawServer
  let redirecting: RawServer
  let endless: RawServer

  beforeAll(async () => {
    someOllama = await start(startMockOllama({ library: { 'llama3.2:3b': { layers: [2_000_000_000] } }, installed: ['llama3.2:3b'] }))
    studio = await start(startMockLmStudio([{ key: 'google/gemma-3-4b', sizeBytes: 3_300_000_000, loaded: true }]))
    oldStudio = await start(startMockLmStudio([{ key: 'qwen2.5-7b-instruct', sizeBytes: 1 }], { old: true }))
    someVllm = await start(
      startRawServer((_, to) => answerJson(to, 200, { object: 'list', data: [{ id: 'Qwen/Qwen3-8B', owned_by: 'vllm' }] })),
    )
    website = await start(startRawServer((_, to) => answerJson(to, 200, { object: 'list', data: [{ id: 'a', owned_by: 'somebody' }] })))
    redirecting = await start(startRawServer((_, to) => answerJson(to, 307, {}, { location: `${website.url}/api/tags` })))
    endless = await start(
      startRawServer((_, to) => answerJson(to, 200, { models: Array.from({ length: 9_000 }, () => ({ model: 'm'.repeat(40) })) })),
    )
    const hosts = [...running.map(({ url }) => new URL(url).host), `127.0.0.1:${NOBODY_LISTENS}`]
    server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: hosts.join(',') } })
    workspaceId = (await (await server.owner()).call(readMe)).workspace!.id
  })
  afterAll(async () => {
    await server?.close()
    await Promise.all(running.map((one) => one.stop()))
  })

  /** The provider as if its usual port were this server's. */
  const at = (provider: Provider, where: RawServer | number): Provider => {
    const port = typeof where === 'number' ? where : Number(new URL(where.url).port)
    return { ...provider, local: { ...provider.local!, port } }
  }
  const look = async (
    kinds: readonly Provider[],
    { lookup = noContainer }: { lookup?: () => Promise<{ address: string; family: number }[]> } = {},
  ) => discoverLocal({ ...server.server.services, lookup }, { workspaceId, actor: 'user:a', signal: new AbortController().signal }, kinds)
  const entries = () =>
    server.server.services.database.inWorkspace(workspaceId, (tx) =>
      rowsOf<{ outcome: string; key_version: number; cost: string | null; provider: string }>(
        tx,
        sql`select outcome, entry.key_version, cost_nano::text as cost, connection.provider from ledger_entries entry
            join connections connection on connection.id = entry.connection_id where origin = 'discovery' order by intended_at, entry.id`,
      ),
    )

  it('finds Ollama and LM Studio on their ports, with the models that are there and their sizes', async () => {
    const { items, allow } = await look([at(ollama, someOllama), at(lmstudio, studio), at(lmstudio, oldStudio), at(vllm, someVllm)])
    expect(allow).toBeNull()
    expect(items.map(({ provider, state, baseUrl }) => [provider, state, baseUrl])).toEqual([
      ['ollama', 'found', someOllama.url],
      ['lmstudio', 'found', `${studio.url}/v1`],
      ['lmstudio', 'found', `${oldStudio.url}/v1`],
      ['vllm', 'found', `${someVllm.url}/v1`],
    ])
    expect(items[0]!.models).toMatchObject([{ id: 'llama3.2:3b', files: { sizeBytes: 2_000_000_000, quantization: 'Q4_K_M' } }])
    expect(items[1]!.models).toMatchObject([
      { id: 'google/gemma-3-4b', files: { sizeBytes: 3_300_000_000, parameters: '4B', loaded: true } },
    ])
    expect(items[2]!.models).toEqual([{ id: 'qwen2.5-7b-instruct', files: null }]) // before 0.4 it does not say
  })

  it('what listens there and is something else is not taken for one; where nobody listens nothing is found', async () => {
    const { items } = await look([
      at(vllm, website),
      at(ollama, website),
      at(ollama, redirecting),
      at(ollama, endless),
      at(ollama, NOBODY_LISTENS),
    ])
    expect(items.map(({ state }) => state)).toEqual(['other', 'other', 'other', 'other', 'nothing'])
    expect(items.every(({ models }) => models.length === 0)).toBe(true)
  })

  it('KEY-7: a look follows no redirect and carries no key', async () => {
    const before = website.requests.length
    await look([at(ollama, redirecting)])
    expect(website.requests.length).toBe(before)
    for (const { headers } of running.flatMap(({ requests }) => requests)) {
      expect(Object.keys(headers).toSorted()).toEqual(
        ['accept-encoding', 'connection', 'host', 'user-agent'].filter((name) => name in headers),
      )
    }
  })

  it('each look is a call on record: with a draft as its connection, without a key, free; one that reached nobody was not sent', async () => {
    const before = (await entries()).length
    await look([at(ollama, someOllama), at(ollama, NOBODY_LISTENS)])
    const made = (await entries()).slice(before)
    expect(made.map(({ outcome }) => outcome).toSorted()).toEqual(['not_sent', 'succeeded'])
    expect(made.every(({ key_version, cost, provider }) => key_version === 0 && cost === '0' && provider === 'ollama')).toBe(true)
    const { items } = await (await server.owner()).call(connections.listConnections)
    expect(items).toEqual([])
  })

  it('NET-1: what the operator does not allow is not looked at, and the answer says what to set', async () => {
    const asked = someOllama.requests.length
    const { privateHosts } = server.server.services
    const services = { ...server.server.services, privateHosts: new Set<string>(), lookup: noContainer }
    const who = { workspaceId, actor: 'user:a', signal: new AbortController().signal }
    const { items, allow } = await discoverLocal(services, who, [at(ollama, someOllama), at(lmstudio, studio)])
    expect(items.map(({ state }) => state)).toEqual(['not_allowed', 'not_allowed'])
    expect(allow).toBe(`localhost:${new URL(someOllama.url).port},localhost:${new URL(studio.url).port}`)
    expect(someOllama.requests).toHaveLength(asked)
    expect(privateHosts.size).toBeGreaterThan(0)
  })

  it('beside a container its machine is looked at too, when the operator allows that name', async () => {
    const { items, allow } = await look([at(ollama, someOllama)], {
      lookup: () => Promise.resolve([{ address: '192.168.65.254', family: 4 }]),
    })
    const host = `host.docker.internal:${new URL(someOllama.url).port}`
    expect(items.map(({ state }) => state)).toEqual(['found', 'not_allowed'])
    expect(allow).toBe(host)
  })

  it('over the route: the usual ports, for who may add connections alone, and what is connected already', async () => {
    const owner = await server.owner()
    const { items, allow } = await owner.call(contract.discoverLocal)
    expect(
      items
        .filter(({ host }) => host.startsWith('localhost'))
        .map(({ provider, host, state }) => `${provider} ${host} ${state}`)
        .toSorted(),
    ).toEqual(['lmstudio localhost:1234 not_allowed', 'ollama localhost:11434 not_allowed', 'vllm localhost:8000 not_allowed'])
    expect(allow).toContain('localhost:11434')
    expect(await (await server.member('viewer')).refused(contract.discoverLocal)).toMatchObject({ status: 403 })
    const { id } = await owner.call(connections.addConnection, {
      body: { provider: 'lmstudio', destination: { baseUrl: `${studio.url}/v1` } },
    })
    expect((await look([at(lmstudio, studio)])).items).toMatchObject([{ state: 'found', connectionId: id }])
    const { items: models } = await owner.call(connections.listConnectionModels, { params: { connectionId: id } })
    expect(models).toMatchObject([{ id: 'google/gemma-3-4b', contextTokens: 131_072, files: { sizeBytes: 3_300_000_000, loaded: true } }])
  })
})
