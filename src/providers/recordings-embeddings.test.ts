import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import type { Usage } from '../base/usage.ts'
import { bedrock } from './bedrock.ts'
import { failureOf } from './failure.ts'
import { embeddingsOfferOf } from './asked.ts'
import type { Protocol } from './wire-protocol.ts'
import { findProvider } from './registry.ts'
import { vertex } from './vertex.ts'

// Every recorded answer of embeddings, found by listing all folders: a new recording that is not read, or whose numbers do
// not add up, fails here.

type Block = Readonly<Record<string, unknown>>

interface Recording {
  readonly path: string
  readonly protocol: Protocol
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Block
}

const shared = (path: string): Block => JSON.parse(readFileSync(sharedPath(`fixtures/${path}`), 'utf8')) as Block

const PROVIDER_OF: Readonly<Record<string, string>> = { 'azure-foundry': 'azure' }

function protocolOf(folder: string): Protocol {
  if (folder === 'vertex') return embeddingsOfferOf(vertex, 'text-embedding-004').protocol
  if (folder === 'bedrock') return bedrock.embeddings!.protocol
  return embeddingsOfferOf(findProvider(PROVIDER_OF[folder] ?? folder), '').protocol
}

const IS_EMBEDDING = /\/embeddings$|\/v2\/embed$|\/api\/embed$|mbedContents?$|:predict$|embed[^/]*\/invoke$/

function recordings(): Recording[] {
  const folders = readdirSync(sharedPath('fixtures/http'))
  const recorded = folders.flatMap((folder) =>
    readdirSync(sharedPath(`fixtures/http/${folder}`)).flatMap((name): Recording[] => {
      const path = `http/${folder}/${name}`
      const { request, response } = shared(path) as { request?: { uri: string }; response?: Recording }
      if (!request || !response || !IS_EMBEDDING.test(request.uri) || /imagen|veo/.test(request.uri)) return []
      return [{ path, protocol: protocolOf(folder), status: response.status, headers: response.headers, body: response.body }]
    }),
  )
  const examples = (['openai/embedding/openai-embedding', 'cohere/cohere-embedding', 'voyage/voyage-embedding'] as const).map((name) => {
    const protocol = protocolOf(name.split('/')[0]!)
    return { path: `vercel-ai/${name}.json`, protocol, status: 200, headers: {}, body: shared(`vercel-ai/${name}.json`) }
  })
  return [...recorded, ...examples]
}

/** What the answer's own block says, found without our readers. Absent: it says nothing, and the usage has to be unknown. */
const EXPECT: Readonly<Record<string, (body: Block) => Usage | undefined>> = {
  'openai-embeddings': (body) => {
    const { prompt_tokens: prompt, total_tokens: total } = body['usage'] as Record<string, number>
    expect(prompt).toBe(total)
    return { input_tokens: total! }
  },
  'voyage-embeddings': (body) => ({ input_tokens: (body['usage'] as Record<string, number>)['total_tokens']! }),
  'cohere-embeddings': (body) => {
    const { billed_units: billed } = body['meta'] as { billed_units: { input_tokens: number; image_tokens?: number } }
    const { input_tokens: input, image_tokens: image } = billed
    return { input_tokens: input, ...(image === undefined ? {} : { image_input_tokens: image }) }
  },
  'gemini-embeddings': () => undefined,
  'bedrock-embeddings': () => undefined, // its header was not kept
  'vertex-embeddings': (body) => ({ characters: (body['metadata'] as Record<string, number>)['billableCharacterCount']! }),
}

const ERRORS: Readonly<Record<string, string>> = {
  'http/cohere/error-404__TestCohere-test-embed-error__0.json': 'provider.model_missing',
  'http/gemini/error-404__TestGoogle-test-embed-error__0.json': 'provider.model_missing',
  'http/voyage/error-400__TestVoyageAI-test-embed-error__0.json': 'provider.model_missing',
}

describeShared('recorded answers of embeddings', () => {
  const all = recordings()
  const good = all.filter(({ status }) => status === 200)

  it('are of seven interfaces', () => {
    expect(new Set(good.map(({ protocol }) => protocol.id))).toEqual(new Set(Object.keys(EXPECT)))
    expect(good.length).toBeGreaterThanOrEqual(13)
  })

  it.each(good.map((recording) => [recording.path, recording] as const))('%s', (_, { protocol, headers, body }) => {
    const metered = protocol.usage.whole(body, headers)
    const expected = EXPECT[protocol.id]!(body)
    expect(metered.usage).toEqual(expected)
    expect(metered.doubt).toBe(expected === undefined ? 'the answer has no usage' : undefined)
    expect(protocol.classifyBodyError({ status: 200, headers, body })).toBeUndefined()
    const stream = protocol.usage.stream()
    stream.push(body)
    if (protocol.id !== 'bedrock-embeddings') expect(stream.end()).toEqual(metered)
  })

  it('OpenRouter says what it charged', () => {
    const { protocol, body } = good.find(({ path }) => path.startsWith('http/openrouter'))!
    expect(protocol.usage.whole(body)).toMatchObject({
      declaredCost: { amount: '0.00000006', currency: 'USD' },
      raw: body['usage'],
      servedModel: 'text-embedding-3-small',
    })
  })

  it.each(all.filter(({ status }) => status !== 200).map((recording) => [recording.path, recording] as const))(
    '%s',
    (path, { protocol, status, headers, body }) => {
      const failure = failureOf({ protocol, status, headers, bytes: Buffer.from(JSON.stringify(body)) })
      expect(failure).toMatchObject({ code: ERRORS[path], retryable: false, excerpt: expect.any(String) })
    },
  )
})
