import { eq } from 'drizzle-orm'
import manifest from '../../package.json' with { type: 'json' }
import { AppError } from '../base/errors.ts'
import * as contract from '../contract/people.ts'
import { sessions, users } from '../db/schema/index.ts'
import { handle, type HandledRoute, type RouteRequest } from '../http/handle.ts'
import type { PeopleServices } from './authorize.ts'
import { claim, type ClaimToken, isClaimed } from './claim.ts'
import { joinByInvitation, openInvitation } from './invitations.ts'
import { describePerson, describeSession } from './me.ts'
import { endSessions, type WithCookies } from './sign-in.ts'
import type { SignInLimits } from './sign-in-limits.ts'
import { addWorkspace, enterWorkspace } from './workspaces.ts'

export interface SignInServices extends PeopleServices {
  readonly claimToken: ClaimToken
  readonly signInLimits: SignInLimits
}

/** Claiming the server, signing in and out, joining, and what a person does with their own account. */
export function signInRoutes(services: SignInServices): HandledRoute[] {
  const { database, clock, signIn, claimToken, signInLimits } = services

  /** An attempt that counts against the limits when it fails. */
  async function limited<T>(who: string | undefined, request: RouteRequest, attempt: () => Promise<WithCookies<T>>): Promise<T> {
    const succeeded = signInLimits.begin({ who, address: request.address })
    const value = keepCookies(request, await attempt())
    succeeded()
    return value
  }

  return [
    handle(contract.readServer, async () => ({ claimed: await isClaimed(database), version: manifest.version })),

    handle(contract.claimServer, async ({ body, request }) => {
      const { token, email, password, workspaceName } = body
      const name = body.name ?? email.split('@')[0]!
      let userId = ''
      const succeeded = signInLimits.begin({ who: email, address: request.address })
      await claim(database, {
        token,
        claimToken,
        workspaceName,
        now: clock.now(),
        signUp: async () => {
          const made = keepCookies(request, await signIn.signUp({ name, email, password, headers: request.headers }))
          userId = made.userId
          return made
        },
      })
      succeeded()
      const [session] = await database.asSystem('the first person is signed in', (tx) =>
        tx.select().from(sessions).where(eq(sessions.userId, userId)),
      )
      return describePerson(database, { userId, activeWorkspaceId: session?.activeWorkspaceId ?? null })
    }),

    handle(contract.signIn, ({ body: { email, password }, request }) =>
      limited(email, request, () => signIn.signIn({ email, password, headers: request.headers })),
    ),
    handle(contract.verifySecondFactor, async ({ body, request }) => {
      const { headers } = request
      // Its cookie says whose it is, and better-auth locks that account after ten wrong codes.
      await limited(undefined, request, () =>
        'code' in body ? signIn.verifyCode({ code: body.code, headers }) : signIn.verifyRecoveryCode({ code: body.recoveryCode, headers }),
      )
      return { signedIn: true as const }
    }),
    handle(contract.signOut, async ({ request }) => keepCookies(request, await signIn.signOut(request.headers))),

    handle(contract.readMe, ({ who }) => describeSession(database, who)),
    handle(contract.changeMe, async ({ who, body: { name } }) => {
      await database.asSystem('a person changes their name', (tx) =>
        tx.update(users).set({ name, updatedAt: clock.now() }).where(eq(users.id, who.userId)),
      )
      return describeSession(database, who)
    }),
    handle(contract.enterWorkspace, async ({ who, body }) => {
      await enterWorkspace(database, { ...who, workspaceId: body.workspace })
      return describeSession(database, who)
    }),
    handle(contract.makeWorkspace, async ({ who, body: { name } }) => {
      const workspace = await database.asSystem('a person makes a workspace', (tx) =>
        addWorkspace(tx, { name, ownerId: who.userId, now: clock.now() }),
      )
      await enterWorkspace(database, { ...who, workspaceId: workspace.id })
      return describeSession(database, who)
    }),

    handle(contract.changePassword, ({ who, body, request }) =>
      limited(who.userId, request, () => signIn.changePassword({ ...body, headers: request.headers })),
    ),
    handle(contract.listSessions, async ({ who }) => {
      const rows = await database.asSystem('a person sees their sessions', (tx) =>
        tx.select().from(sessions).where(eq(sessions.userId, who.userId)),
      )
      const now = clock.now()
      return {
        sessions: rows
          .filter(({ expiresAt }) => expiresAt > now)
          .toSorted((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime())
          .map(({ id, userAgent, ipAddress, createdAt, updatedAt, expiresAt }) => ({
            id,
            current: id === who.sessionId,
            userAgent,
            address: ipAddress === '' ? null : ipAddress,
            createdAt: createdAt.toISOString(),
            lastSeenAt: updatedAt.toISOString(),
            expiresAt: expiresAt.toISOString(),
          })),
      }
    }),
    handle(contract.endSession, async ({ who, params }) => {
      const ended = await endSessions(database, { userId: who.userId, only: params.sessionId })
      if (ended === 0) throw new AppError('session.unknown', 'There is no such session of yours, or it has ended.')
    }),
    handle(contract.endOtherSessions, async ({ who }) => {
      await endSessions(database, { userId: who.userId, except: who.sessionId })
    }),

    handle(contract.startTwoFactor, ({ who, body, request }) =>
      limited(who.userId, request, () => signIn.startTwoFactor({ ...body, headers: request.headers })),
    ),
    handle(contract.confirmTwoFactor, ({ who, body, request }) =>
      limited(who.userId, request, () => signIn.confirmTwoFactor({ ...body, headers: request.headers })),
    ),
    handle(contract.stopTwoFactor, ({ who, body, request }) =>
      limited(who.userId, request, () => signIn.stopTwoFactor({ ...body, headers: request.headers })),
    ),
    handle(contract.renewRecoveryCodes, ({ who, body, request }) =>
      limited(who.userId, request, () => signIn.renewRecoveryCodes({ ...body, headers: request.headers })),
    ),

    handle(contract.readInvitation, async ({ body: { token }, request }) => {
      const invitation = await openInvitation(database, { token, now: clock.now() })
      const session = await signIn.session(request.headers)
      const me = session && (await describePerson(database, session))
      return {
        workspaceName: invitation.workspaceName,
        role: invitation.role,
        expiresAt: invitation.expiresAt.toISOString(),
        signedInAs: me?.user.email ?? null,
      }
    }),
    handle(contract.acceptInvitation, async ({ body: { token, person }, request }) => {
      const now = clock.now()
      const invitation = await openInvitation(database, { token, now })
      const session = await signIn.session(request.headers)
      if (!session && !person)
        throw new AppError('session.missing', 'Say who you are (name, e-mail, password), or sign in first and open the link again.')
      const { userId } = session ?? (await limited(person!.email, request, () => signIn.signUp({ ...person!, headers: request.headers })))
      await joinByInvitation(database, { invitation, userId, sessionId: session?.id, now })
      return describePerson(database, { userId, activeWorkspaceId: invitation.workspaceId })
    }),
  ]
}

function keepCookies<T>(request: RouteRequest, { value, headers }: WithCookies<T>): T {
  request.setCookies(headers)
  return value
}
