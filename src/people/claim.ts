import { asc, count, eq } from 'drizzle-orm'
import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import type { Database } from '../db/database.ts'
import { deployment, sessions, users } from '../db/schema/index.ts'
import { hashToken, newToken } from './tokens.ts'
import { addWorkspace, ownCommandLine } from './workspaces.ts'

/** Whether someone can sign in here already. */
export const isClaimed = (database: Database): Promise<boolean> =>
  database.asSystem('whether the server has a first person', async (tx) => {
    const [row] = await tx.select({ people: count() }).from(users)
    return row!.people > 0
  })

/** The one-time link's secret: lives in this process alone, and works until someone has claimed the server. */
export interface ClaimToken {
  readonly text: string
  /** In constant time. */
  matches(token: string): boolean
}

export function makeClaimToken(): ClaimToken {
  const text = newToken('lk_claim_')
  const hash = hashToken(text)
  return { text, matches: (token) => timingSafeEqual(hash, hashToken(token)) }
}

/**
 * Makes the first person, through `signUp`, and their workspace. Two who hold the link at the same moment are told apart by the
 * lock on the deployment's row: the second finds the server claimed, and their person is taken away again.
 * @throws AppError claim.refused, server.claimed
 */
export async function claim(
  database: Database,
  {
    token,
    claimToken,
    workspaceName,
    now,
    signUp,
  }: { token: string; claimToken: ClaimToken; workspaceName: string; now: Date; signUp: () => Promise<{ userId: string }> },
): Promise<void> {
  if (await isClaimed(database))
    throw new AppError('server.claimed', 'Someone has claimed this server already. Sign in, or ask its owner for an invitation.')
  if (!claimToken.matches(token)) {
    throw new AppError('claim.refused', 'This link does not work. Use the one that the server printed when it started last.')
  }
  const { userId } = await signUp()
  await database.asSystem('the first person claims the server', async (tx) => {
    await tx.select().from(deployment).for('update')
    const [first] = await tx.select({ id: users.id }).from(users).orderBy(asc(users.createdAt), asc(users.id)).limit(1)
    if (first?.id !== userId) {
      await tx.delete(users).where(eq(users.id, userId))
      return
    }
    const workspace = await addWorkspace(tx, { name: workspaceName, ownerId: userId, now })
    await ownCommandLine(tx, userId)
    await tx.update(sessions).set({ activeWorkspaceId: workspace.id }).where(eq(sessions.userId, userId))
  })
  const stands = await database.asSystem('whether the claim stood', (tx) =>
    tx.select({ id: users.id }).from(users).where(eq(users.id, userId)),
  )
  if (stands.length === 0) throw new AppError('server.claimed', 'Someone else claimed this server at the same moment.')
}
