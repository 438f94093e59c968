import { integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
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
    rules: jsonb('rules').$type<Record<string, unknown>>(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.context, table.position] })],
)
