import { integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { AssignmentRules, FallbackClass } from '../../contract/assignments.ts'
import { connections } from './connections.ts'
import { workspaces } from './people.ts'

/** For a context, the ordered (connection, model) candidates that serve it. */
export const assignments = pgTable(
  'assignments',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    context: text('context').notNull(),
    position: integer('position').notNull(), // 0 is asked first
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id),
    model: text('model').notNull(),
    rules: jsonb('rules').$type<AssignmentRules>(), // null: for every record
    fallbackOn: jsonb('fallback_on').$type<FallbackClass[]>().notNull().default([]), // on which failures the next one takes over
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.context, table.position] })],
)

/** What a workspace has said of a context: how often its assignment was changed, and the contexts that it added itself. */
export const contexts = pgTable(
  'contexts',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    context: text('context').notNull(),
    version: integer('version').notNull().default(0), // grows with every change: two people do not overwrite each other unseen
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    updatedBy: text('updated_by').notNull(), // "user:<id>", "token:<id>", "command"
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.context] })],
)
