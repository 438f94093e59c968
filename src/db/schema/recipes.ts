import { index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from './people.ts'

/** What to write about products, and how, under a name. A run keeps the recipe as it was when it started. */
export const recipes = pgTable(
  'recipes',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text('name').notNull(),
    recipe: jsonb('recipe').$type<Record<string, unknown>>().notNull(), // checked by apps/enrichment/recipe.ts whenever it is read
    version: integer('version').notNull().default(1), // grows with every change: two editors do not overwrite each other unseen
    updatedBy: text('updated_by').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }), // when a run was last made from it
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('recipes_workspace').on(table.workspaceId, table.name)],
)
