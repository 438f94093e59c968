import type { QuotedRange } from '../apps/enrichment/estimate.ts'
import { type EnrichmentJob, runCounts, scopeOf } from '../apps/enrichment/job.ts'
import { type FailedItem, failedItems } from '../apps/enrichment/outcome.ts'
import { scopedProducts } from '../apps/enrichment/plan.ts'
import { AppError } from '../base/errors.ts'
import { formatMoney, formatNano, parseNano } from '../base/money.ts'
import { formatCount } from '../base/text.ts'
import type { Usage } from '../base/usage.ts'
import type { PlanView, RunSavingsView } from '../contract/runs.ts'
import type { RejectedRow } from '../catalogue/formats/read.ts'
import type { ExportSummary, UnencodableCell } from '../catalogue/formats/write.ts'
import { type Receipt, receiptOf } from '../ledger/receipt.ts'
import { findRun } from '../runs/commands.ts'
import type { Pause } from '../runs/run-kind.ts'
import { savingsView } from '../runs/saved.ts'
import type { RunEnd } from './enrich-run.ts'
import { describeSavings } from './enrich-saved.ts'
import { rangeOf } from './enrich-text.ts'
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts'
import { duration } from './progress.ts'
import type { CommandIo } from '../server/command-request.ts'
import type { Services } from '../server/services.ts'

/** A value that says something its product's own data does not. It is in the file only when `accepted`. */
interface FlaggedValue {
  readonly product: string
  readonly row: number
  readonly field: string
  readonly value: unknown
  readonly reason: string
  readonly text: string
  readonly accepted: boolean
}

/** What `--json` prints. Money is plain decimals; `cost.amount` null: no call has a known cost. */
export interface EnrichReport {
  readonly products: number
  readonly succeeded: number
  readonly flagged: number
  readonly failed: number
  readonly waiting: number
  readonly failures: readonly FailedItem[]
  readonly flags: readonly FlaggedValue[]
  readonly rejected: readonly RejectedRow[]
  readonly unwritten: readonly UnencodableCell[] // values that the file's encoding cannot hold
  readonly calls: number
  readonly usage: Usage
  readonly quoted: QuotedRange
  readonly cost: { readonly currency: string; readonly amount: string | null }
  readonly otherCosts: readonly { readonly currency: string; readonly amount: string }[] // in other currencies than the quote's
  readonly costUnknownCalls: number
  readonly resumed: boolean
  readonly seconds: number
  readonly paused: Pause | null
  readonly interrupted: boolean
  readonly declined: boolean // the canary ran, and the person did not approve the rest
  readonly written: { readonly rows: number; readonly changedCells: number } | null // null: the output was not written
  readonly practice: boolean
  readonly plan: PlanView | null // what each step saves, as it was quoted; null: nothing was planned
  readonly savings: RunSavingsView | null // what each step saved; null: there was nothing to run
}

export async function buildReport({
  services,
  job,
  end,
  delivery,
  quoted,
  plan,
  seconds,
}: {
  services: Services
  job: EnrichmentJob
  end: RunEnd | undefined
  delivery: ExportSummary | undefined
  quoted: QuotedRange
  plan: PlanView
  seconds: number
}): Promise<EnrichReport> {
  const { database } = services
  const { order, run, source } = job
  const { workspaceId, currency } = order
  const counts = await runCounts(services, job)
  const receipt = run ? await database.inWorkspace(workspaceId, (tx) => receiptOf(tx, `run:${run.id}`)) : undefined
  const savings = run ? await database.inWorkspace(workspaceId, async (tx) => savingsView(tx, await findRun(tx, run.id), currency)) : null
  const standing = { accepted: 0, flagged: 0, flags: [] as FlaggedValue[] }
  for await (const products of scopedProducts(scopeOf(services, job))) {
    for (const product of products) {
      if (product.standing === 'accepted') standing.accepted += 1
      if (product.standing === 'flagged') standing.flagged += 1
      for (const { attribute, value, flag, accepted } of product.flags) {
        standing.flags.push({
          product: product.identifier,
          row: product.row,
          field: attribute,
          value,
          reason: flag.reason,
          text: flag.text,
          accepted,
        })
      }
    }
  }
  return {
    products: job.products,
    succeeded: standing.accepted,
    flagged: standing.flagged,
    failed: counts.failed,
    waiting: job.products - standing.accepted - standing.flagged - counts.failed,
    failures: run ? await failedItems({ database, workspaceId, runId: run.id }) : [],
    flags: standing.flags,
    rejected: source.rejected,
    unwritten: delivery?.unencodable ?? [],
    calls: receipt?.calls ?? 0,
    usage: receipt?.usage ?? {},
    quoted,
    cost: { currency, amount: amountOf(receipt, currency) },
    otherCosts: (receipt?.cost ?? [])
      .filter((money) => money.currency !== currency)
      .map((money) => ({ currency: money.currency, amount: formatNano(money.nano) })),
    costUnknownCalls: receipt?.costUnknownCalls ?? 0,
    resumed: job.resumed,
    seconds: Math.round(seconds * 10) / 10,
    paused: end?.kind === 'paused' ? forCommand(end.pause) : null,
    interrupted: end?.kind === 'interrupted',
    declined: end?.kind === 'declined',
    written: delivery ? { rows: delivery.rows, changedCells: delivery.changedCells } : null,
    practice: order.connection.provider === 'practice',
    plan,
    savings,
  }
}

/** A pause with the option that ends it, where there is one. */
const forCommand = (pause: Pause): Pause =>
  pause.code === 'budget.exceeded' ? { ...pause, detail: `${pause.detail} Here that is the same command with a higher --cap.` } : pause

