import type { TellBudgets } from '../ledger/group-commit.ts'
import { addNoticeFor } from '../people/notices.ts'

/** Tells the owners and admins how much of a budget is used: in the commit of the call that used it, so that it is told once. */
export const tellBudgets: TellBudgets = async (tx, notices) => {
  for (const { workspaceId, budgetId, name, percent } of notices) {
    const subject = `budget:${budgetId}:${percent}`
    await addNoticeFor(tx, { workspaceId, roles: ['owner', 'admin'], kind: 'budget.used', subject, text: name })
  }
}
