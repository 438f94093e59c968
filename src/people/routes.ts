import { AppError } from '../base/errors.ts'
import * as contract from '../contract/people.ts'
import { handle, type HandledRoute } from '../http/handle.ts'
import type { PeopleServices } from './authorize.ts'
import { type ListedInvitation, listInvitations, makeInvitation, namesOf, withdrawInvitation } from './invitations.ts'
import { workspaceView } from './me.ts'
import { changeRole, type ListedMember, listMembers, removeMember } from './members.ts'
import { type ApiToken, listApiTokens, makeApiToken, revokeApiToken } from './tokens.ts'
import { changeWorkspace } from './workspaces.ts'

/** Members, invitations, the workspace's own settings, and tokens for the API. `origin`: the address that invitation links have. */
export function peopleRoutes({ database, clock, origin }: PeopleServices & { readonly origin: string }): HandledRoute[] {
  return [
    handle(contract.listMembers, async ({ who }) => ({
      members: (await listMembers(database, who.workspaceId)).map((member) => memberView(member, who.userId)),
    })),
    handle(contract.changeMember, async ({ who, params: { userId }, body: { newRole } }) => {
      await database.inWorkspace(who.workspaceId, (tx) => changeRole(tx, { who, userId, role: newRole }))
      const [changed] = await listMembers(database, who.workspaceId, userId)
      if (!changed) throw new AppError('member.missing', 'This member has left the workspace.')
      return memberView(changed, who.userId)
    }),
    handle(contract.removeMember, ({ who, params: { userId } }) =>
      database.inWorkspace(who.workspaceId, (tx) => removeMember(tx, { who, userId, now: clock.now() })),
    ),
    handle(contract.leaveWorkspace, ({ who }) =>
      database.inWorkspace(who.workspaceId, (tx) => removeMember(tx, { who, userId: who.userId, now: clock.now() })),
    ),

    handle(contract.listInvitations, async ({ who }) => {
      const open = await database.inWorkspace(who.workspaceId, (tx) => listInvitations(tx, clock.now()))
      const names = await namesOf(
        database,
        open.map(({ createdBy }) => createdBy),
      )
      return { invitations: open.map((invitation) => invitationView(invitation, names)) }
    }),
    handle(contract.invite, async ({ who, body: { as: role, note, days } }) => {
      const asked = { who, role, note, days, now: clock.now() }
      const { token, invitation } = await database.inWorkspace(who.workspaceId, (tx) => makeInvitation(tx, asked))
      const names = await namesOf(database, [invitation.createdBy])
      return { invitation: invitationView(invitation, names), link: `${origin}/join/${token}` }
    }),
    handle(contract.withdrawInvitation, ({ who, params: { invitationId } }) =>
      database.inWorkspace(who.workspaceId, (tx) => withdrawInvitation(tx, { who, invitationId, now: clock.now() })),
    ),

    handle(contract.changeWorkspace, async ({ who, body }) => {
      const { workspaceId, actor } = who
      const change = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
      return workspaceView(await database.inWorkspace(workspaceId, (tx) => changeWorkspace(tx, { workspaceId, actor, change })))
    }),

    handle(contract.listApiTokens, async ({ who }) => ({
      tokens: (await database.inWorkspace(who.workspaceId, (tx) => listApiTokens(tx, who.userId))).map(tokenView),
    })),
    handle(contract.makeApiToken, async ({ who, body: { name, days } }) => {
      const made = await database.inWorkspace(who.workspaceId, (tx) => makeApiToken(tx, { who, name, days, now: clock.now() }))
      return { token: made.token, listed: tokenView(made.listed) }
    }),
    handle(contract.revokeApiToken, ({ who, params: { tokenId } }) =>
      database.inWorkspace(who.workspaceId, (tx) => revokeApiToken(tx, { who, tokenId, now: clock.now() })),
    ),
  ]
}

const memberView = ({ userId, name, email, role, since, lastSeenAt }: ListedMember, you: string) => ({
  userId,
  name,
  email,
  role,
  since: since.toISOString(),
  lastSeenAt: lastSeenAt?.toISOString() ?? null,
  you: userId === you,
})

const invitationView = ({ id, role, note, createdBy, createdAt, expiresAt }: ListedInvitation, names: ReadonlyMap<string, string>) => ({
  id,
  role,
  note,
  invitedBy: names.get(createdBy) ?? '',
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
})

const tokenView = ({ id, name, lastFour, createdAt, expiresAt, lastUsedAt }: ApiToken) => ({
  id,
  name,
  lastFour,
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
})
