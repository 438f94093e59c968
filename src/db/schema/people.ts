import { index, integer, pgTable, primaryKey, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { ROLES } from '../../contract/permissions.ts'
import { bytea } from './system.ts'
import { users } from './sign-in.ts'

/** The tenant. Its own row is visible inside it and to the system. */
export const workspaces = pgTable('workspaces', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  slug: text('slug').notNull().unique(),
  currency: text('currency').notNull().default('USD'), // ISO 4217: what its budgets and quotes are kept in
  timeZone: text('time_zone').notNull().default('UTC'), // IANA
  keyReminderDays: integer('key_reminder_days').notNull().default(180), // keys older than this are called old
  limitsVersion: integer('limits_version').notNull().default(0), // grows with every change to its budgets and rate limits; 0: never had any
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

/** A person in a workspace. */
export const members = pgTable(
  'members',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    role: text('role', { enum: ROLES }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.userId] }), index('members_user').on(table.userId)],
)

/** A link with which one person joins a workspace, once. The link's token is known by its hash alone. */
export const invitations = pgTable(
  'invitations',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    role: text('role', { enum: ROLES }).notNull(),
    note: text('note').notNull(), // whom it is for, in the inviter's words
    tokenHash: bytea('token_hash').notNull(), // SHA-256
    createdBy: uuid('created_by')
      .notNull()
      .references(() => users.id),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    endedAt: timestamp('ended_at', { withTimezone: true }), // accepted or withdrawn
    acceptedBy: uuid('accepted_by').references(() => users.id),
  },
  (table) => [unique('invitations_token').on(table.tokenHash), index('invitations_workspace').on(table.workspaceId, table.createdAt)],
)

/** A member's token for /api/v1: acts as that member, with the role the member has at that moment. Known by its hash alone. */
export const apiTokens = pgTable(
  'api_tokens',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    name: text('name').notNull(),
    tokenHash: bytea('token_hash').notNull(), // SHA-256
    lastFour: text('last_four').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    expiresAt: timestamp('expires_at', { withTimezone: true }), // null: until it is revoked
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (table) => [unique('api_tokens_token').on(table.tokenHash), index('api_tokens_workspace').on(table.workspaceId, table.userId)],
)

/** Something a member should hear of though no page shows it now: a run that ended. */
export const notices = pgTable(
  'notices',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    kind: text('kind').notNull(), // "run.finished", "run.paused"
    subject: text('subject').notNull(), // "run:<id>"
    text: text('text').notNull(), // the subject's own name, for the page's sentence
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    readAt: timestamp('read_at', { withTimezone: true }),
    endedAt: timestamp('ended_at', { withTimezone: true }), // what it told of is over: the same notice says so
  },
  (table) => [index('notices_user').on(table.workspaceId, table.userId, table.createdAt)],
)
