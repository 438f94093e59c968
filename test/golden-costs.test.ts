import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Usage } from '../src/base/usage.ts'
import { costOf } from '../src/prices/cost.ts'
import { findPrices } from '../src/prices/match.ts'
import { parseDeclaredNano } from '../src/prices/rate-card.ts'
import { openrouter } from '../src/providers/openrouter.ts'
import { perplexity } from '../src/providers/perplexity.ts'
import type { Provider } from '../src/providers/provider.ts'
import type { UsageReader } from '../src/providers/wire-protocol.ts'
import { xai } from '../src/providers/xai.ts'
import { describeShared, sharedPath } from './support/shared.ts'

/**
 * Recorded answers of OpenRouter, xAI and Perplexity state what they cost. With that withheld, usage times price book must
 * come to the same, within 0.2 %; or the row is listed here, by its line in the file, with the reason.
 */
const EXPLAINED: Readonly<Record<number, string>> = {
  81: 'an embedding model of OpenRouter, whose list in our tables has only chat models',
  83: 'an image model of OpenRouter, whose list in our tables has only chat models',
  85: 'grok-imagine-image-quality edits one image into another: 0.07, of which no table says what each of them costs',
  86: 'a reranker of OpenRouter, whose list in our tables has only chat models',
  87: 'qwen3-30b-a3b-instruct-2507 was served by WandB at 0.10 / 0.30; the list shows its cheapest endpoint (0.04815 / 0.19305)',
  88: 'GPT-5.6 Sol is in no table of OpenRouter that we have: they are older',
  89: 'gpt-oss-20b was served at 0.05 / 0.20; the list shows its cheapest endpoint',
  92: 'gpt-5.1-codex-mini: USD 0.002 on top of the tokens that no field of the usage explains',
  93: 'own upstream key: OpenRouter charges 0, the upstream bills what we compute',
  94: 'own upstream key: OpenRouter charges 0, the upstream bills what we compute',
  97: 'glm-4.6 was served by AtlasCloud at 0.60 / 2.20; the list shows its cheapest endpoint (0.43 / 1.74)',
  101: 'a web search, priced by search engine and in no table; and deepseek-chat at 0.2574 / 1.0287, not its list price',
  102: 'a web search, priced by search engine and in no table',
}
const BYOK_LINES = [93, 94]

interface GoldenRow {
  readonly provider: 'openrouter' | 'xai' | 'perplexity'
  readonly endpoint: string
  readonly requested_model: string | null
  readonly served_model: string | null
  readonly service_tier: string | null
  readonly usage: {
    readonly cost_details?: { readonly upstream_inference_cost?: number | null }
    readonly search_context_size?: string
    readonly prompt_tokens?: number
  }
  readonly declared_cost_usd: number
  readonly recorded_at: string | null
}

/** A recording without a date is of the time of the others. */
const UNDATED = new Date('2026-07-01')

const PROVIDERS: Readonly<Record<GoldenRow['provider'], Provider>> = { openrouter, xai, perplexity }

function readRows(): { line: number; row: GoldenRow }[] {
  return readFileSync(sharedPath('fixtures/golden_costs.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((text, index) => ({ line: index + 1, row: JSON.parse(text) as GoldenRow }))
}

/** By our readers; Perplexity’s embeddings, which are not offered here, by what its documentation says of the field. */
function usageOf({ provider, endpoint, usage, served_model: model }: GoldenRow): Usage | undefined {
  const answer = { usage, model, data: [{}] } // one image, where it is one
  return readerOf(provider, endpoint)?.whole(answer).usage ?? { input_tokens: usage.prompt_tokens! }
}

function readerOf(provider: GoldenRow['provider'], endpoint: string): UsageReader | undefined {
  const { chat, responses, embeddings, images } = PROVIDERS[provider]
  if (endpoint.includes('/images')) return images?.protocol.usage
  if (endpoint.endsWith('/embeddings')) return embeddings?.protocol.usage
  return (endpoint.endsWith('/responses') ? responses : chat)?.protocol.usage
}

/** Usage as read from the recording, times the published prices of that day; the declared cost plays no part. */
function computed(row: GoldenRow): bigint | undefined {
  const prices = findPrices({
    provider: row.provider,
    model: row.served_model ?? row.requested_model!,
    isNamed: true,
    at: row.recorded_at ? new Date(row.recorded_at) : UNDATED,
    serviceTier: row.usage.search_context_size ?? (row.service_tier === 'auto' ? undefined : row.service_tier) ?? undefined,
    batch: row.endpoint.includes('/batches/'),
  })
  const cost = costOf({ usage: usageOf(row), prices })
  return cost.kind === 'known' ? cost.nano : undefined
}

const within = (nano: bigint | undefined, amount: number): boolean => {
  const declared = parseDeclaredNano(String(amount))!
  const difference = nano === undefined ? undefined : nano > declared ? nano - declared : declared - nano
  return difference !== undefined && difference * 1000n <= declared * 2n
}

describeShared('recorded answers that state their cost, the cost withheld', () => {
  it('are all there: OpenRouter, xAI and Perplexity', () => {
    const counts = Map.groupBy(readRows(), ({ row }) => row.provider)
    expect([...counts].map(([provider, rows]) => [provider, rows.length])).toEqual([
      ['xai', 33],
      ['openrouter', 73],
      ['perplexity', 10],
    ])
  })

  it('cost what usage times price book says, within 0.2 %, in 103 of 116; the other 13 are explained', () => {
    const off = readRows().filter(({ row }) => !within(computed(row), row.declared_cost_usd))
    const lines = off.map(({ line }) => line)
    expect(
      lines,
      off.map(({ line, row }) => `${line}: ${row.served_model} ${computed(row)} for ${row.declared_cost_usd}`).join('\n'),
    ).toEqual(Object.keys(EXPLAINED).map(Number))
  })

  it('on an own upstream key, what we compute is what the upstream bills', () => {
    const rows = readRows().filter(({ line }) => BYOK_LINES.includes(line))
    for (const { row } of rows) expect(within(computed(row), row.usage.cost_details!.upstream_inference_cost!)).toBe(true)
    expect(rows).toHaveLength(2)
  })
})
