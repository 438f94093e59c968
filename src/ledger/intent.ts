import type { Destination } from '../providers/provider.ts'

/** The context of a connection's own checks, which its limits to contexts do not stop. */
export const CONNECTION_CHECK = 'connection-check'

/** What is known of a call before its first byte leaves. Money in nano-units of `currency`. */
export interface CallIntent {
  readonly id: string // the call id, made by the caller: intending twice is refused by the database
  readonly workspaceId: string
  readonly connectionId: string
  readonly actor: string // "command", "user:<id>", "token:<id>"
  /** The person who acts, by their user id; undefined: nobody in particular. Budgets and rate limits of members go by it. */
  readonly member?: string | undefined
  readonly virtualKeyId?: string | undefined
  /** What its caller has read of the virtual key: the call is admitted only while the key still stands as it did then. */
  readonly virtualKeyChangedAt?: Date | undefined
  readonly origin: string // what caused it: "run:<id>", "test"
  readonly context: string
  readonly attempt: number // 1 is the first; each retry is a call of its own
  readonly requestedModel: string
  /** The most this call can cost; undefined when no price is known. Held by every budget that covers it. */
  readonly worstCaseNano: bigint | undefined
  readonly currency: string
  /** The most tokens it can use, in and out; undefined: unknown, or it uses none. Taken from rate limits in tokens. */
  readonly tokensAtMost?: number | undefined
  /** Its origin's own budgets in total (a run's). Those that people set are found by what they cover. */
  readonly budgetIds: readonly string[]
  /** It goes into a provider's batch, which settles it in hours: no crash ends it, and rate limits per minute say nothing of it. */
  readonly batchId?: string | undefined
  /** It comes by the thousand: its intent and its entry go through the journal (journal.ts), and it has no results to write with it. */
  readonly byTheThousand?: true
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
  readonly name: string | null // null: a run's or a trial's own
  readonly scope: string | null // "run:<id>"; null: a budget that people set
  readonly currency: string
  readonly limitNano: bigint
  readonly spentNano: bigint
  readonly heldNano: bigint
  readonly askedNano: bigint
  readonly resetsAt: Date | null // null: never by itself
}

/** The state of a rate limit that lets no more through now. */
export interface RateLimitRefusal {
  readonly rateLimitId: string
  readonly name: string
  readonly counts: 'requests' | 'tokens'
  readonly perMinute: number
  readonly burst: number
  readonly available: number // whole requests or tokens, of `burst`; 0 and less: used up by calls that took more than was held
  readonly asked: number
  readonly retryAfterMs: number | null // null: it asks for more than may ever come at once
}

/** Whether a call may be made. Admitted: the intent is durable and its worst case is held. */
export type Admission =
  | { readonly kind: 'admitted'; readonly intendedAt: Date; readonly connection: CommittedConnection }
  /** No room in a budget now; what calls in flight hold may be given back. */
  | { readonly kind: 'no_room'; readonly refusal: BudgetRefusal }
  /** Too fast for a rate limit. */
  | { readonly kind: 'limited'; readonly refusal: RateLimitRefusal }
  /** A capped budget cannot hold a call of unknown price, unless its owner priced it. `name` null: a run's or a trial's own. */
  | { readonly kind: 'unpriced'; readonly budgetId: string; readonly name: string | null; readonly currency: string }
  | { readonly kind: 'revoked'; readonly slug: string }
  /** The virtual key has ended, or was changed since its caller read it. */
  | { readonly kind: 'virtual_key'; readonly state: 'ended' | 'changed' }
  | { readonly kind: 'missing' }
