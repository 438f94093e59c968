import { AppError } from '../../base/errors.ts'
import { formatMoney } from '../../base/money.ts'
import type { Forwarded } from '../../calls/forward.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'

type NoRoom = Extract<Forwarded, { kind: 'no_room' }>['refusal']

/** Why a call was not made, or failed without an answer, as its caller is told. */
export function refusalOf(forwarded: Exclude<Forwarded, { kind: 'whole' | 'stream' }>): ProviderFailure | AppError {
  return forwarded.kind === 'no_room' ? new AppError('budget.exceeded', exceeded(forwarded.refusal)) : forwarded.failure
}

/** Which budget, what is used and held of it, and when it resets. */
function exceeded({ name, currency, limitNano, spentNano, heldNano, askedNano, resetsAt }: NoRoom): string {
  const money = (nano: bigint): string => formatMoney({ nano, currency })
  const state = `of ${money(limitNano)}, ${money(spentNano)} are spent and ${money(heldNano)} are held by calls under way`
  const reset = resetsAt === null ? 'It does not reset by itself.' : `It resets at ${resetsAt.toISOString()}.`
  return `The budget "${name ?? 'of this run'}" has no room for this call, which may cost ${money(askedNano)}: ${state}. ${reset}`
}
