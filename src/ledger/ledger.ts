import type { Database } from '../db/database.ts'
import type { Clock } from '../runtime/clock.ts'
import { createGroupCommit } from './group-commit.ts'
import type { Admission, CallIntent } from './intent.ts'
import type { Settlement } from './settlement.ts'

/** Steps 3 and 7 of a call's path. Both resolve after their commit is durable. */
export interface Ledger {
  /** Asks for a call: checks the connection and the budgets, and writes the intent. Nothing may be sent before it is admitted. */
  intend(intent: CallIntent): Promise<Admission>
  /** Closes a call with what is known, together with the caller's own results. */
  settle(settlement: Settlement): Promise<void>
  /** Resolves when no commit is queued or under way. */
  idle(): Promise<void>
}

/** `instance` names this process in intents and entries; intents left under it by a crash are swept at its next start. */
export function createLedger({ database, clock, instance }: { database: Database; clock: Clock; instance: string }): Ledger {
  const group = createGroupCommit({ database, clock, instance })
  return {
    intend: (intent) => new Promise((resolve, reject) => group.enqueue({ kind: 'intend', intent, resolve, reject })),
    settle: (settlement) =>
      new Promise((resolve, reject) => group.enqueue({ kind: 'settle', intent: settlement.intent, settlement, resolve, reject })),
    idle: () => group.idle(),
  }
}
