import { formatMoney } from '../../base/money.ts'
import type { BudgetRefusal } from '../../ledger/intent.ts'
import type { Pause } from '../../runs/run-kind.ts'

/** Why a run stops, or a trial is not made: which budget has no room, and the remedy. */
export function capReached({ budgetId, name, currency, limitNano, spentNano, heldNano, askedNano, resetsAt }: BudgetRefusal): Pause {
  const money = (nano: bigint): string => formatMoney({ nano, currency })
  if (name !== null) {
    const anew = resetsAt ? `, or wait until it begins anew at ${resetsAt.toISOString()}` : ''
    return {
      code: 'budget.exceeded',
      detail: `The budget "${name}" has no room: of ${money(limitNano)}, ${money(spentNano)} are spent and ${money(heldNano)} set aside, and the next call could cost up to ${money(askedNano)}. Raise it on the Budgets page${anew}, then continue.`,
      budget: { id: budgetId, name },
    }
  }
  return {
    code: 'budget.exceeded',
    detail: `The cap of ${money(limitNano)} is reached: ${money(spentNano)} are spent, and the next call could cost up to ${money(askedNano)}. Continue it with a higher cap.`,
  }
}
