import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { canonicalJson } from '../../../base/json.ts'
import { formatNano } from '../../../base/money.ts'
import { type CardView, OPEN_CARD_STATES } from '../../../contract/behaviour.ts'
import type { Connection } from '../../../connections/connections.ts'
import type { Tx } from '../../../db/database.ts'
import { behaviourCards, type StoredFinding } from '../../../db/schema/index.ts'
import { resultWrite, type ResultWrite, type Settlement } from '../../../ledger/settlement.ts'

export type StoredCard = typeof behaviourCards.$inferSelect

/** The cards of a connection, by model. */
export const readCards = (tx: Tx, connectionId: string): Promise<StoredCard[]> =>
  tx.select().from(behaviourCards).where(eq(behaviourCards.connectionId, connectionId)).orderBy(asc(behaviourCards.model))

export const isOpen = ({ state }: Pick<StoredCard, 'state'>): boolean => OPEN_CARD_STATES.includes(state)

/** As cards stand with a connection that is where it is now. */
export const cardViewsOf = (connection: Connection, cards: readonly StoredCard[]): CardView[] =>
  cards.map((card) => {
    const { model, kind, state, asking, findings, limitHeaders, calls, costNano, currency, unknownCostCalls, problem } = card
    return {
      model,
      kind,
      state,
      asking,
      findings: findings.map(({ note = null, said = null, ...finding }) => ({ ...finding, note, said })),
      limitHeaders,
      outdated: card.destination !== canonicalJson(connection.destination),
      calls,
      cost: calls > 0 && unknownCostCalls === calls ? null : { currency, amount: formatNano(costNano) },
      unknownCostCalls,
      problem,
      startedAt: card.startedAt.toISOString(),
      endedAt: card.endedAt?.toISOString() ?? null,
    }
  })

/** A finding in the place of what was found of the same ability before. */
export const withFinding = (findings: readonly StoredFinding[], found: StoredFinding): StoredFinding[] => [
  ...findings.filter(({ ability }) => ability !== found.ability),
  found,
]

/** Changes the card of a test that is still under way; a test is known by its budget. @returns whether it was. */
export async function changeOpenCard(tx: Tx, budgetId: string, values: Partial<typeof behaviourCards.$inferInsert>): Promise<boolean> {
  const changed = await tx
    .update(behaviourCards)
    .set(values)
    .where(and(eq(behaviourCards.budgetId, budgetId), inArray(behaviourCards.state, [...OPEN_CARD_STATES])))
    .returning({ model: behaviourCards.model })
  return changed.length > 0
}

/** A call with its cost, added to its test's card in the ledger entry's own commit: the card and the ledger say the same. */
export const countOnCard = (budgetId: string, currency: string) => {
  return ({ cost }: Settlement): readonly ResultWrite<never>[] => [
    resultWrite(writeCounts, [{ budgetId, nano: cost?.currency === currency ? cost.nano : undefined }]),
  ]
}

async function writeCounts(tx: Tx, rows: readonly { readonly budgetId: string; readonly nano: bigint | undefined }[]): Promise<void> {
  for (const { budgetId, nano } of rows) {
    await tx
      .update(behaviourCards)
      .set({
        calls: sql`${behaviourCards.calls} + 1`,
        ...(nano === undefined
          ? { unknownCostCalls: sql`${behaviourCards.unknownCostCalls} + 1` }
          : { costNano: sql`${behaviourCards.costNano} + ${nano}` }),
      })
      .where(eq(behaviourCards.budgetId, budgetId))
  }
}
