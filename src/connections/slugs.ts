import { and, eq, inArray, ne } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'
import { connections } from '../db/schema/index.ts'

/** Drafts and deleted connections have none that counts. */
export const SHOWN = ['active', 'revoked'] as const

/** The first slug of a provider's own that is free: "openai", "openai-2" ... */
export async function freeSlug(tx: Tx, providerId: string): Promise<string> {
  const rows = await tx.select({ slug: connections.slug }).from(connections).where(inArray(connections.status, SHOWN))
  const taken = new Set(rows.map(({ slug }) => slug))
  let slug = providerId
  for (let number = 2; taken.has(slug); number += 1) slug = `${providerId}-${number}`
  return slug
}

/** @throws AppError slug.taken, when a connection other than `id` has it. */
export async function requireFreeSlug(tx: Tx, slug: string, id: string): Promise<void> {
  const same = and(eq(connections.slug, slug), ne(connections.id, id), inArray(connections.status, SHOWN))
  const rows = await tx.select({ id: connections.id }).from(connections).where(same)
  if (rows.length > 0) throw new AppError('slug.taken', `Another connection has the slug "${slug}" already. Choose another.`)
}
