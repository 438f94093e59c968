import type { ErrorCode } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'

/** One item handed to a worker. `attempt` is its fencing number: a commit that carries an older one is refused. */
export interface LeasedItem {
  readonly runId: string
  readonly position: number // 1 is the first
  readonly subjectId: string // the product, document or image
  readonly workHash: string
  readonly candidate: number // who is asked: place in the run's own list; the items of a unit share it
  readonly escalated: Escalation | null // what it came to with the candidate before; null: it was the first
  readonly leader: number | null // position of the item, ended by now, whose result it may be filled in from
  readonly attempt: number
}

/** Why another candidate is asked about an item: what the first one wrote is flagged, or was not right. */
export type Escalation = 'flagged' | 'failed'

/** Why a run stopped handing out items, with the remedy in words. */
export interface Pause {
  readonly code: ErrorCode
  readonly detail: string
  /** The budget that people set and that has no room; absent: it was the run's own cap, or something else. */
  readonly budget?: { readonly id: string; readonly name: string }
}

/** What became of one unit of work. Items that are not settled wait again. */
export interface UnitOutcome<Subject = never> {
  readonly settled: readonly SettledItem[]
  /** The provider or the key refuses everything alike: pause, nothing of it is an item's fault. */
  readonly pause?: Pause
  /** The reservation found no room: what is not settled is tried again when calls in flight have ended. */
  readonly noRoom?: Pause
  /** With `noRoom`: the subjects that are not settled, in the unit's order, as far as they have come; else they start anew. */
  readonly left?: readonly Subject[]
}

/** How an item ends: written, written with something to look at, or not written. */
export type SettledState = 'done' | 'flagged' | 'failed'

/** An item that has ended, as it is told to whoever watches the run. */
export interface SettledItem {
  readonly position: number // 1 is the first
  readonly state: SettledState
  readonly errorCode?: ErrorCode
}

/** What a kind of run does with its items. Adding one: a file, and a line where the command or route starts it. */
export interface RunKind<Subject> {
  readonly id: string
  /** How many items go into one unit (the products of one call); those of one unit have the same candidate. */
  readonly itemsPerUnit: number
  /** Subjects of different sorts are never in one unit; absent: they are all of one. */
  sortOf?(this: void, subject: Subject): unknown
  /** Loads what the leased items need, in one query; called for many items at once. */
  load(tx: Tx, items: readonly LeasedItem[]): Promise<Subject[]>
  /** Items may wait for others to end. */
  readonly leads?: boolean
  /** Does one unit, and commits each item's result with its call's ledger entry. Never throws for what one item or provider does. */
  perform(unit: readonly Subject[], signal: AbortSignal): Promise<UnitOutcome<Subject>>
}
