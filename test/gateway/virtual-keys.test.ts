import type { ServerResponse } from 'node:http'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replaceAssignment } from '../../src/contract/assignments.ts'
import { addConnection, type ConnectionView } from '../../src/contract/connections.ts'
import { listCalls, readCall, readConsumption } from '../../src/contract/consumption.ts'
import {
  listLatestCalls,
  listVirtualKeyModels,
  listVirtualKeys,
  makeVirtualKey,
  readGateway,
  readVirtualKeyStops,
  readVirtualKeyTrial,
  revokeVirtualKey,
} from '../../src/contract/gateway.ts'
import { readMe, removeMember } from '../../src/contract/people.ts'
import { virtualKeys } from '../../src/db/schema/index.ts'
import { type GatewayTest, json, startGatewayTest } from '../support/gateway.ts'
import { until } from '../support/until.ts'

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'some-model-2026',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
}
const HELLO = { model: 'up/some-model', messages: [{ role: 'user', content: 'hi' }] }

describe('virtual keys, as their page shows them', () => {
  let gateway: GatewayTest
  let practice: ConnectionView
  beforeAll(async () => {
    gateway = await startGatewayTest({ answer: json(COMPLETION) })
    practice = await gateway.owner.call(addConnection, { body: { provider: 'practice', slug: 'practice' } })
    await gateway.owner.call(addConnection, { body: { provider: 'openai', slug: 'openai', key: 'sk-not-used' } })
    const candidates = [{ connectionId: practice.id, model: 'practice-1' }]
    await gateway.owner.call(replaceAssignment, { params: { context: 'chat' }, body: { version: 0, candidates } })
  })
  afterAll(() => gateway.close())

  const post = (token: string, body: unknown, path = '/v1/chat/completions'): Promise<Response> =>
    fetch(`${gateway.server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  const view = async (id: string) => (await gateway.owner.call(listVirtualKeys)).items.find((key) => key.id === id)!

  it('are told where the gateway is: with /v1 for OpenAI’s clients, without for Anthropic’s', async () => {
    const { url } = gateway.server
    expect(await gateway.owner.call(readGateway)).toEqual({ openAiBaseUrl: `${url}/v1`, anthropicBaseUrl: url })
  })

  it('keep when they were last used, to the minute and not with every call', async () => {
    const { token, id } = await gateway.virtualKey()
    expect((await view(id)).lastUsedAt).toBeNull()
    await post(token, HELLO)
    await until(async () => (await view(id)).lastUsedAt !== null)
    const { lastUsedAt } = await view(id)
    await post(token, HELLO)
    await post(token, HELLO)
    expect((await view(id)).lastUsedAt).toBe(lastUsedAt)
    const { database } = gateway.server.server.services
    const workspaceId = (await gateway.owner.call(readMe)).workspace!.id
    const longAgo = new Date('2026-01-01T00:00:00Z')
    await database.inWorkspace(workspaceId, (tx) => tx.update(virtualKeys).set({ lastUsedAt: longAgo }).where(eq(virtualKeys.id, id)))
    expect((await post(token, HELLO)).status).toBe(200)
    expect((await view(id)).lastUsedAt).toBe(longAgo.toISOString()) // this process wrote it less than a minute ago
  })

  it('can ask for the names that are listed for them, and the gateway knows each: none that it would refuse', async () => {
    const { id } = await gateway.virtualKey({ models: ['gpt-6-*', 'practice-1', 'text-embedding-3-small', 'gpt-image-*'] })
    const { items } = await gateway.owner.call(listVirtualKeyModels, { params: { virtualKeyId: id } })
    expect(items[0]).toMatchObject({ name: 'context:chat', kind: 'chat' })
    const byName = new Map(items.map((item) => [item.name, item]))
    expect(byName.get('practice/practice-1')!.endpoints).toEqual(['/v1/chat/completions', '/v1/messages', '/v1/messages/count_tokens'])
    expect(byName.get('openai/text-embedding-3-small')).toMatchObject({ kind: 'embeddings', endpoints: ['/v1/embeddings'] })
    expect(items.filter(({ kind }) => kind === 'images').length).toBeGreaterThan(0)
    const chats = items.filter(({ name }) => name.startsWith('openai/gpt-6-'))
    expect(chats.length).toBeGreaterThan(0)
    for (const { endpoints } of chats) expect(endpoints).toContain('/v1/responses')
    expect(items.every(({ name }) => name === 'context:chat' || /^(?:openai|practice)\//.test(name))).toBe(true)
  })

  it('that are for one context alone are offered no other', async () => {
    const { id } = await gateway.virtualKey({ contexts: ['translation'] })
    const { items } = await gateway.owner.call(listVirtualKeyModels, { params: { virtualKeyId: id } })
    expect(items.map(({ name }) => name)).not.toContain('context:chat')
  })

  it('are tried with one small call whose price is said before and held to', async () => {
    const { token, id } = await gateway.virtualKey()
    const trial = (model: string) => gateway.owner.call(readVirtualKeyTrial, { params: { virtualKeyId: id }, query: { model } })
    const own = await trial('context:chat')
    expect(own).toMatchObject({ practice: true, path: '/v1/chat/completions', atMost: { currency: 'USD', amount: '0' } })
    const answer = await post(token, own.body, own.path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-latchkey-cost')).toBe('0')
    const dear = await trial('openai/gpt-6-sol')
    expect(JSON.parse(dear.body)).toMatchObject({ model: 'openai/gpt-6-sol', max_completion_tokens: 300 })
    expect(Number(dear.atMost!.amount)).toBeGreaterThan(0)
    expect(Number(dear.atMost!.amount)).toBeLessThan(0.1)
    expect((await trial('up/a-house-model')).atMost).toBeNull()
    const refused = await gateway.owner.refused(readVirtualKeyTrial, { params: { virtualKeyId: id }, query: { model: 'nobody/knows' } })
    expect(refused.code).toBe('model.unserved')
  })

  it('say what stops with them, and their calls are seen while they run and when they ended', async () => {
    const { token, id } = await gateway.virtualKey({ name: 'the robot' })
    await (await post(token, HELLO)).text()
    let held: ServerResponse | undefined
    gateway.upstream.answer = (_, response) => {
      held = response
    }
    const running = post(token, HELLO)
    await until(() => Promise.resolve(held !== undefined))
    const origin = { key: `virtual-key:${id}`, name: 'the robot' }
    const { inFlight, items } = await gateway.owner.call(listLatestCalls)
    expect(inFlight).toHaveLength(1)
    expect(inFlight[0]).toMatchObject({ state: 'in_flight', origin, requestedModel: 'some-model', atMost: null })
    expect(items[0]).toMatchObject({ origin, outcome: 'succeeded', servedModel: 'some-model-2026', tokens: 18 })
    const params = { virtualKeyId: id }
    expect(await gateway.owner.call(readVirtualKeyStops, { params })).toEqual({ callsInFlight: 1, callsInLastHour: 1 })
    const callId = inFlight[0]!.id
    expect(await gateway.owner.call(readCall, { params: { callId } })).toEqual(inFlight[0])
    json(COMPLETION)(held!.req, held!, Buffer.alloc(0))
    expect((await running).headers.get('x-latchkey-call-id')).toBe(callId)
    expect(await gateway.owner.call(readCall, { params: { callId } })).toMatchObject({ state: 'ended', origin, outcome: 'succeeded' })
    gateway.upstream.answer = json(COMPLETION)
    await gateway.owner.call(revokeVirtualKey, { params })
    expect((await gateway.owner.refused(readVirtualKeyStops, { params })).code).toBe('virtual_key.missing')
    const after = await gateway.owner.call(listLatestCalls)
    expect(after.items[0]!.origin).toEqual(origin) // a revoked key's calls stay
  })

  it('are called by their names in Consumption', async () => {
    const { token, id } = await gateway.virtualKey({ name: 'nightly job' })
    await (await post(token, HELLO)).text()
    const origin = `virtual-key:${id}`
    const asked = { by: 'origin', originKind: 'virtual-key' } as const
    const { groups } = await gateway.owner.call(readConsumption, { query: asked })
    expect(groups.find(({ key }) => key === origin)).toMatchObject({ name: 'nightly job', figures: { calls: 1 } })
    const { items } = await gateway.owner.call(listCalls, { query: { origin } })
    expect(items).toHaveLength(1)
    expect(items[0]!.origin.name).toBe('nightly job')
  })

  it('whose owner has left are marked, and open nothing', async () => {
    const editor = await gateway.server.member('editor')
    const { user } = await editor.call(readMe)
    const { token, key } = await gateway.owner.call(makeVirtualKey, { body: { name: 'left behind', ownerId: user.id } })
    expect(key.owner.left).toBe(false)
    await gateway.owner.call(removeMember, { params: { userId: user.id } })
    expect((await view(key.id)).owner.left).toBe(true)
    expect((await post(token, HELLO)).status).toBe(401)
  })
})
