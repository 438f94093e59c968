import { useQuery } from '@tanstack/react-query'
import { type BudgetView, type CoversView, listBudgets, listRateLimits, type RateLimitView } from '../../../contract/budgets.ts'
import type { VirtualKeyView } from '../../../contract/gateway.ts'
import { queryOf } from '../../api/query.ts'

export interface KeyLimits {
  /** Those that name this key first. */
  readonly budgets: readonly BudgetView[]
  readonly rateLimits: readonly RateLimitView[]
}

const READ_EVERY_MS = 5_000

/** The budgets and rate limits that cover a virtual key's calls, or some of them; undefined until they are read. */
export function useKeyLimits(): ((key: VirtualKeyView) => KeyLimits) | undefined {
  const budgets = useQuery({ ...queryOf(listBudgets), refetchInterval: READ_EVERY_MS }).data
  const rateLimits = useQuery({ ...queryOf(listRateLimits), refetchInterval: READ_EVERY_MS }).data
  if (!budgets || !rateLimits) return undefined
  return (key) => ({ budgets: ofKey(budgets.items, key), rateLimits: ofKey(rateLimits.items, key) })
}

function ofKey<Limit extends { readonly covers: CoversView }>(limits: readonly Limit[], key: VirtualKeyView): Limit[] {
  return limits.filter(({ covers }) => canCover(covers, key)).sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)))
}

/** Names a virtual key, and so is not for everybody. */
export const isOwn = ({ covers }: { readonly covers: CoversView }): boolean => covers.virtualKeys !== null

/** Whether a call with this key can be one of those: nothing that the limit asks for is beyond the key's own scope. */
function canCover({ virtualKeys, members, connections, contexts }: CoversView, key: VirtualKeyView): boolean {
  const meets = (asked: readonly string[] | undefined, own: readonly string[] | undefined): boolean =>
    asked === undefined || own === undefined || asked.some((one) => own.includes(one))
  const ids = (things: readonly { readonly id: string }[] | null): string[] | undefined => things?.map(({ id }) => id)
  return (
    meets(ids(virtualKeys), [key.id]) &&
    meets(ids(members), [key.owner.userId]) &&
    meets(ids(connections), ids(key.connections)) &&
    meets(contexts ?? undefined, key.contexts ?? undefined)
  )
}
