import { formatNano } from '../base/money.ts'
import type { RunSavingsView, StepName } from '../contract/runs.ts'
import type { Tx } from '../db/database.ts'
import type { Run } from './runs.ts'
import { readSavingFacts } from './saved-facts.ts'
import { savedSteps } from './saved-steps.ts'
import type { KeptQuote } from './view.ts'

/** What a run's steps saved, from how its products came to their values and what their calls cost, beside what was quoted of each. */
export async function savingsView(tx: Tx, run: Run, currency: string): Promise<RunSavingsView> {
  const plan = (run.quote as unknown as KeptQuote | null)?.plan
  const { steps, savedNano, withoutNano } = savedSteps(await readSavingFacts(tx, run, { currency, plan }))
  const money = (nano: bigint | null) => (nano === null ? null : { currency, amount: formatNano(nano) })
  return {
    steps: steps.map(({ step, count, values, savedNano: nano, unknown }) => {
      const planned = plan?.steps.find((row) => row.step === step)
      const { because = null, saves: quoted = null } = planned ?? {}
      const quotedCount = COUNTS_PRODUCTS.has(step) ? (planned?.count ?? null) : null
      return { step, because, quoted, quotedCount, count, values, saved: money(nano), unknown }
    }),
    saved: money(savedNano),
    without: money(withoutNano),
  }
}

/** Of these steps the plan counts what the receipt counts. */
const COUNTS_PRODUCTS: ReadonlySet<StepName> = new Set(['unchanged', 'rules', 'siblings'])