/** What is known of the cost; null when there were calls and none has a known cost in this currency. */
function amountOf(receipt: Receipt | undefined, currency: string): string | null {
  if (!receipt || receipt.calls === 0) return '0'
  const known = receipt.cost.find((money) => money.currency === currency)
  return known ? formatNano(known.nano) : null
}

/** The report of a command that was interrupted before there was anything to run. */
export function reportBeforeRun({ currency, seconds, practice }: { currency: string; seconds: number; practice: boolean }): EnrichReport {
  return {
    products: 0,
    succeeded: 0,
    flagged: 0,
    failed: 0,
    waiting: 0,
    failures: [],
    flags: [],
    rejected: [],
    unwritten: [],
    calls: 0,
    usage: {},
    quoted: { currency, low: null, high: null },
    cost: { currency, amount: '0' },
    otherCosts: [],
    costUnknownCalls: 0,
    resumed: false,
    seconds: Math.round(seconds * 10) / 10,
    paused: null,
    interrupted: true,
    declined: false,
    written: null,
    practice,
    plan: null,
    savings: null,
  }
}

export function exitCodeOfReport({ interrupted, declined, paused, failed, rejected, waiting }: EnrichReport): ExitCode {
  if (interrupted) return EXIT.interrupted
  if (declined) return EXIT.done
  if (paused) {
    const code = exitCodeOf(new AppError(paused.code, paused.detail))
    return code === EXIT.unexpected ? EXIT.itemsFailed : code
  }
  return failed > 0 || rejected.length > 0 || waiting > 0 ? EXIT.itemsFailed : EXIT.done
}

const MOST_LISTED = 20

/** `out`: the file that was written, as the person named it. */
export function printReport(io: CommandIo, report: EnrichReport, { json, out }: { json: boolean; out: string }): void {
  io.out(json ? `${JSON.stringify(report)}\n` : receiptText(report, out))
}

function receiptText(report: EnrichReport, out: string): string {
  const { quoted, cost } = report
  const usage = Object.entries(report.usage).map(([unit, units]) => `${formatCount(units)} ${unit.replaceAll('_', ' ')}`)
  const money = cost.amount === null ? 'unknown' : formatMoney({ nano: parseNano(cost.amount), currency: cost.currency })
  const quote =
    quoted.low === null || quoted.high === null ? 'unknown' : rangeOf(parseNano(quoted.low), parseNano(quoted.high), quoted.currency)
  const others = report.otherCosts.map(({ currency, amount }) => ` and ${formatMoney({ nano: parseNano(amount), currency })}`).join('')
  const unknown = report.costUnknownCalls > 0 ? `, and ${formatCount(report.costUnknownCalls)} calls of unknown cost` : ''
  const lines = [
    '',
    `Receipt${report.practice ? ' (practice, not AI)' : ''}`,
    `  products   ${formatCount(report.products)}: ${formatCount(report.succeeded)} succeeded, ${formatCount(report.flagged)} flagged, ${formatCount(report.failed)} failed${report.waiting > 0 ? `, ${formatCount(report.waiting)} waiting` : ''}`,
    `  calls      ${formatCount(report.calls)}`,
    ...(usage.length > 0 ? [`  usage      ${usage.join(', ')}`] : []),
    `  quoted     ${quote}`,
    `  cost       ${money}${others}${unknown}`,
    `  time       ${duration(report.seconds)}`,
    report.written
      ? `  written    ${out}: ${formatCount(report.written.changedCells)} cells changed in ${formatCount(report.written.rows)} products`
      : `  written    nothing yet`,
    ...(report.savings ? describeSavings(report.savings) : []),
    ...listed(
      "Flagged: something in the text is not in the product's own data. Left out of the file; --accept-flagged writes them.",
      report.flags.filter(({ accepted }) => !accepted),
      describeFlag,
    ),
    ...listed(
      "Flagged and accepted: in the file, though not in the product's own data",
      report.flags.filter(({ accepted }) => accepted),
      describeFlag,
    ),
    ...listed('Failed', report.failures, ({ product, row, code, reason }) => `${product} (row ${row}): ${reason} [${code}]`),
    ...listed('Rows left out of the import, copied as they are', report.rejected, ({ line, reason }) => `line ${line}: ${reason.text}`),
    ...listed(
      "Values that the file's encoding cannot hold, left as they were",
      report.unwritten,
      ({ identifier, column, characters }) => `${identifier} ${column}: ${characters}`,
    ),
    ...(report.paused
      ? ['', `Paused: ${report.paused.detail}`, `  More: docs/errors/${report.paused.code}.md`, '  The same command continues here.']
      : []),
    ...(report.declined ? ['', 'The rest was not run. The same command continues here.'] : []),
    ...(report.interrupted ? ['', 'Interrupted. The same command continues here; what is done is paid for once.'] : []),
  ]
  return `${lines.join('\n')}\n`
}

const describeFlag = ({ product, field, text }: FlaggedValue): string => `${product} ${field}: "${text}"`

function listed<T>(title: string, entries: readonly T[], line: (entry: T) => string): string[] {
  if (entries.length === 0) return []
  const more = entries.length - MOST_LISTED
  return [
    '',
    `${title} (${formatCount(entries.length)}):`,
    ...entries.slice(0, MOST_LISTED).map((entry) => `  ${line(entry)}`),
    ...(more > 0 ? [`  and ${formatCount(more)} more: --json lists all of them.`] : []),
  ]
}
