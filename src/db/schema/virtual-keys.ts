import { index, integer, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from './people.ts'
import { users } from './sign-in.ts'
import { bytea } from './system.ts'

/** The token with which a program uses the gateway, on its owner's account; known by its hash alone. */
export const virtualKeys = pgTable(
  'virtual_keys',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text('name').notNull(),
    ownerId: uuid('owner_id') // it stops with the owner's membership
      .notNull()
      .references(() => users.id),
    tokenHash: bytea('token_hash').notNull(), // SHA-256
    lastFour: text('last_four').notNull(),
    contexts: jsonb('contexts').$type<string[]>(), // null: any
    connectionIds: jsonb('connection_ids').$type<string[]>(), // null: any
    models: jsonb('models').$type<string[]>(), // names, or patterns with one "*"; null: any
    maxOutputTokens: integer('max_output_tokens'), // what a request that names no limit is reserved for; null: the model's own limit
    createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    changedAt: timestamp('changed_at', { withTimezone: true }).notNull(), // by which a process knows that what it read of it is old
    expiresAt: timestamp('expires_at', { withTimezone: true }), // null: until it is revoked
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (table) => [unique('virtual_keys_token').on(table.tokenHash), index('virtual_keys_workspace').on(table.workspaceId, table.createdAt)],
)
