import { sql } from 'drizzle-orm'
import { bigint, integer, pgSchema, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from './people.ts'
import { bytea, masterKeys } from './system.ts'

/** A schema of its own, so that it can be left out of ordinary dumps and backed up with short retention. */
export const keyring = pgSchema('keyring')

/** A workspace's data keys, wrapped under a master key. One per workspace is the writer (`active`). */
export const dataKeys = keyring.table(
  'data_keys',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    version: integer('version').notNull(),
    masterKeyId: uuid('master_key_id')
      .notNull()
      .references(() => masterKeys.id),
    wrapped: bytea('wrapped').notNull(),
    seals: bigint('seals', { mode: 'bigint' })
      .notNull()
      .default(sql`0`), // counted: rotate at 2^24, refuse at 2^32
    status: text('status', { enum: ['active', 'retired'] }).notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('data_keys_workspace_version').on(table.workspaceId, table.version)],
)
