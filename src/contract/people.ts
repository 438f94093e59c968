import { z } from 'zod'
import { ROLES } from './permissions.ts'
import { defineRoute, idOf, instant } from './route.ts'

const name = z.string().trim().min(1, 'is empty').max(100)
const email = z.string().trim().toLowerCase().pipe(z.email('is not an e-mail address')).meta({ description: 'Kept in lower case' })
/** NIST SP 800-63B: length is what counts. */
const password = z.string().min(12, 'needs at least 12 characters').max(128)
const code = z
  .string()
  .trim()
  .regex(/^\d{6}$/, 'is six digits')
const link = z.string().min(20).max(200)
const role = z.enum(ROLES)

export const workspaceView = z
  .strictObject({ id: z.uuid(), name: z.string(), slug: z.string(), currency: z.string(), timeZone: z.string(), keyReminderDays: z.int() })
  .meta({ id: 'Workspace' })

/** Who is signed in, and where. `workspace` null: in none (removed from the last one). */
export const me = z
  .strictObject({
    user: z.strictObject({ id: z.uuid(), name: z.string(), email: z.string(), twoFactor: z.boolean() }),
    workspace: workspaceView.nullable(),
    role: role.nullable(),
    workspaces: z.array(z.strictObject({ id: z.uuid(), name: z.string(), role })),
  })
  .meta({ id: 'Me' })
export type Me = z.output<typeof me>

// ---- signing in ------------------------------------------------------------------------------------------------------------

/** What a page without sign-in may know of the server: whether it waits for its first person. */
export const readServer = defineRoute({
  id: 'server.read',
  method: 'get',
  path: '/api/v1/server',
  summary: 'Whether the server waits for its first person, and its version',
  needs: 'nobody',
  answer: z.strictObject({ claimed: z.boolean(), version: z.string() }),
})

export const claimServer = defineRoute({
  id: 'server.claim',
  method: 'post',
  path: '/api/v1/server/claim',
  summary: 'Makes the first person and the first workspace, with the one-time link that the server printed',
  needs: 'nobody',
  body: z.strictObject({ token: link, name: name.optional(), email, password, workspaceName: name }),
  answer: me,
})

export const signIn = defineRoute({
  id: 'session.signIn',
  method: 'post',
  path: '/api/v1/session',
  summary: 'Signs in with e-mail and password; a second factor is asked for where one is set up',
  needs: 'nobody',
  body: z.strictObject({ email, password: z.string().min(1).max(128) }),
  answer: z.strictObject({ secondFactor: z.boolean().meta({ description: 'true: not signed in yet, a code is needed' }) }),
})

export const verifySecondFactor = defineRoute({
  id: 'session.verifySecondFactor',
  method: 'post',
  path: '/api/v1/session/second-factor',
  summary: 'The second step of signing in: a code of the authenticator, or a recovery code, which works once',
  needs: 'nobody',
  body: z.union([z.strictObject({ code }), z.strictObject({ recoveryCode: z.string().trim().min(6).max(40) })]),
  answer: z.strictObject({ signedIn: z.literal(true) }),
})

export const signOut = defineRoute({
  id: 'session.signOut',
  method: 'delete',
  path: '/api/v1/session',
  summary: 'Ends this session',
  needs: 'person',
})

export const readMe = defineRoute({
  id: 'me.read',
  method: 'get',
  path: '/api/v1/me',
  summary: 'Who is signed in, where and as what',
  needs: 'person',
  answer: me,
})

export const changeMe = defineRoute({
  id: 'me.change',
  method: 'patch',
  path: '/api/v1/me',
  summary: 'Changes the name that others see',
  needs: 'person',
  body: z.strictObject({ name }),
  answer: me,
})

/** The workspace must be one of the person's own: the list is in `me`. */
export const enterWorkspace = defineRoute({
  id: 'me.enterWorkspace',
  method: 'put',
  path: '/api/v1/me/workspace',
  summary: 'Goes to another of one’s workspaces',
  needs: 'person',
  body: z.strictObject({ workspace: idOf('workspace') }),
  answer: me,
})

