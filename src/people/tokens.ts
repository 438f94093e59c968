import { and, desc, eq, isNull } from 'drizzle-orm'
import { createHash, randomBytes } from 'node:crypto'
import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { apiTokens } from '../db/schema/index.ts'
import type { Member } from '../http/handle.ts'
import { newId } from '../runtime/ids.ts'

const PREFIX = 'lk_api_'
const DAY_MS = 86_400_000

/** 256 random bits behind a prefix that secret scanners can know. */
export const newToken = (prefix: string): string => `${prefix}${randomBytes(32).toString('base64url')}`
/** What is stored of a token: it has full entropy, so a plain hash gives nothing away, and finds it in an index. */
export const hashToken = (token: string): Uint8Array => new Uint8Array(createHash('sha256').update(token).digest())

export type ApiToken = Pick<typeof apiTokens.$inferSelect, 'id' | 'name' | 'lastFour' | 'createdAt' | 'expiresAt' | 'lastUsedAt'>

/** Makes a token that acts as this member. @returns the token, which is not kept, and how it is listed. */
export async function makeApiToken(
  tx: Tx,
  { who, name, days, now }: { who: Member; name: string; days: number | null; now: Date },
): Promise<{ token: string; listed: ApiToken }> {
  if (!who.actor.startsWith('user:')) throw new AppError('permission.denied', 'A token makes no other tokens. Make one in the browser.')
  const token = newToken(PREFIX)
  const [listed] = await tx
    .insert(apiTokens)
    .values({
      id: newId(),
      workspaceId: who.workspaceId,
      userId: who.userId,
      name,
      tokenHash: hashToken(token),
      lastFour: token.slice(-4),
      createdAt: now,
      expiresAt: days === null ? null : new Date(now.getTime() + days * DAY_MS),
    })
    .returning()
  await recordAudit(tx, {
    workspaceId: who.workspaceId,
    actor: who.actor,
    action: 'token.made',
    subject: `token:${listed!.id}`,
    detail: { name },
  })
  return { token, listed: listed! }
}

/** A member's own tokens that still work or did, newest first; revoked ones are gone from the list. */
export const listApiTokens = (tx: Tx, userId: string): Promise<ApiToken[]> =>
  tx
    .select()
    .from(apiTokens)
    .where(and(eq(apiTokens.userId, userId), isNull(apiTokens.revokedAt)))
    .orderBy(desc(apiTokens.createdAt))

export async function revokeApiToken(tx: Tx, { who, tokenId, now }: { who: Member; tokenId: string; now: Date }): Promise<void> {
  const own = and(eq(apiTokens.id, tokenId), eq(apiTokens.userId, who.userId), isNull(apiTokens.revokedAt))
  const [revoked] = await tx.update(apiTokens).set({ revokedAt: now }).where(own).returning()
  if (!revoked) throw new AppError('token.missing', 'There is no such token of yours, or it was revoked before.')
  await recordAudit(tx, { workspaceId: who.workspaceId, actor: who.actor, action: 'token.revoked', subject: `token:${tokenId}` })
}

const USE_NOTED_EVERY_MS = 60_000

/** Whom a token acts for; undefined: nobody, for whatever reason. */
export async function tokenHolder(
  database: Database,
  { token, now }: { token: string; now: Date },
): Promise<{ tokenId: string; userId: string; workspaceId: string } | undefined> {
  if (!token.startsWith(PREFIX)) return undefined
  return database.asSystem('whom a token acts for', async (tx) => {
    const [row] = await tx
      .select()
      .from(apiTokens)
      .where(eq(apiTokens.tokenHash, hashToken(token)))
    if (!row || row.revokedAt || (row.expiresAt && row.expiresAt <= now)) return undefined
    if (!row.lastUsedAt || now.getTime() - row.lastUsedAt.getTime() > USE_NOTED_EVERY_MS)
      await tx.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, row.id))
    return { tokenId: row.id, userId: row.userId, workspaceId: row.workspaceId }
  })
}
