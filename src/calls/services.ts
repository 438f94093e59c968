import type { Database } from '../db/database.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Sender } from '../providers/send.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'
import type { Vault } from '../vault/vault.ts'
import type { MachineClock } from './machine-time.ts'
import type { Pace } from './pace.ts'
import type { CallWatch } from './watch.ts'

/** What the path of a call stands on; made once per process. */
export interface CallServices {
  readonly database: Database
  readonly vault: Vault
  readonly ledger: Ledger
  readonly sender: Sender
  readonly clock: Clock
  readonly log: Log
  readonly paceOf: (connectionId: string) => Pace
  readonly machineOf: (connectionId: string) => MachineClock
  readonly watch: CallWatch
}
