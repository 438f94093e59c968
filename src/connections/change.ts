import { and, eq } from 'drizzle-orm'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Tx } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'
import { type RateCard, rateCardProblems } from '../prices/rate-card.ts'
import { findProvider } from '../providers/registry.ts'
import type { Connection } from './connections.ts'
import { requireFreeSlug, SHOWN } from './slugs.ts'

/** What of a connection changes without its key: nothing that steers a request. Absent: stays as it is. */
export interface ConnectionChange {
  readonly label?: string | undefined
  readonly slug?: string | undefined
  readonly contexts?: readonly string[] | null | undefined
  readonly prices?: RateCard | null | undefined
  /** Which model each deployment runs. */
  readonly models?: Readonly<Record<string, string>> | null | undefined
}

/** A connection of the workspace that people can see, whatever its state. @throws AppError connection.missing. */
export async function requireConnection(tx: Tx, id: string): Promise<Connection> {
  const [row] = await tx.select().from(connections).where(eq(connections.id, id))
  if (!row || !(SHOWN as readonly string[]).includes(row.status)) {
    throw new AppError('connection.missing', 'There is no such connection.')
  }
  return row
}

/** @throws AppError connection.missing, slug.taken, request.invalid. */
export async function changeConnection(
  tx: Tx,
  { actor, id, change }: { actor: string; id: string; change: ConnectionChange },
): Promise<void> {
  const before = await requireConnection(tx, id)
  requireGoodPrices(change.prices ?? null)
  if (change.slug !== undefined) await requireFreeSlug(tx, change.slug, id)
  const { label = before.label, slug = before.slug, contexts = before.contexts, prices = before.prices, models = before.models } = change
  if (models !== null && !findProvider(before.provider).hasDeployments) {
    throw new AppError('request.invalid', 'Models of this provider are asked for by their own names: there are no deployments to explain.')
  }
  const after = {
    label,
    slug,
    contexts: contexts && [...contexts],
    prices,
    models: models && Object.keys(models).length > 0 ? { ...models } : null,
  }
  const changed = (Object.keys(after) as (keyof typeof after)[]).filter(
    (name) => canonicalJson(after[name]) !== canonicalJson(before[name]),
  )
  if (changed.length === 0) return
  await tx
    .update(connections)
    .set(after)
    .where(and(eq(connections.id, id), eq(connections.status, before.status)))
  const values = (from: typeof after): Record<string, unknown> => Object.fromEntries(changed.map((name) => [name, from[name]]))
  const { workspaceId } = before
  await recordAudit(tx, {
    workspaceId,
    actor,
    action: 'connection.changed',
    subject: `connection:${id}`,
    detail: { before: values(before), after: values(after) },
  })
}

/** @throws AppError request.invalid with what is wrong. */
export function requireGoodPrices(prices: RateCard | null): void {
  const problems = prices ? rateCardProblems(prices) : []
  if (problems.length > 0) throw new AppError('request.invalid', `These prices cannot be used: ${problems.join('; ')}.`)
}
