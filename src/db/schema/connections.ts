import { sql } from 'drizzle-orm'
import { integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { RateCard } from '../../prices/rate-card.ts'
import type { Destination } from '../../providers/provider.ts'
import { workspaces } from './people.ts'
import { bytea } from './system.ts'

/** A workspace's entry for a provider: a destination and one sealed key or none. */
export const connections = pgTable(
  'connections',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    provider: text('provider').notNull(), // id in providers/registry.ts
    label: text('label').notNull(),
    slug: text('slug').notNull(),
    destination: jsonb('destination').$type<Destination>().notNull(),
    sealedKey: text('sealed_key'), // "lk1." and base64url; null: no key
    keyVersion: integer('key_version').notNull().default(0), // grows with every replacement; part of the seal's context
    keyLastFour: text('key_last_four'), // only of keys of 20 characters and more
    keyFingerprint: bytea('key_fingerprint'),
    keySetAt: timestamp('key_set_at', { withTimezone: true }),
    contexts: jsonb('contexts').$type<string[]>(), // null: may serve any context
    prices: jsonb('prices').$type<RateCard>(), // null: the price book's
    models: jsonb('models').$type<Record<string, string>>(), // a deployment's name -> the model it runs, where people name what they call
    checkedAt: timestamp('checked_at', { withTimezone: true }), // the last test
    checkResult: jsonb('check_result').$type<{ result: string; detail: string }>(), // what it came to
    // draft: the ledger's name for tests of a key that nobody saved, never with a key; deleted: kept for the names in the ledger. Both are shown nowhere else
    status: text('status', { enum: ['active', 'revoked', 'deleted', 'draft'] })
      .notNull()
      .default('active'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (table) => [
    uniqueIndex('connections_slug')
      .on(table.workspaceId, table.slug)
      .where(sql`status in ('active', 'revoked')`),
  ],
)
