import type { Estimate } from '../apps/enrichment/estimate.ts'
import type { EnrichmentJob, EnrichmentOrder } from '../apps/enrichment/job.ts'
import { describeReason } from '../apps/enrichment/reasons.ts'
import { describeStep } from '../apps/enrichment/planner/plan-view.ts'
import { formatMoney, parseNano } from '../base/money.ts'
import { formatCount } from '../base/text.ts'
import type { PlanView, RunBatchView } from '../contract/runs.ts'
import type { FileFormat } from '../catalogue/formats/detect.ts'

/** How a file was understood, and why. */
export function describeFormat(file: string, format: FileFormat): string {
  return [file, ...format.reasons.map((reason) => `  ${reason}`)].join('\n')
}

/** What a run will cost, and why that is not said more exactly. */
export function describeQuote(
  job: EnrichmentJob,
  { quote, priced }: Estimate,
  { connection, model, currency, capNano }: EnrichmentOrder,
  canary?: number,
): string {
  const standing = job.accepted + job.flagged
  const kept =
    standing > 0 ? ` ${formatCount(standing)} of ${formatCount(job.products)} products have their values already and cost nothing.` : ''
  if (!job.run) return `Nothing to do.${kept}`
  if (quote.products === 0) return `All products have their values already; the file is written now, and that costs nothing.`
  const range = priced ? rangeOf(quote.lowNano!, quote.highNano!, currency) : 'an unknown amount (no price is known for this model)'
  const lead =
    canary === undefined ? (job.resumed ? 'This continues a run that did not end.' : '') : `After ${formatCount(canary)} products:`
  const practice = connection.provider === 'practice' ? ' Practice, not AI.' : ''
  return [
    '',
    `${lead ? `${lead} ` : ''}${formatCount(quote.products)} products in ${formatCount(quote.calls)} calls to ${model} (${connection.slug}) will cost ${range}.${practice}${kept}`,
    ...(capNano === undefined ? [] : [`  It stops at its cap of ${formatMoney({ nano: capNano, currency })}.`]),
    ...(priced && quote.highNano === 0n ? [] : quote.reasons.map((reason) => `  ${describeReason(reason)}`)), // nothing has no range to explain
  ].join('\n')
}

/** How far a batch is at its provider. Times are UTC. */
export function describeBatch({ state, requests, done, submittedAt, expiresAt }: RunBatchView): string {
  if (submittedAt === null || state === 'submitting') return `${formatCount(requests)} requests are being submitted as a batch`
  const latest = expiresAt === null ? '' : `, at the latest by ${minuteOf(expiresAt)}`
  return `batch submitted ${minuteOf(submittedAt)}, ${formatCount(done)} of ${formatCount(requests)} requests done${latest}`
}

/** "2026-11-20 14:02 UTC" */
const minuteOf = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`

/** What each step saves, in the order in which they are taken; one that does not apply says why. */
export function describePlan({ naive, steps }: PlanView): string {
  const lines = steps.flatMap(({ step, on, because, count, saves }) => {
    const what = describeStep({ step, count })
    if (because) return on && step !== 'unchanged' ? [`  ${what}: ${because.text}`] : []
    if (!saves) return [`  ${what}${on ? '' : ' (off)'}`]
    const money = rangeOf(parseNano(saves.low), parseNano(saves.high), saves.currency)
    return [`  ${what}: ${on ? 'saves' : 'is off, and would save'} ${money}`]
  })
  if (lines.length === 0) return ''
  const from = naive ? ` (from ${rangeOf(parseNano(naive.low), parseNano(naive.high), naive.currency)} without any)` : ''
  return [`Steps that save${from}:`, ...lines].join('\n')
}

export function rangeOf(lowNano: bigint, highNano: bigint, currency: string): string {
  const low = formatMoney({ nano: lowNano, currency })
  const high = formatMoney({ nano: highNano, currency })
  return low === high ? low : `${low} to ${high}`
}
