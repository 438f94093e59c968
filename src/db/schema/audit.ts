import { index, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from './people.ts'

/** What people did, and what was refused to them. The use of a key is not here: that is its call's intent and entry. */
export const auditEntries = pgTable(
  'audit_entries',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    at: timestamp('at', { withTimezone: true }).notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(), // "connection.added", "key.replaced", "key.unreadable"
    subject: text('subject').notNull(), // "connection:<id>"
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull(),
  },
  (table) => [index('audit_entries_workspace_time').on(table.workspaceId, table.at)],
)
