import { describe, expect, it } from 'vitest'
import type { Candidate } from '../../calls/call.ts'
import { boundsOf, worstCaseWithin } from './bounds.ts'
import { ENDPOINTS } from './endpoints.ts'
import { readTopLevel } from './top-level.ts'

const at = new Date('2026-11-20T12:00:00Z') // no dearer hour of anybody's

function bounds({
  path = '/v1/chat/completions',
  request,
  provider = 'openai',
  model = 'gpt-4o',
  stated = null,
  ...more
}: {
  path?: string
  request: object | string
  provider?: string
  model?: string
  stated?: number | null
} & Partial<Candidate>) {
  const body = Buffer.from(typeof request === 'string' ? request : JSON.stringify({ model, ...request }))
  const candidate: Candidate = { connectionId: 'c', provider, model, rateCard: null, ...more }
  const endpoint = ENDPOINTS.find((one) => one.path === path)!
  const found = boundsOf({ endpoint, body, top: readTopLevel(body)!, candidate, stated, at })
  return { ...found, nano: worstCaseWithin(found, { candidate, currency: 'USD', at }) }
}

describe('a reservation is never less than the call can cost', () => {
  it('of two output limits the larger counts: who knows one name passes the other over', () => {
    expect(bounds({ request: { max_completion_tokens: 1, max_tokens: 5_000 } }).outputTokensAtMost).toBe(5_000)
  })

  it('a limit by a name that its server may not know is none', () => {
    const request = { max_completion_tokens: 1 }
    expect(bounds({ request }).outputTokensAtMost).toBe(1)
    expect(bounds({ request, provider: 'groq', model: 'openai/gpt-oss-120b' }).outputTokensAtMost).toBe(1)
    const deepseek = { request, provider: 'deepseek', model: 'deepseek-v4-pro', stated: 700 }
    expect(bounds(deepseek).outputTokensAtMost).toBe(700)
    expect(bounds({ ...deepseek, found: { max_completion_tokens: 'works' } }).outputTokensAtMost).toBe(1)
  })

  it('a number in quotes is a number to a server that is not strict', () => {
    expect(bounds({ request: { max_tokens: '50', n: '4' } }).outputTokensAtMost).toBe(200)
    expect(bounds({ request: { max_tokens: 49.5, n: 4 } }).outputTokensAtMost).toBe(200)
  })

  it('a picture by its address is as long as the context, however its name is written', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://a.example/p.png' } }]
    const plain = JSON.stringify({ model: 'gpt-4o', max_tokens: 1, messages: [{ role: 'user', content }] })
    const disguised = plain.replaceAll('image_url', String.raw`image\u005Furl`)
    expect(bounds({ request: plain }).inputTokensAtMost).toBe(128_000)
    expect(bounds({ request: disguised }).inputTokensAtMost).toBe(128_000)
    const words = JSON.stringify({ model: 'gpt-4o', max_tokens: 1, messages: String.raw`\u0061 is an "a", \u00e9 is an "é"` })
    expect(bounds({ request: words.replace('é', String.raw`\u00e9`) }).inputTokensAtMost).toBeLessThan(3_000)
  })

  it('a dearer tier of service is reserved at its own price', () => {
    const request = { max_tokens: 1_000_000 - 2_000, messages: [] }
    const usual = bounds({ request }).nano!
    expect(bounds({ request: { ...request, service_tier: 'auto' } }).nano! - usual).toBeLessThan(usual / 100n)
    // USD per million, input and output: 2.50 and 10; with priority 4.25 and 17
    expect(Number(bounds({ request: { ...request, service_tier: 'priority' } }).nano) / Number(usual)).toBeCloseTo(1.7, 2)
    expect(bounds({ request: { ...request, service_tier: 'gold' } }).nano).toBeUndefined()
  })

  it('so are speed and place at Anthropic, and a cache that is kept for an hour', () => {
    const claude = { path: '/v1/messages', provider: 'anthropic', model: 'claude-opus-5-5' }
    const request = { max_tokens: 100_000, messages: [] }
    const usual = bounds({ ...claude, request }).nano!
    expect(Number(bounds({ ...claude, request: { ...request, speed: 'fast' } }).nano) / Number(usual)).toBeCloseTo(2, 1)
    expect(Number(bounds({ ...claude, request: { ...request, inference_geo: 'us' } }).nano) / Number(usual)).toBeCloseTo(1.1, 1)
    const system = (ttl: string) => [{ type: 'text', text: 'x'.repeat(100_000), cache_control: { type: 'ephemeral', ttl } }]
    const kept = bounds({ ...claude, request: { ...request, system: system('1h') } })
    // 8 USD per million for what is written for an hour, 20 for the answer
    expect(kept.nano).toBe(BigInt(kept.inputTokensAtMost!) * 8_000n + 100_000n * 20_000n)
  })

  it('what a provider looks up by itself has no bound', () => {
    const claude = { path: '/v1/messages', provider: 'anthropic', model: 'claude-opus-5-5' }
    const tools = [{ name: 'f', input_schema: { description: 'a "web_search" of our own' } }]
    expect(bounds({ ...claude, request: { max_tokens: 1, tools } }).nano).toBeDefined()
    const search = { type: 'web_search_20250305', name: 'web_search' }
    expect(bounds({ ...claude, request: { max_tokens: 1, tools: [...tools, search] } }).nano).toBeUndefined()
    expect(bounds({ path: '/v1/responses', request: { max_output_tokens: 1, tools: [{ type: 'file_search' }] } }).nano).toBeUndefined()
    expect(bounds({ request: { max_tokens: 1, web_search_options: {} } }).nano).toBeUndefined()
    expect(bounds({ request: { max_tokens: 1, web_search_options: null } }).nano).toBeDefined()
  })

  it('Perplexity’s fee is that of the search that is asked for', () => {
    const sonar = { provider: 'perplexity', model: 'sonar' }
    const fee = (size: string) => bounds({ ...sonar, request: { max_tokens: 1, web_search_options: { search_context_size: size } } }).nano!
    // 0.012 and 0.005 USD for each request
    expect(fee('high') - fee('low')).toBeGreaterThan(6_900_000n)
  })
})
