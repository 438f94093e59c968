import type { ErrorCode } from '../base/errors.ts'
import type { Usage, UsageSource } from '../base/usage.ts'
import type { Tx } from '../db/database.ts'
import type { CALL_OUTCOMES } from '../db/schema/index.ts'
import type { CallIntent } from './intent.ts'

export type CallOutcome = (typeof CALL_OUTCOMES)[number]

/**
 * Writes many results of one kind in one statement or few, inside the settling commit. Writers are compared by
 * identity: keep one function per kind of result, so that results of many calls share a statement.
 */
export type ResultWriter<Row> = (tx: Tx, rows: readonly Row[]) => Promise<void>

/** A caller's own results, committed together with the ledger entry or not at all. */
export interface ResultWrite<Row = never> {
  readonly writer: ResultWriter<Row>
  readonly rows: readonly Row[]
}

/** How a call ended, and what is known of its usage and cost. Undefined is unknown, which is not zero. */
export interface Settlement {
  readonly intent: CallIntent
  readonly intendedAt: Date
  readonly keyVersion: number
  readonly outcome: CallOutcome
  readonly errorCode?: ErrorCode | undefined
  readonly status?: number | undefined // HTTP status of the provider's answer
  readonly servedModel?: string | undefined
  readonly serviceTier?: string | undefined
  readonly providerRequestId?: string | undefined
  readonly usage?: Usage | undefined
  readonly usageSource?: UsageSource | undefined
  readonly rawUsage?: unknown
  readonly inputParts?: Readonly<Record<string, number>> | undefined // tokens by part of the input
  readonly cost?: SettledCost | undefined
  readonly sentAt?: Date | undefined
  readonly firstByteAt?: Date | undefined
  readonly endedAt: Date
  readonly writes?: readonly ResultWrite<never>[] | undefined
}

/** What a call cost, in nano-units of `currency`. `rowIds`: the price rows used; `listNano`: the published price's cost, where that is another. */
export interface SettledCost {
  readonly nano: bigint
  readonly currency: string
  readonly source: 'declared' | 'rate_card' | 'price_book' | 'free' | 'not_billed'
  readonly listNano?: bigint | undefined
  readonly rowIds: readonly string[]
}

/** Pairs a writer with its rows; the row type is checked here and forgotten after. */
export function resultWrite<Row>(writer: ResultWriter<Row>, rows: readonly Row[]): ResultWrite<never> {
  return { writer, rows } as unknown as ResultWrite<never>
}

/**
 * What a settled call counts for in its own currency: its cost, nothing when it surely was not sent, else its whole worst case,
 * so that what is unknown never widens a cap. Budgets in other currencies, and those that price it themselves, differ (`chargeOn`).
 * The cost of an answer that broke off is a guess at what the provider will bill: it is shown as such, and a cap does not rest on it.
 */
export function chargeOf({ intent, ...settlement }: Pick<Settlement, 'intent' | 'outcome' | 'cost' | 'usageSource'>): bigint {
  const { outcome, cost } = settlement
  if (outcome === 'not_sent') return 0n
  const own = cost && cost.currency === intent.currency ? cost.nano : undefined
  if (own !== undefined && !isGuessed(settlement)) return own
  return largest(intent.worstCaseNano ?? 0n, own ?? 0n)
}

/** Whether a call's usage was estimated from an answer that broke off. */
export const isGuessed = ({ outcome, usageSource }: Pick<Settlement, 'outcome' | 'usageSource'>): boolean =>
  outcome !== 'succeeded' && usageSource === 'estimated'

export const largest = (a: bigint, b: bigint): bigint => (a > b ? a : b)
