import { afterAll, beforeAll, expect, it } from 'vitest'
import { replaceAssignment } from '../src/contract/assignments.ts'
import { listProducts, openSample } from '../src/contract/catalogue.ts'
import { tryRecipe } from '../src/contract/runs.ts'
import { ALL_WORK, type Lack, type ProbedModel, startProbedModel } from './support/probed-model.ts'
import { PROBED, type Prober, proberOf, statesOf } from './support/prober.ts'
import { startTestServer, type TestServer } from './support/server.ts'

// Each finding of a test can be wrong and is right: a model that lacks one thing is found to lack that, and nothing else.

let server: TestServer
let model: ProbedModel
let prober: Prober
const lacks = new Set<Lack>()

beforeAll(async () => {
  model = await startProbedModel(lacks)
  server = await startTestServer({ environment: { LATCHKEY_PRIVATE_HOSTS: new URL(model.url).host } })
  prober = proberOf(await server.owner(), model)
})
afterAll(async () => {
  await server?.close()
  await model?.stop()
})

// each lack with what it changes, and nothing else
const found: [Lack[], Record<string, string | undefined>][] = [
  [
    ['stream'],
    { stream: 'does_not: ignored', stream_options: undefined, streamed_usage: undefined, streamed_tools: undefined, abort: undefined },
  ],
  [['pieces'], { stream: 'does_not: one_piece', abort: 'unknown: over_before' }],
  [['streamed_usage'], { streamed_usage: 'does_not: ignored' }],
  [['stream_options refused'], { stream_options: 'does_not: refused', streamed_usage: 'does_not: ignored' }],
  [['tools'], { tools: 'does_not: ignored', streamed_tools: undefined }],
  [['tools refused'], { tools: 'does_not: refused', streamed_tools: undefined }],
  [['forced tools refused'], { tools: 'works: unforced' }],
  [['whole tools'], { tools: 'does_not: malformed', streamed_tools: undefined }],
  [['streamed tools'], { streamed_tools: 'does_not: ignored' }],
  [['json_schema'], { json_schema: 'does_not: ignored' }],
  [['json_schema refused'], { json_schema: 'does_not: refused' }],
  [['sight'], { vision: 'does_not: ignored' }],
  [['vision refused'], { vision: 'does_not: refused' }],
  [['max_tokens refused'], { max_tokens: 'does_not: refused' }],
  [['max_completion_tokens refused'], { max_completion_tokens: 'does_not: refused' }],
  [['max_completion_tokens'], { max_completion_tokens: 'does_not: ignored' }],
  [['temperature refused'], { temperature: 'does_not: refused' }],
  [['seed refused', 'temperature refused'], { seed: 'does_not: refused', temperature: 'does_not: refused' }],
  [['stop'], { stop: 'does_not: ignored' }],
  [['reasoning_effort refused'], { reasoning_effort: 'does_not: refused' }],
  [['limit headers'], { limit_headers: 'does_not' }],
  [
    ['words'],
    {
      tools: 'unknown: cut_short', streamed_tools: undefined, json_schema: 'unknown: cut_short', vision: 'unknown: cut_short',
      stream: 'does_not: ignored', streamed_usage: undefined, abort: undefined,
    },
  ],
] // prettier-ignore
it.each(found)('a model that lacks %j', async (of, changes) => {
  lacks.clear()
  for (const one of of) lacks.add(one)
  const id = await prober.add({ label: of.join(', ') })
  const card = await prober.probe(id)
  lacks.clear()
  expect(card).toMatchObject({ state: 'finished', problem: null })
  const wanted = Object.entries({ ...ALL_WORK, ...changes }).filter(([, state]) => state !== undefined)
  expect(statesOf(card)).toEqual(Object.fromEntries(wanted))
  const refusals = card.findings.filter(({ note }) => note === 'refused')
  expect(refusals.every(({ said }) => said !== null && said.length > 0 && said.length <= 200)).toBe(true)
})

it('what was found steers how the model is asked: no format that it refuses, its own name of the limit', async () => {
  const owner = await server.owner()
  await owner.call(openSample)
  const { items } = await owner.call(listProducts)
  const id = await prober.add({ label: 'steered' })
  const ask = async () => {
    const servedBy = { connectionId: id, model: PROBED }
    const recipe = { fields: [{ name: 'title', type: 'text', words: { max: 12 } }] }
    const { failure } = await owner.call(tryRecipe, { body: { productId: items[0]!.id, recipe, servedBy } })
    return { failure: failure?.code, body: model.bodies().at(-1)! }
  }
  lacks.add('json_schema refused')
  lacks.add('max_tokens refused')
  expect((await ask()).failure).toBe('provider.request_refused')
  await prober.probe(id)
  const { failure, body } = await ask()
  lacks.clear()
  expect(failure).toBeUndefined()
  expect(body).not.toHaveProperty('response_format')
  expect(body).not.toHaveProperty('max_tokens')
  expect(body['max_completion_tokens']).toBeGreaterThan(0)
  expect(body['messages'][0].content).toContain('"title"')
  expect(body['messages'][0].content).toContain('JSON schema')
})

it('a context says of a model what it needs and was not found', async () => {
  const owner = await server.owner()
  const id = await prober.add({ label: 'warned' })
  lacks.add('vision refused')
  lacks.add('tools')
  await prober.probe(id)
  lacks.clear()
  const warningsOf = async (context: string, version: number) => {
    const body = { version, candidates: [{ connectionId: id, model: PROBED }] }
    const { warnings } = await owner.call(replaceAssignment, { params: { context }, body })
    return warnings.flatMap(({ code, abilities }) => (code === 'ability_missing' ? abilities : []))
  }
  expect(await warningsOf('vision', 0)).toEqual(['vision'])
  expect(await warningsOf('agents', 0)).toEqual(['tools'])
  expect(await warningsOf('chat', 0)).toEqual([])
  await prober.probe(id)
  expect(await warningsOf('vision', 1)).toEqual([])
})
