import { readdirSync, readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { describeShared, sharedPath } from '../../test/support/shared.ts'
import { practiceTokens, tokenCounter } from './tokenizers.ts'

describe('a token counter', () => {
  it.each([
    ['openai', 'gpt-4o-mini', 'OpenAI o200k_base'],
    ['openai', 'a-model-of-tomorrow', 'OpenAI o200k_base'],
    ['openai', 'gpt-4-turbo', 'OpenAI cl100k_base'],
    ['openai', 'text-embedding-3-small', 'OpenAI cl100k_base'],
    ['openrouter', 'openai/text-embedding-ada-002', 'OpenAI cl100k_base'],
    ['openrouter', 'openai/gpt-5.4-mini', 'OpenAI o200k_base'],
    ['openai-compatible', 'gpt-oss-120b', 'OpenAI o200k_harmony; the template is 65 to 75 tokens in recorded answers'],
    ['practice', 'practice-1', 'practice: four bytes are a token'],
  ])('is exact for %s %s', async (provider, model, source) => {
    expect(await tokenCounter(provider, model)).toMatchObject({ exact: true, spread: { low: 1, high: 1 }, source })
  })

  it.each([
    ['anthropic', 'claude-haiku-4-5', 1.18],
    ['anthropic', 'claude-sonnet-5', 1.45],
    ['anthropic', 'claude-opus-4-8', 1.45],
    ['openrouter', 'anthropic/claude-3.5-sonnet', 1.18],
    ['mistral', 'mistral-small-latest', 1.15],
    ['openai-compatible', 'llama-3', 1.15],
  ])('says that it estimates for %s %s', async (provider, model, ratio) => {
    const counter = await tokenCounter(provider, model)
    expect(counter).toMatchObject({ exact: false, ratio })
    expect(counter.spread.low).toBeLessThan(1)
    expect(counter.spread.high).toBeGreaterThan(1)
  })

  it('knows the published encodings', async () => {
    // From OpenAI's tokenizer page: "tiktoken is great!" is 6 tokens in both.
    const [o200k, cl100k] = [await tokenCounter('openai', 'gpt-4o'), await tokenCounter('openai', 'gpt-4')]
    expect([o200k.count('tiktoken is great!'), cl100k.count('tiktoken is great!')]).toEqual([6, 6])
    expect(o200k.count('')).toBe(0)
  })

  it('takes special tokens in product data as text', async () => {
    const { count } = await tokenCounter('openai', 'gpt-4o')
    expect(count('<|endoftext|><|im_start|>')).toBeGreaterThan(5)
  })

  it('counts a word of a megabyte in bounded time, at most one token in 200 characters too many', async () => {
    const { count } = await tokenCounter('openai', 'gpt-4o')
    const word = 'ab9Z'.repeat(250_000)
    const perPiece = count(word.slice(0, 396)) / 396
    expect(count(word)).toBeLessThan(word.length * (perPiece + 2 / 200))
    expect(count(word)).toBeGreaterThan(word.length * perPiece * 0.9)
  })

  test.prop([fc.string({ unit: 'binary' })])('never throws', async (text) => {
    expect((await tokenCounter('openai', 'gpt-4o')).count(text)).toBeGreaterThanOrEqual(text === '' ? 0 : 1)
    expect(practiceTokens(text)).toBe(Math.ceil(Buffer.byteLength(text) / 4))
  })
})

interface Recording {
  readonly request?: {
    readonly body?: {
      readonly model?: string
      readonly system?: unknown
      readonly messages?: readonly { readonly content: unknown }[]
      readonly tools?: unknown
    }
  }
  readonly response?: { readonly body?: { readonly usage?: Record<string, number> } }
}

/** All texts of a request; undefined when it has parts that are no text. */
function textsOf(body: NonNullable<NonNullable<Recording['request']>['body']>): string[] | undefined {
  const contents = [body.system ?? '', ...(body.messages ?? []).map(({ content }) => content)]
  const parts = contents.flatMap((content) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content as { type?: string; text?: string }[]),
  )
  return parts.every((part) => part.type === 'text') ? parts.map((part) => part.text ?? '') : undefined
}

describeShared('against what providers billed in recordings', () => {
  const recordings = (provider: string): { name: string; body: NonNullable<NonNullable<Recording['request']>['body']>; billed: number }[] =>
    readdirSync(sharedPath(`fixtures/http/${provider}`)).flatMap((name) => {
      const { request, response } = JSON.parse(readFileSync(sharedPath(`fixtures/http/${provider}/${name}`), 'utf8')) as Recording
      const body = request?.body
      const usage = response?.body?.usage
      if (typeof body !== 'object' || !body.messages || body.tools || !usage) return []
      const billed =
        usage['prompt_tokens'] ??
        (usage['input_tokens'] ?? 0) + (usage['cache_read_input_tokens'] ?? 0) + (usage['cache_creation_input_tokens'] ?? 0)
      return billed > 0 ? [{ name, body, billed }] : []
    })

  it.each(['openai', 'anthropic'])('%s: the billed input lies within count, spread and overhead', async (provider) => {
    let checked = 0
    for (const { name, body, billed } of recordings(provider)) {
      const texts = textsOf(body)
      if (!texts) continue
      const counter = await tokenCounter(provider, body.model!)
      const count = texts.reduce((sum, text) => sum + counter.count(text), 0)
      // One message or two; a long recording checks the ratio, a short one the overhead.
      expect(billed, name).toBeGreaterThanOrEqual(Math.floor(count * counter.spread.low))
      expect(billed, name).toBeLessThanOrEqual(Math.ceil(count * counter.spread.high) + counter.overhead.high)
      checked += 1
    }
    expect(checked).toBeGreaterThanOrEqual(3)
  })
})
