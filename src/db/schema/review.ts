import { sql } from 'drizzle-orm'
import { boolean, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { products, sources } from './catalogue.ts'
import type { ProposalFilter } from '../../contract/review.ts'
import { workspaces } from './people.ts'
import { bytea } from './system.ts'

/** A random sample of a group of proposals, and what a person said of each. Its members stay, whatever becomes of them. */
export const reviewSamples = pgTable(
  'review_samples',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    filter: jsonb('filter').$type<ProposalFilter>().notNull(), // of the group that it was drawn from
    asOf: timestamp('as_of', { withTimezone: true }).notNull(),
    groupSize: integer('group_size').notNull(), // proposals
    members: jsonb('members').$type<SampleMember[]>().notNull(), // in the order in which they were drawn
    decisionId: uuid('decision_id'), // the decision on the group that was made with it
    drawnBy: text('drawn_by').notNull(), // the actor
    drawnAt: timestamp('drawn_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('review_samples_workspace').on(table.workspaceId, table.drawnAt)],
)

export interface SampleMember {
  readonly changeId: string
  readonly verdict: 'right' | 'wrong' | null
}

/**
 * What a person made of what a model wrote, by source: edited it, or rejected it. It is what rules are suggested from, and an example
 * for the next prompts. Of each attribute and language the latest ones are kept.
 */
export const corrections = pgTable(
  'corrections',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id),
    changeId: uuid('change_id').notNull(), // what the model wrote
    attribute: text('attribute').notNull(),
    locale: text('locale'),
    kind: text('kind', { enum: ['edited', 'rejected'] }).notNull(),
    wrote: text('wrote').notNull(), // as text, cut
    made: text('made'), // of it by the person; null: rejected
    reason: text('reason'),
    data: text('data').notNull(), // of the product, as it was: `name: value` lines, cut
    pairs: jsonb('pairs').$type<string[]>().notNull(), // words that took the place of others: "inox → stainless steel"
    model: text('model'),
    on: boolean('on').notNull().default(true), // may stand in prompts
    actor: text('actor').notNull(),
    decisionId: uuid('decision_id').notNull(), // when that is undone, it counts no more
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
  },
  (table) => [index('corrections_source').on(table.sourceId, table.attribute, table.id)],
)

/** A word that is written for another, or never, in what is written for a source's products. It joins the glossary of the recipe. */
export const supplierRules = pgTable(
  'supplier_rules',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    attribute: text('attribute'), // null: every attribute
    locale: text('locale'), // null: every language
    term: text('term').notNull(),
    use: text('use'), // null: the term is never written
    state: text('state', { enum: ['on', 'off', 'dismissed'] }).notNull(), // dismissed: suggested, and nobody wants it
    support: integer('support').notNull(), // corrections that it was suggested from; 0: a person's own
    createdBy: text('created_by').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
  },
  (table) => [index('supplier_rules_source').on(table.sourceId)],
)

/** What values are made from beside their product, each once: a field's rules, its glossary, what the source taught, who was asked. */
export const valueMakings = pgTable(
  'value_makings',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    id: uuid('id').notNull(), // the first half of the SHA-256 of its parts
    parts: jsonb('parts').$type<Record<string, unknown>>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.id] })],
)

/** A product's record as a model saw it, by line: eight bytes each, of the attribute's name and of what it said. */
export const shownRecords = pgTable(
  'shown_records',
  {
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    id: uuid('id').notNull(), // the first half of the SHA-256 of its text
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    lines: bytea('lines').notNull(),
  },
  (table) => [primaryKey({ columns: [table.productId, table.id] }), index('shown_records_workspace').on(table.workspaceId)],
)

/** Values that would be written from something else today, as the last check found them. */
export const staleValues = pgTable(
  'stale_values',
  {
    changeId: uuid('change_id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    attribute: text('attribute').notNull(),
    locale: text('locale'),
    recipe: text('recipe').notNull(), // "recipe:<id>" of a stored one, "run:<id>" of a run that has its own
    causes: text('causes').array().notNull(), // why, in the order of contract/stale.ts
    changed: jsonb('changed').$type<string[]>().notNull(), // the attributes of its product that say something else
    refreshId: uuid('refresh_id'), // the refresh that it was taken into
  },
  (table) => [
    index('stale_values_workspace').on(table.workspaceId, table.recipe),
    index('stale_values_product').on(table.productId),
    index('stale_values_refresh')
      .on(table.refreshId)
      .where(sql`refresh_id is not null`),
  ],
)

/** How far the check of a workspace's values is, or when it was made. */
export const staleChecks = pgTable('stale_checks', {
  workspaceId: uuid('workspace_id')
    .primaryKey()
    .references(() => workspaces.id),
  looked: integer('looked').notNull(), // values
  total: integer('total').notNull(),
  startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
  endedAt: timestamp('ended_at', { withTimezone: true }), // null: under way, or cut off
})
