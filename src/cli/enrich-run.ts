import type { Estimator } from '../apps/enrichment/estimate.ts'
import { beginJob, driveJob, type EnrichmentOrder, pauseJob, runCounts, type RunnableJob } from '../apps/enrichment/job.ts'
import { AppError } from '../base/errors.ts'
import { readBudget } from '../ledger/budgets.ts'
import { batchViews } from '../runs/batch-view.ts'
import type { DriveEnd } from '../runs/drive.ts'
import { cancelRun } from '../runs/runs.ts'
import type { CommandIo } from '../server/command-request.ts'
import { askToGoOn } from './ask.ts'
import type { EnrichOptions } from './enrich-options.ts'
import { describeBatch, describeQuote } from './enrich-text.ts'
import type { Interruptible } from './interrupt.ts'
import { startProgress } from './progress.ts'
import type { Services } from '../server/services.ts'

const LOOK_AT_MONEY_EVERY_MS = 1_000

/** How an order's run ended. `withdrawn`: not approved, nothing was run. `declined`: the canary ran, the rest was not approved. */
export type RunEnd = DriveEnd | { readonly kind: 'withdrawn' } | { readonly kind: 'declined' }

interface RunInput {
  readonly io: CommandIo
  readonly services: Services
  readonly job: RunnableJob
  readonly options: EnrichOptions
  readonly interrupt: Interruptible
  readonly estimator: Estimator
}

/** Asks for approval where the person did not give it beforehand, runs the canary where there is one, then the rest. */
export async function runApproved({ say, ...input }: RunInput & { say: (text: string) => void }): Promise<RunEnd> {
  const { io, services, job, options, interrupt, estimator } = input
  if (job.resumed && (await unsettled(input)) === 0) return { kind: 'finished' } // it was cut off while it wrote the file
  if (!(await approved(input))) return { kind: 'withdrawn' }
  await beginJob(services, job)
  const canaryEnd = job.resumed ? undefined : estimator.canaryEnd()
  if (canaryEnd === undefined) return runWithProgress(input)
  const end = await runWithProgress({ ...input, upTo: canaryEnd })
  if (end.kind !== 'finished') return end
  say(describeQuote(job, estimator.estimate(), job.order, options.canary))
  if (options.yes || (await askToGoOn(io, 'Run the rest?', interrupt.signal))) return runWithProgress(input)
  await pauseJob(services, job, { code: 'call.interrupted', detail: 'The rest was not approved.' })
  return { kind: 'declined' }
}

async function unsettled({ services, job }: RunInput): Promise<number> {
  const { waiting, leased, failed } = await runCounts(services, job)
  return waiting + leased + failed // what failed is tried again
}

/** A new run that is not approved is withdrawn; one that was begun before keeps waiting. */
async function approved({ io, services, job, options, interrupt, estimator }: RunInput): Promise<boolean> {
  const { order, run, resumed } = job
  let yes = false
  try {
    if (order.capNano !== undefined && !estimator.estimate().priced) throw priceUnknown(order)
    yes = options.yes || (await askToGoOn(io, 'Run it?', interrupt.signal))
  } finally {
    if (!yes && !resumed) await cancelRun(services.database, { workspaceId: order.workspaceId, runId: run.id })
  }
  return yes
}

const priceUnknown = ({ model, connection }: EnrichmentOrder): AppError =>
  new AppError(
    'price.unknown',
    `A capped run needs a price, and none is published for ${model} at ${connection.provider}. Enter yours per million tokens with --price INPUT/OUTPUT (0/0 for free).`,
  )

/** Drives a job and shows how far it is: items as they settle, money from the budget once a second. */
async function runWithProgress({
  io,
  services,
  job,
  options,
  interrupt,
  estimator,
  upTo,
}: RunInput & { upTo?: number }): Promise<DriveEnd> {
  const { database } = services
  const { order, run } = job
  const counts = await runCounts(services, job)
  const state = { done: counts.done, flagged: counts.flagged, failed: counts.failed, note: '' }
  const total = Object.values(counts).reduce((a, b) => a + b, 0)
  const { priced } = estimator.estimate()
  let spentNano = 0n
  const progress = startProgress({ io, quiet: options.json, asLines: options.steps.batch })
  const show = (): void => progress.update({ ...state, total, spent: priced ? { nano: spentNano, currency: order.currency } : undefined })
  const lookAtMoney = async (): Promise<void> => {
    const { budget, batches } = await database.inWorkspace(order.workspaceId, async (tx) => ({
      budget: await readBudget(tx, run.budgetId),
      batches: (await batchViews(tx, [run.id])).get(run.id) ?? [],
    }))
    spentNano = budget?.spentNano ?? 0n
    state.note = batches.map(describeBatch).join('; ')
    show()
  }
  await lookAtMoney()
  const timer = setInterval(() => {
    lookAtMoney().catch((error: unknown) => services.log.debug({ error }, 'could not read what was spent'))
  }, LOOK_AT_MONEY_EVERY_MS)
  try {
    return await driveJob(services, job, {
      concurrency: options.concurrency,
      ...(upTo === undefined ? {} : { upTo }),
      signal: interrupt.signal,
      hardSignal: interrupt.hardSignal,
      onAnswered: (call) => estimator.observe(call),
      onSettled: (items) => {
        for (const item of items) state[item.state] += 1
        show()
      },
    })
  } finally {
    clearInterval(timer)
    await lookAtMoney().catch(() => show()) // the last look is what stays on the screen
    progress.stop()
  }
}
