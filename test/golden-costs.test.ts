import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { costOf } from '../src/prices/cost.ts'
import { findPrices } from '../src/prices/match.ts'
import { parseDeclaredNano } from '../src/prices/rate-card.ts'
import { openrouter } from '../src/providers/openrouter.ts'
import { describeShared, sharedPath } from './support/shared.ts'

/**
 * OpenRouter's recorded answers state what they cost. With that withheld, usage times price book must come to the same,
 * within 0.2 %; or the row is listed here, by its line in the file, with the reason.
 */
const EXPLAINED: Readonly<Record<number, string>> = {
  87: 'qwen3-30b-a3b-instruct-2507 was served by WandB at 0.10 / 0.30; the list shows its cheapest endpoint (0.04815 / 0.19305)',
  92: 'gpt-5.1-codex-mini: USD 0.002 on top of the tokens that no field of the usage explains',
  93: 'own upstream key: OpenRouter charges 0, the upstream bills what we compute',
  94: 'own upstream key: OpenRouter charges 0, the upstream bills what we compute',
  97: 'glm-4.6 was served by AtlasCloud at 0.60 / 2.20; the list shows its cheapest endpoint (0.43 / 1.74)',
  101: 'a web search, priced by search engine and in no table; and deepseek-chat at 0.2574 / 1.0287, not its list price',
  102: 'a web search, priced by search engine and in no table',
}
const BYOK_LINES = [93, 94]

interface GoldenRow {
  readonly provider: string
  readonly endpoint: string
  readonly served_model: string
  readonly service_tier: string | null
  readonly usage: { readonly cost_details?: { readonly upstream_inference_cost?: number | null } }
  readonly declared_cost_usd: number
  readonly recorded_at: string | null
}

/** A recording without a date is of the time of the others. */
const UNDATED = new Date('2026-07-01')

function readRows(): { line: number; row: GoldenRow }[] {
  return readFileSync(sharedPath('fixtures/golden_costs.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((text, index) => ({ line: index + 1, row: JSON.parse(text) as GoldenRow }))
    .filter(({ row }) => row.provider === 'openrouter' && row.endpoint.endsWith('/chat/completions'))
}

/** Usage as read from the recording, times the published prices of that day; the declared cost plays no part. */
function computed(row: GoldenRow): bigint | undefined {
  const { usage } = openrouter.chat.protocol.usage.whole({ usage: row.usage, model: row.served_model }) ?? { usage: undefined }
  const prices = findPrices({
    provider: 'openrouter',
    model: row.served_model,
    at: row.recorded_at ? new Date(row.recorded_at) : UNDATED,
    serviceTier: row.service_tier ?? undefined,
  })
  const cost = costOf({ usage, prices })
  return cost.kind === 'known' ? cost.nano : undefined
}

const within = (nano: bigint | undefined, amount: number): boolean => {
  const declared = parseDeclaredNano(String(amount))!
  const difference = nano === undefined ? undefined : nano > declared ? nano - declared : declared - nano
  return difference !== undefined && difference * 1000n <= declared * 2n
}

describeShared('OpenRouter, the declared cost withheld', () => {
  it('has all 68 chat completions of the recordings', () => {
    expect(readRows()).toHaveLength(68)
  })

  it('usage times price book is what OpenRouter charged, within 0.2 %, in 61 of 68; the other 7 are explained', () => {
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
