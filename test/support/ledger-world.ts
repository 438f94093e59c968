import { expect } from 'vitest'
import type { addBudget, addRateLimit } from '../../src/contract/budgets.ts'
import type { RouteInput } from '../../src/contract/route.ts'
import { connections, members, users } from '../../src/db/schema/index.ts'
import type { Member } from '../../src/http/handle.ts'
import type { CallIntent } from '../../src/ledger/intent.ts'
import { recountWindows } from '../../src/ledger/recount.ts'
import { addSetBudget, readSetBudget } from '../../src/ledger/set-budgets.ts'
import { addRateLimit as addSetRateLimit } from '../../src/ledger/set-rate-limits.ts'
import { newId } from '../../src/runtime/ids.ts'
import type { TestDatabase } from './databases.ts'

type BudgetGiven = Partial<RouteInput<typeof addBudget>['body']>
type RateLimitGiven = Partial<RouteInput<typeof addRateLimit>['body']>

/** A workspace with an owner and a connection, whose calls are intended and settled by hand. */
export type LedgerWorld = Awaited<ReturnType<typeof ledgerWorld>>

export async function ledgerWorld({ database, ...test }: TestDatabase) {
  const workspaceId = await test.workspaceId()
  const userId = newId()
  const who: Member = { workspaceId, userId, role: 'owner', actor: `user:${userId}` }
  await database.asSystem('a person for a test', async (tx) => {
    const at = new Date()
    await tx
      .insert(users)
      .values({ id: userId, name: 'Ada', email: `${userId}@example.com`, emailVerified: true, createdAt: at, updatedAt: at })
    await tx.insert(members).values({ workspaceId, userId, role: 'owner' })
  })
  const inWorkspace: (typeof database)['inWorkspace'] = (id, work) => database.inWorkspace(id, work)

  const connect = async (): Promise<string> => {
    const id = newId()
    const destination = { baseUrl: 'https://api.openai.com/v1' }
    await inWorkspace(workspaceId, (tx) =>
      tx.insert(connections).values({ id, workspaceId, provider: 'openai', label: 'OpenAI', slug: id, destination }),
    )
    return id
  }
  const connectionId = await connect()

  return {
    database,
    workspaceId,
    who,
    connectionId,
    connect,

    /** A call that costs 1,000 nano-dollars at most. */
    intent: (more: Partial<CallIntent> = {}): CallIntent => ({
      id: newId(),
      workspaceId,
      connectionId,
      actor: who.actor,
      member: userId,
      origin: 'test',
      context: 'chat',
      attempt: 1,
      requestedModel: 'gpt-4o-mini',
      worstCaseNano: 1_000n,
      currency: 'USD',
      budgetIds: [],
      ...more,
    }),

    addBudget: (more: BudgetGiven = {}, now = new Date()): Promise<string> =>
      inWorkspace(workspaceId, (tx) =>
        addSetBudget(tx, {
          who,
          input: { name: 'All', covers: {}, limit: '1', period: 'total', ownerPrice: null, noticePercents: [50, 80, 100], ...more },
          now,
        }),
      ),

    addRateLimit: (more: RateLimitGiven = {}, now = new Date()): Promise<string> =>
      inWorkspace(workspaceId, (tx) =>
        addSetRateLimit(tx, { who, input: { name: 'Slowly', covers: {}, counts: 'requests', perMinute: 60, ...more }, now }),
      ),

    /** What the period that runs at `now` has spent and holds. */
    async used(budgetId: string, now = new Date()): Promise<{ spent: string; held: string }> {
      const { window } = await readSetBudget(database, { workspaceId, budgetId, now })
      return { spent: window.spent.amount, held: window.held.amount }
    },

    /** Counters equal what entries and intents say, in every window there is. */
    async expectCounted(): Promise<void> {
      for (const { spentNano, heldNano, chargedNano, reservedNano } of await database.asSystem('a test recounts', recountWindows)) {
        expect({ spentNano, heldNano }).toEqual({ spentNano: chargedNano, heldNano: reservedNano })
      }
    },
  }
}
