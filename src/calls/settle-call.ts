import type { Settlement } from '../ledger/settlement.ts'
import { type EndedCall, logCall } from './log-call.ts'
import type { CallServices } from './services.ts'

type Services = Pick<CallServices, 'ledger' | 'clock' | 'log'>

/** Step 7 of a call's path, for who waits for the commit: then the call is over. @throws what the commit failed with. */
export async function settleCall({ ledger, log }: Pick<Services, 'ledger' | 'log'>, ended: EndedCall): Promise<void> {
  await ledger.settle(ended.settlement)
  logCall({ log, ...ended })
}

/** The same for an answer that waits for no commit. What cannot be settled is said in the log. @param closing no more tries when it aborts. */
export function settleUnwaited(services: Services, ended: EndedCall, closing: AbortSignal): void {
  settleInTheEnd(services, ended.settlement, closing).then(
    () => logCall({ log: services.log, ...ended }),
    (error: unknown) => {
      services.log.error({ error, callId: ended.settlement.intent.id }, 'a call could not be settled; it stays an intent')
    },
  )
}

/** Between two tries; together less than the age at which an intent counts as left by a crash. */
const WAITS_MS = [500, 2_000, 10_000, 30_000, 120_000, 300_000]

/**
 * Settles a call whose caller waits for no commit: a database that is away for a moment costs no entry, and leaves nothing held in
 * a budget until the next start. @param signal no more tries when it aborts. @throws what the last try failed with.
 */
export async function settleInTheEnd(
  { ledger, clock }: Pick<Services, 'ledger' | 'clock'>,
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
