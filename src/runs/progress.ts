import { sql } from 'drizzle-orm'
import type { RunProgressView } from '../contract/runs.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { readBudget } from '../ledger/budgets.ts'
import type { Clock } from '../runtime/clock.ts'
import { batchViews } from './batch-view.ts'
import { countsOf, findRun } from './commands.ts'
import { stateView } from './view.ts'

const MINUTE_MS = 60_000
/** A rate from less than this says nothing. */
const SHORTEST_LOOK_MS = 5_000
/** How far from the last minute's rate the rest of a run may be. */
const FASTEST = 0.8
const SLOWEST = 1.4

/**
 * How far a run is: at once, then at most once a second when something changed, until it has ended. All of it is read from
 * the database, whichever process drives the run. @throws `run.missing` at the first step
 */
export async function* watchRun(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { workspaceId, runId, signal }: { workspaceId: string; runId: string; signal: AbortSignal },
): AsyncGenerator<RunProgressView> {
  const rate = createRate()
  let before = ''
  for (;;) {
    const startedMs = clock.now().getTime()
    const { view, settledLately } = await database.inWorkspace(workspaceId, async (tx) => {
      const run = await findRun(tx, runId)
      const counts = await countsOf(tx, run)
      const budget = await readBudget(tx, run.budgetId)
      const isFirst = before === '' && run.state === 'running'
      return {
        view: stateView(run, { counts, budget: budget!, batches: (await batchViews(tx, [runId])).get(runId) }),
        settledLately: isFirst ? await settledSince(tx, runId, startedMs - MINUTE_MS) : undefined,
      }
    })
    const nowMs = clock.now().getTime()
    const { done, flagged, failed, waiting } = view.counts
    const ratePerMinute =
      view.state === 'running' ? rate.observe({ nowMs, settled: done + flagged + failed, settledLately }) : rate.forget()
    const progress: RunProgressView = { ...view, ratePerMinute, secondsLeft: timeLeft(waiting, ratePerMinute) }
    const now = JSON.stringify(progress)
    if (now !== before) yield progress
    before = now
    if (view.state === 'finished' || view.state === 'cancelled') return
    try {
      // Counting a run of a million takes a moment: its database has other things to do as well.
      await clock.sleep(Math.max(1_000, 10 * (nowMs - startedMs)), signal)
    } catch {
      return
    }
  }
}

interface Settled {
  readonly count: number
  readonly firstMs: number
}

/** What was settled since then: for the rate of a run that was going on before anyone looked. */
async function settledSince(tx: Tx, runId: string, sinceMs: number): Promise<Settled | undefined> {
  const [row] = await rowsOf<{ count: number; first: string | null }>(
    tx,
    sql`select count(*)::integer as count, (extract(epoch from min(settled_at)) * 1000)::bigint::text as first
        from run_items where run_id = ${runId}::uuid and state in ('done', 'flagged', 'failed') and settled_at > ${new Date(sinceMs).toISOString()}::timestamptz`,
  )
  return row && row.first !== null ? { count: row.count, firstMs: Number(row.first) } : undefined
}

/** Products a minute over the last minute, from looks at how many have ended. */
function createRate(): {
  observe(look: { nowMs: number; settled: number; settledLately: Settled | undefined }): number | null
  forget(): null
} {
  let looks: { readonly atMs: number; readonly settled: number }[] = []
  return {
    observe({ nowMs, settled, settledLately }) {
      if (looks.length === 0 && settledLately) looks.push({ atMs: settledLately.firstMs, settled: settled - settledLately.count })
      looks.push({ atMs: nowMs, settled })
      looks = looks.filter(({ atMs }, index) => atMs >= nowMs - MINUTE_MS || looks[index + 1]!.atMs > nowMs - MINUTE_MS)
      const [first] = looks
      const spanMs = nowMs - first!.atMs
      return spanMs < SHORTEST_LOOK_MS || settled < first!.settled ? null : ((settled - first!.settled) * MINUTE_MS) / spanMs
    },
    forget() {
      looks = []
      return null
    },
  }
}

function timeLeft(waiting: number, ratePerMinute: number | null): RunProgressView['secondsLeft'] {
  if (ratePerMinute === null || ratePerMinute === 0) return null
  const seconds = (waiting / ratePerMinute) * 60
  return { low: Math.floor(seconds * FASTEST), high: Math.ceil(seconds * SLOWEST) }
}
