import { AppError } from '../base/errors.ts'
import { may, rolesThatMay } from '../contract/permissions.ts'
import { type RouteContract, WORKSPACE_HEADER } from '../contract/route.ts'
import type { Database } from '../db/database.ts'
import type { Member, Person } from '../http/handle.ts'
import type { Clock } from '../runtime/clock.ts'
import { roleOf } from './members.ts'
import type { SignIn } from './sign-in.ts'
import { tokenHolder } from './tokens.ts'

export interface PeopleServices {
  readonly database: Database
  readonly clock: Clock
  readonly signIn: SignIn
}

type Needs = RouteContract['needs']

/**
 * Who asks, and whether they may: the one place that decides it, for pages, tokens and streams alike. It reads the database each
 * time, so that a role taken away counts from the next request on, and a running stream asks again while it runs.
 * @throws AppError session.missing (401), permission.denied (403), session.wrong_workspace (409)
 */
export async function authorize(services: PeopleServices, needs: Needs, headers: Headers): Promise<Member | Person | undefined> {
  if (needs === 'nobody') return undefined
  const authorization = headers.get('authorization')
  if (authorization !== null) return authorizeToken(services, needs, authorization)
  const session = await services.signIn.session(headers)
  if (!session) throw notSignedIn()
  if (needs === 'person') return { userId: session.userId, sessionId: session.id }
  const workspaceId = session.activeWorkspaceId
  if (workspaceId === null) throw noWorkspace()
  const believed = headers.get(WORKSPACE_HEADER)
  if (believed !== null && believed !== workspaceId) {
    throw new AppError('session.wrong_workspace', 'You have gone to another workspace in another tab. Load this page again.')
  }
  return memberOf(services, { needs, workspaceId, userId: session.userId, actor: `user:${session.userId}` })
}

async function authorizeToken(services: PeopleServices, needs: Needs, authorization: string): Promise<Member> {
  const [, token] = /^Bearer ([A-Za-z0-9_-]{20,200})$/i.exec(authorization) ?? []
  const holder = token === undefined ? undefined : await tokenHolder(services.database, { token, now: services.clock.now() })
  if (!holder) throw notSignedIn()
  if (needs === 'person')
    throw new AppError('permission.denied', 'This is about a person and not a workspace: it works in the browser, not with a token.')
  const { workspaceId, userId, tokenId } = holder
  return memberOf(services, { needs, workspaceId, userId, actor: `token:${tokenId}` })
}

async function memberOf(
  { database }: PeopleServices,
  { needs, workspaceId, userId, actor }: { needs: Needs; workspaceId: string; userId: string; actor: string },
): Promise<Member> {
  const role = await database.inWorkspace(workspaceId, (tx) => roleOf(tx, { workspaceId, userId }))
  if (!role) throw noWorkspace()
  if (needs !== 'member' && needs !== 'person' && needs !== 'nobody' && !may(role, needs)) {
    throw new AppError(
      'permission.denied',
      `Your role here (${role}) may not do this. Ask someone who is ${rolesThatMay(needs).join(' or ')}.`,
    )
  }
  return { workspaceId, userId, role, actor }
}

const notSignedIn = (): AppError =>
  new AppError('session.missing', 'You are not signed in, or your session or token has ended. Sign in, then try again.')
const noWorkspace = (): AppError =>
  new AppError('workspace.missing', 'You are in no workspace, or no longer in this one. Choose another one, or ask for an invitation.')
