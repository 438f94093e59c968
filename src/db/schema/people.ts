import { pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** The tenant. Its own row is visible inside it and to the system. */
export const workspaces = pgTable('workspaces', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  slug: text('slug').notNull().unique(),
  currency: text('currency').notNull().default('USD'), // ISO 4217: what its budgets and quotes are kept in
  timeZone: text('time_zone').notNull().default('UTC'), // IANA
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
