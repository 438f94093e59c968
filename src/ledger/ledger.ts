import type { Database } from '../db/database.ts'
import type { Clock } from '../runtime/clock.ts'
import { createGroupCommit, type TellBudgets } from './group-commit.ts'
import type { Admission, CallIntent } from './intent.ts'
import type { Settlement } from './settlement.ts'

/** Steps 3 and 7 of a call's path. Both resolve after their commit is durable. */
export interface Ledger {
  /**
   * Asks for a call: checks the connection, finds the budgets and rate limits that cover it, reserves in all of them, and writes
   * the intent. Nothing may be sent before it is admitted.
   */
  intend(intent: CallIntent): Promise<Admission>
  /** Closes a call with what is known, together with the caller's own results. Its `intent` is the object that was admitted. */
  settle(settlement: Settlement): Promise<void>
  /** Resolves when no commit is queued or under way, and all that was committed is in its tables. */
  idle(): Promise<void>
  /**
   * For who reads intents and entries: resolves when all that was asked before is in their tables. With `unlessBusy` what came in the
   * last seconds may be missing while calls come by the thousand: for pages that ask all the time.
   */
  caughtUp(how?: { readonly unlessBusy?: boolean }): Promise<void>
  /** Lets what is under way end, and puts everything into its tables. */
  close(): Promise<void>
}

/**
 * `instance` names this process in intents and entries; intents left under it by a crash are swept at its next start. `tell` writes
 * what people should hear of their budgets, inside the commit that found it.
 */
export function createLedger(options: { database: Database; clock: Clock; instance: string; tell?: TellBudgets | undefined }): Ledger {
  const group = createGroupCommit(options)
  return {
    intend: group.intend,
    settle: async (settlement) => void (await group.settle(settlement)),
    idle: () => group.idle(),
    caughtUp: (how) => group.caughtUp(how),
    close: () => group.close(),
  }
}