export const makeWorkspace = defineRoute({
  id: 'me.makeWorkspace',
  method: 'post',
  path: '/api/v1/me/workspaces',
  summary: 'Makes a workspace, whose owner one is, and goes there',
  needs: 'person',
  body: z.strictObject({ name }),
  answer: me,
})

export const changePassword = defineRoute({
  id: 'me.changePassword',
  method: 'post',
  path: '/api/v1/me/password',
  summary: 'Sets a new password and ends all other sessions',
  needs: 'person',
  body: z.strictObject({ currentPassword: z.string().min(1).max(128), newPassword: password }),
})

export const listSessions = defineRoute({
  id: 'me.sessions',
  method: 'get',
  path: '/api/v1/me/sessions',
  summary: 'The browsers that are signed in as this person',
  needs: 'person',
  answer: z.strictObject({
    sessions: z.array(
      z
        .strictObject({
          id: z.uuid(),
          current: z.boolean(),
          userAgent: z.string().nullable(),
          address: z.string().nullable(),
          createdAt: instant,
          lastSeenAt: instant,
          expiresAt: instant,
        })
        .meta({ id: 'Session' }),
    ),
  }),
})

export const endSession = defineRoute({
  id: 'me.endSession',
  method: 'delete',
  path: '/api/v1/me/sessions/{sessionId}',
  summary: 'Signs one browser out',
  needs: 'person',
  params: z.strictObject({ sessionId: idOf('session') }),
})

export const endOtherSessions = defineRoute({
  id: 'me.endOtherSessions',
  method: 'delete',
  path: '/api/v1/me/sessions',
  summary: 'Signs all other browsers out',
  needs: 'person',
})

export const startTwoFactor = defineRoute({
  id: 'me.startTwoFactor',
  method: 'post',
  path: '/api/v1/me/two-factor',
  summary: 'Begins to set up a second factor; it counts once a first code was given',
  needs: 'person',
  body: z.strictObject({ password: z.string().min(1).max(128) }),
  answer: z.strictObject({
    uri: z.string().meta({ description: 'otpauth://, for the authenticator' }),
    recoveryCodes: z.array(z.string()),
  }),
})

export const confirmTwoFactor = defineRoute({
  id: 'me.confirmTwoFactor',
  method: 'post',
  path: '/api/v1/me/two-factor/confirm',
  summary: 'Switches the second factor on with its first code',
  needs: 'person',
  body: z.strictObject({ code }),
})

export const stopTwoFactor = defineRoute({
  id: 'me.stopTwoFactor',
  method: 'post',
  path: '/api/v1/me/two-factor/stop',
  summary: 'Switches the second factor off',
  needs: 'person',
  body: z.strictObject({ password: z.string().min(1).max(128) }),
})

export const renewRecoveryCodes = defineRoute({
  id: 'me.renewRecoveryCodes',
  method: 'post',
  path: '/api/v1/me/two-factor/recovery-codes',
  summary: 'Makes new recovery codes; the old ones stop working',
  needs: 'person',
  body: z.strictObject({ password: z.string().min(1).max(128) }),
  answer: z.strictObject({ recoveryCodes: z.array(z.string()) }),
})

// ---- invitations, as the invited person sees them --------------------------------------------------------------------------

export const readInvitation = defineRoute({
  id: 'join.read',
  method: 'post',
  path: '/api/v1/join/read',
  summary: 'What an invitation link is for',
  needs: 'nobody',
  body: z.strictObject({ token: link }),
  answer: z.strictObject({ workspaceName: z.string(), role, expiresAt: instant, signedInAs: z.string().nullable() }),
})

/** A person who is signed in joins as they are; anyone else says who they are, and is signed in. */
export const acceptInvitation = defineRoute({
  id: 'join.accept',
  method: 'post',
  path: '/api/v1/join',
  summary: 'Joins the workspace of an invitation link, which then works no more',
  needs: 'nobody',
  body: z.strictObject({ token: link, person: z.strictObject({ name, email, password }).optional() }),
  answer: me,
})

// ---- members and settings of the workspace ---------------------------------------------------------------------------------

const member = z
  .strictObject({
    userId: z.uuid(),
    name: z.string(),
    email: z.string(),
    role,
    since: instant,
    lastSeenAt: instant.nullable(),
    you: z.boolean(),
  })
  .meta({ id: 'Member' })

