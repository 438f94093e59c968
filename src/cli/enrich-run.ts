import type { Estimator } from '../apps/enrichment/estimate.ts'
import { driveJob, runCounts, type RunnableJob } from '../apps/enrichment/job.ts'
import { readBudget } from '../ledger/budgets.ts'
import type { DriveEnd } from '../runs/drive.ts'
import type { EnrichOptions } from './enrich-options.ts'
import type { Interruptible } from './interrupt.ts'
import { startProgress } from './progress.ts'
import type { Services } from './services.ts'

const LOOK_AT_MONEY_EVERY_MS = 1_000

/** Drives a job and shows how far it is: items as they settle, money from the budget once a second. */
export async function runWithProgress({
  services,
  job,
  options,
  interrupt,
  estimator,
  upTo,
}: {
  services: Services
  job: RunnableJob
  options: EnrichOptions
  interrupt: Interruptible
  estimator: Estimator
  upTo?: number
}): Promise<DriveEnd> {
  const { database } = services
  const { order, run } = job
  const counts = await runCounts(services, job)
  const state = { done: counts.done, flagged: counts.flagged, failed: counts.failed }
  const total = Object.values(counts).reduce((a, b) => a + b, 0)
  let spentNano = 0n
  const progress = startProgress({ stream: process.stderr, quiet: options.json })
  const show = (): void => progress.update({ ...state, total, spent: { nano: spentNano, currency: order.currency } })
  const lookAtMoney = async (): Promise<void> => {
    const budget = await database.inWorkspace(order.workspaceId, (tx) => readBudget(tx, run.budgetId))
    spentNano = budget?.spentNano ?? 0n
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
