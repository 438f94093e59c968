import type { Destination } from '../providers/provider.ts'

/** The context of a connection's own checks, which its limits to contexts do not stop. */
export const CONNECTION_CHECK = 'connection-check'

/** What is known of a call before its first byte leaves. Money in nano-units of `currency`. */
export interface CallIntent {
  readonly id: string // the call id, made by the caller: intending twice is refused by the database
  readonly workspaceId: string
  readonly connectionId: string
  readonly actor: string // "command", later "member:<id>"
  readonly origin: string // what caused it: "run:<id>", "test"
  readonly context: string
  readonly attempt: number // 1 is the first; each retry is a call of its own
  readonly requestedModel: string
  /** The most this call can cost; undefined when no price is known. Reserved on every budget named. */
  readonly worstCaseNano: bigint | undefined
  readonly currency: string
  readonly budgetIds: readonly string[]
  /** A key is tried that is not the connection's own, in its check: the intent and its entry name version 0, which no sealed key has. */
  readonly offersKey?: true
}

/** A connection as it stood in the intent's own commit: what may be opened and sent to, and nothing older. */
export interface CommittedConnection {
  readonly id: string
  readonly provider: string
  readonly slug: string
  readonly destination: Destination
  readonly sealedKey: string | null
  readonly keyVersion: number
}

/** The state of a budget that has no room for a reservation. */
export interface BudgetRefusal {
  readonly budgetId: string
  readonly scope: string
  readonly currency: string
  readonly limitNano: bigint
  readonly spentNano: bigint
  readonly heldNano: bigint
  readonly askedNano: bigint
}

/** Whether a call may be made. Admitted: the intent is durable and its worst case is held. */
export type Admission =
  | { readonly kind: 'admitted'; readonly intendedAt: Date; readonly connection: CommittedConnection }
  /** No room in a budget now; what calls in flight hold may be given back. */
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  /** A capped budget cannot hold a call of unknown price. */
  | { readonly kind: 'unpriced'; readonly budgetId: string }
  | { readonly kind: 'revoked'; readonly slug: string }
  | { readonly kind: 'missing' }