export const listMembers = defineRoute({
  id: 'members.list',
  method: 'get',
  path: '/api/v1/members',
  summary: 'Who is in the workspace',
  needs: 'member',
  answer: z.strictObject({ members: z.array(member) }),
})

const memberParams = z.strictObject({ userId: idOf('member') })

export const changeMember = defineRoute({
  id: 'members.change',
  method: 'patch',
  path: '/api/v1/members/{userId}',
  summary: 'Gives a member another role; only an owner makes or unmakes owners',
  needs: 'members.write',
  params: memberParams,
  body: z.strictObject({ newRole: role }),
  answer: member,
})

export const removeMember = defineRoute({
  id: 'members.remove',
  method: 'delete',
  path: '/api/v1/members/{userId}',
  summary: 'Takes a person out of the workspace: their sessions, tokens and streams see nothing of it from then on',
  needs: 'members.write',
  params: memberParams,
})

export const leaveWorkspace = defineRoute({
  id: 'members.leave',
  method: 'post',
  path: '/api/v1/members/leave',
  summary: 'Leaves the workspace; its last owner cannot',
  needs: 'member',
})

const invitation = z
  .strictObject({ id: z.uuid(), role, note: z.string(), invitedBy: z.string(), createdAt: instant, expiresAt: instant })
  .meta({ id: 'Invitation' })

export const listInvitations = defineRoute({
  id: 'invitations.list',
  method: 'get',
  path: '/api/v1/invitations',
  summary: 'Invitations that still wait',
  needs: 'members.write',
  answer: z.strictObject({ invitations: z.array(invitation) }),
})

export const invite = defineRoute({
  id: 'invitations.make',
  method: 'post',
  path: '/api/v1/invitations',
  summary: 'Makes a link with which one person joins; the link is shown this once',
  needs: 'members.write',
  body: z.strictObject({ as: role, note: z.string().trim().max(200).default(''), days: z.int().min(1).max(30).default(7) }),
  answer: z.strictObject({ invitation, link: z.string() }),
})

export const withdrawInvitation = defineRoute({
  id: 'invitations.withdraw',
  method: 'delete',
  path: '/api/v1/invitations/{invitationId}',
  summary: 'Makes an invitation link useless',
  needs: 'members.write',
  params: z.strictObject({ invitationId: idOf('invitation') }),
})

export const changeWorkspace = defineRoute({
  id: 'workspace.change',
  method: 'patch',
  path: '/api/v1/workspace',
  summary: 'Changes the workspace’s name, time zone and key reminder',
  needs: 'workspace.write',
  body: z.strictObject({
    name: name.optional(),
    timeZone: z
      .string()
      .refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', 'is not an IANA time zone')
      .optional(),
    keyReminderDays: z.int().min(7).max(3_650).optional(),
  }),
  answer: workspaceView,
})

// ---- tokens for /api/v1 ----------------------------------------------------------------------------------------------------

const apiToken = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    lastFour: z.string(),
    createdAt: instant,
    expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(),
  })
  .meta({ id: 'ApiToken' })

export const listApiTokens = defineRoute({
  id: 'tokens.list',
  method: 'get',
  path: '/api/v1/tokens',
  summary: 'One’s own tokens for this workspace',
  needs: 'member',
  answer: z.strictObject({ tokens: z.array(apiToken) }),
})

export const makeApiToken = defineRoute({
  id: 'tokens.make',
  method: 'post',
  path: '/api/v1/tokens',
  summary: 'Makes a token that acts as oneself in this workspace; it is shown this once',
  needs: 'member',
  body: z.strictObject({ name, days: z.int().min(1).max(730).nullable().default(90).meta({ description: 'null: until it is revoked' }) }),
  answer: z.strictObject({ token: z.string(), listed: apiToken }),
})

export const revokeApiToken = defineRoute({
  id: 'tokens.revoke',
  method: 'delete',
  path: '/api/v1/tokens/{tokenId}',
  summary: 'Makes a token useless at once',
  needs: 'member',
  params: z.strictObject({ tokenId: idOf('token') }),
})
