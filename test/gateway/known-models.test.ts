import { afterAll, beforeAll, expect, it } from 'vitest'
import { addConnection } from '../../src/contract/connections.ts'
import { type CallDetail, readCall } from '../../src/contract/consumption.ts'
import { listVirtualKeyModels, makeVirtualKey, readVirtualKeyTrial } from '../../src/contract/gateway.ts'
import { askGateway } from '../support/gateway.ts'
import { type Lack, type ProbedModel, startProbedModel } from '../support/probed-model.ts'
import { PROBED, type Prober, proberOf } from '../support/prober.ts'
import { startTestServer, type TestClient, type TestServer } from '../support/server.ts'
import { newSecret } from '../support/sweep.ts'
import { until } from '../support/until.ts'

// What the gateway knows of a model: what its own test found of it over its connection, and which ones are not spoken here.

let server: TestServer
let owner: TestClient
let model: ProbedModel
let prober: Prober
const lacks = new Set<Lack>()

beforeAll(async () => {
  model = await startProbedModel(lacks)
  server = await startTestServer({ on: 'pglite', environment: { LATCHKEY_PRIVATE_HOSTS: new URL(model.url).host } })
  owner = await server.owner()
  prober = proberOf(owner, model)
})
afterAll(async () => {
  await server?.close()
  await model?.stop()
})

const keyFor = async (connectionId: string) => {
  const { token, key } = await owner.call(makeVirtualKey, { body: { name: 'robot', connectionIds: [connectionId] } })
  return { token, id: key.id }
}

async function entryOf(response: Response): Promise<CallDetail> {
  let found: CallDetail | undefined
  await until(async () => {
    const call = await owner.call(readCall, { params: { callId: response.headers.get('x-latchkey-call-id')! } })
    if (call.state === 'ended') found = call
    return found !== undefined
  })
  return found!
}

it('a server of which nobody knows how a stream tells its usage is asked for it as its model’s test found', async () => {
  const id = await prober.add({ slug: 'streams' })
  const { token } = await keyFor(id)
  const stream = async () => {
    const body = { model: `streams/${PROBED}`, messages: [{ role: 'user', content: 'hi' }], stream: true }
    const response = await askGateway(server.url, { token, body })
    return { said: await response.text(), entry: await entryOf(response), sent: model.bodies().at(-1)! }
  }
  expect((await stream()).sent).not.toHaveProperty('stream_options')
  await prober.probe(id)
  await until(async () => (await stream()).sent['stream_options'] !== undefined) // a directory is a second old at most
  const { said, entry, sent } = await stream()
  expect(sent['stream_options']).toEqual({ include_usage: true })
  expect(said).not.toContain('"usage":{') // it was the gateway's own wish
  expect(entry).toMatchObject({ outcome: 'succeeded', usageSource: 'reported', usage: { input_tokens: 20 } })
})

it('a model that takes one name of the output limit is told that one, in a translation and in a trial', async () => {
  const id = await prober.add({ slug: 'limits' })
  const { token, id: virtualKeyId } = await keyFor(id)
  lacks.add('max_tokens refused')
  await prober.probe(id)
  const trial = () => owner.call(readVirtualKeyTrial, { params: { virtualKeyId }, query: { model: `limits/${PROBED}` } })
  await until(async () => (await trial()).body.includes('max_completion_tokens'))
  const body = { model: `limits/${PROBED}`, max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] }
  await until(async () => (await askGateway(server.url, { token, body, path: '/v1/messages' })).status === 200)
  lacks.clear()
  expect(model.bodies().at(-1)).toMatchObject({ max_completion_tokens: 50 })
  expect(model.bodies().at(-1)).not.toHaveProperty('max_tokens')
})

it('models that a provider serves by an interface not spoken here are not listed, and another connection that serves them is not in doubt', async () => {
  const key = newSecret()
  const vertex = await owner.call(addConnection, { body: { provider: 'vertex', slug: 'google', key } })
  const claude = await owner.call(addConnection, { body: { provider: 'anthropic', slug: 'claude', key } })
  const { key: both } = await owner.call(makeVirtualKey, {
    body: { name: 'both', connectionIds: [vertex.id, claude.id] },
  })
  let names: string[] = []
  await until(async () => {
    const { items } = await owner.call(listVirtualKeyModels, { params: { virtualKeyId: both.id } })
    names = items.map(({ name }) => name)
    return names.includes('google/gemini-2.5-flash')
  })
  expect(names.filter((name) => name.startsWith('google/claude-'))).toEqual([])
  expect(names).toContain('claude/claude-haiku-4-5')
  const trial = await owner.call(readVirtualKeyTrial, { params: { virtualKeyId: both.id }, query: { model: 'claude-haiku-4-5' } })
  expect(trial.path).toBe('/v1/messages')
})
