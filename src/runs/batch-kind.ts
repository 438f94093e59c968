import type { Asking, BatchOutcome } from '../calls/batches/judge.ts'
import type { OpenRequest } from '../calls/batches/rows.ts'
import type { ChatCall } from '../calls/chat-call.ts'
import type { BudgetRefusal } from '../ledger/intent.ts'
import type { ResultWrite } from '../ledger/settlement.ts'
import type { Pause, RunKind, SettledItem } from './run-kind.ts'

/** A candidate of a run whose provider has a batch service. */
export interface BatchedPlace {
  readonly place: number // in the run's own list
  readonly provider: string
  readonly destination: string // canonical
  readonly asking: Asking
  /** Its price in batches is known now: only then are any made. */
  readonly isPriced: boolean
}

/** What became of a unit in a batch. `again`: to be asked about once more, by a usual call. */
export interface BatchedResult<Subject> {
  readonly settled: readonly SettledItem[]
  readonly again: readonly Subject[]
  readonly writes: readonly ResultWrite<never>[]
}

/** A kind of run whose units can go into batches: as `perform`, in two halves with hours between them. */
export interface BatchKind<Subject> extends RunKind<Subject> {
  readonly actor: string
  readonly member: string | undefined
  readonly places: readonly BatchedPlace[]
  /** The request that asks about a unit. */
  compose(unit: readonly Subject[], at: BatchedPlace): { readonly call: ChatCall; readonly outputLimit: number }
  /** What its answer gave. */
  settle(
    unit: readonly Subject[],
    at: BatchedPlace,
    answer: { readonly request: OpenRequest; readonly outcome: Exclude<BatchOutcome, { readonly kind: 'unanswered' }> },
  ): BatchedResult<Subject>
  /** Its result is there without asking: `perform` writes it, and it goes into no batch. */
  isFree(subject: Subject): boolean
  noRoom(refusal: BudgetRefusal): Pause
}
