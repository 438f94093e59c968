import type { Settlement } from '../ledger/settlement.ts'
import type { CallServices } from './services.ts'

/** Between two tries; together less than the age at which an intent counts as left by a crash. */
const WAITS_MS = [500, 2_000, 10_000, 30_000, 120_000, 300_000]

/**
 * Settles a call whose caller waits for no commit: a database that is away for a moment costs no entry, and leaves nothing held in
 * a budget until the next start. @param signal no more tries when it aborts. @throws what the last try failed with.
 */
export async function settleInTheEnd(
  { ledger, clock }: Pick<CallServices, 'ledger' | 'clock'>,
  settlement: Settlement,
  signal: AbortSignal,
): Promise<void> {
  for (const waitMs of WAITS_MS) {
    try {
      return await ledger.settle(settlement)
    } catch (error) {
      const isOver = await clock.sleep(waitMs, signal).then(
        () => false,
        () => true,
      )
      if (isOver) throw error
    }
  }
  return ledger.settle(settlement)
}
