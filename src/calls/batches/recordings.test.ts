import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { anthropicBatch } from '../../providers/batches/anthropic.ts'
import { geminiBatch } from '../../providers/batches/gemini.ts'
import { mistralBatch } from '../../providers/batches/mistral.ts'
import { openAiBatch } from '../../providers/batches/openai.ts'
import { chatOfferOf } from '../../providers/asked.ts'
import { findProvider } from '../../providers/registry.ts'
import { describeShared, sharedPath } from '../../../test/support/shared.ts'
import { costInBatch, costOfCall } from '../price.ts'
import { readBody } from './bodies.ts'

interface Exchange {
  readonly request: { readonly method: string; readonly uri: string; readonly body?: Readonly<Record<string, unknown>> }
  readonly response: { readonly status: number; readonly body?: unknown }
}

const recordings = (provider: string): Exchange[] =>
  readdirSync(sharedPath(`fixtures/http/${provider}`)).map(
    (name) => JSON.parse(readFileSync(sharedPath(`fixtures/http/${provider}/${name}`), 'utf8')) as Exchange,
  )

const ofBatches = (provider: string): Exchange[] => recordings(provider).filter(({ request }) => /batch/i.test(request.uri))
const wordOf = (provider: string, nth: number): unknown => ofBatches(provider)[nth]!.response.body

/** The interfaces in which the requests of a batch are asked, at each provider. */
const FORMS = [
  { provider: 'openai', form: openAiBatch, path: /\/chat\/completions$/, line: openAiLine },
  { provider: 'mistral', form: mistralBatch, path: /\/chat\/completions$/, line: openAiLine },
  {
    provider: 'anthropic',
    form: anthropicBatch,
    path: /\/v1\/messages$/,
    line: (message: unknown) => ({ custom_id: 'c', result: { type: 'succeeded', message } }),
  },
  { provider: 'gemini', form: geminiBatch, path: /:generateContent$/, line: (response: unknown) => ({ metadata: { key: 'c' }, response }) },
] as const

function openAiLine(body: unknown) {
  return { custom_id: 'c', response: { status_code: 200, request_id: 'r', body }, error: null }
}

describeShared('recorded answers of batch services', () => {
  it('OpenAI: a batch when it was made, and when it was done', () => {
    const [made, done] = [wordOf('openai', 0), wordOf('openai', 1)].map((body) => openAiBatch.read(body))
    expect(made).toMatchObject({ state: 'working', requests: 0, files: [], expiresAt: new Date(1_787_236_874_000) })
    expect(done).toMatchObject({
      id: made!.id,
      state: 'completed',
      requests: 2,
      done: 2,
      failed: 0,
      files: ['file-4SnbT9qu8ShH2A1wCvTHNp'],
    })
    expect(openAiBatch.results(done!)).toEqual([{ method: 'GET', path: '/files/file-4SnbT9qu8ShH2A1wCvTHNp/content' }])
  })

  it('Anthropic: a batch under way, and a result with its usage', () => {
    const words = ofBatches('anthropic').map(({ response }) => response.body)
    const underWay = words.map((body) => anthropicBatch.read(body)).find((batch) => batch !== undefined)
    expect(underWay).toMatchObject({ state: 'working', requests: 2, done: 0, expiresAt: new Date('2026-08-20T14:44:51.493Z') })
    const result = words.map((body) => anthropicBatch.readResult(body)).find((found) => found !== undefined)
    expect(result).toMatchObject({ customId: '0', kind: 'answered', status: 200 })
    const { protocol } = chatOfferOf(findProvider('anthropic'), 'claude-haiku-4-5')
    const metered = protocol.usage.whole(result!.kind === 'answered' ? result!.body : undefined)
    expect(metered).toMatchObject({ serviceTier: 'batch', usage: { input_tokens: 20, output_tokens: 5 } })
    // 20 x 0.50 + 5 x 2.50 dollars per million: half of what a usual call costs
    const candidate = { connectionId: 'c', provider: 'anthropic', model: 'claude-haiku-4-5', rateCard: null }
    expect(costInBatch({ candidate, metered, at: new Date('2026-11-20') })).toMatchObject({ nano: 22_500n, listNano: 45_000n })
  })

  it('Gemini: a batch as it is asked for, and as it is answered', () => {
    const [{ request, response }] = ofBatches('gemini') as [Exchange]
    expect(geminiBatch.read(response.body)).toMatchObject({ id: '31u18uq6dr4ods3957z38i1mbfa581k01xcq', state: 'working', requests: 2 })
    const lines = ['0', '1'].map((customId) =>
      JSON.stringify(geminiBatch.line({ customId, model: 'gemini-2.5-flash', path: '', body: { contents: [], generationConfig: {} } })),
    )
    const { path, body } = geminiBatch.create({
      label: 'ruby_llm_bf7406835d85c375',
      model: 'gemini-2.5-flash',
      path: '',
      fileId: undefined,
      lines,
    })
    expect(request.uri.endsWith(path)).toBe(true)
    const shape = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shape)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .filter(([key]) => key !== 'contents')
                .map(([key, inner]) => [key === 'custom_id' ? 'key' : key, shape(inner)]),
            )
          : value
    expect(shape(JSON.parse(Buffer.from(body!).toString()))).toEqual(shape(request.body))
  })

  it.each(FORMS)(
    '$provider: recorded answers of usual calls, as lines of results, are read as those calls were',
    async ({ provider, form, path, line }) => {
      const whole = recordings(provider).filter(
        ({ request, response }) =>
          path.test(request.uri.replace(/\?.*$/, '')) && response.status === 200 && typeof response.body === 'object',
      )
      expect(whole.length).toBeGreaterThan(2)
      let priced = 0
      let texts = 0
      for (const { request, response } of whole) {
        const result = form.readResult(JSON.parse(JSON.stringify(line(response.body))))
        expect(result).toEqual({ customId: 'c', kind: 'answered', status: 200, body: response.body })
        const model = /models\/([^:]+):/.exec(request.uri)?.[1] ?? String(request.body?.['model'])
        const candidate = { connectionId: 'c', provider, model, rateCard: null }
        const { protocol } = chatOfferOf(findProvider(provider), model)
        const metered = protocol.usage.whole(response.body, {})
        const at = new Date('2026-11-20')
        const usual = costOfCall({ candidate, metered, wire: { sent: 'maybe', status: 200 }, at, currency: 'USD' })
        const batched = costInBatch({ candidate, metered, at })
        if (usual && batched) {
          priced += 1
          expect(batched.nano).toBeLessThan(usual.nano)
          expect(batched.nano * 2n).toBeGreaterThanOrEqual(usual.nano - 1n)
        }
        const read = await readBody(
          { candidate, schema: { type: 'object' }, schemaName: 'values', signal: new AbortController().signal },
          response.body,
        ).catch(() => undefined)
        if (read?.text) texts += 1
      }
      expect(texts).toBeGreaterThan(0)
      if (provider !== 'gemini') expect(priced).toBeGreaterThan(0) // of Gemini's batch prices the book has few
    },
  )
})
