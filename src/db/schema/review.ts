import { boolean, index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { products, sources } from './catalogue.ts'
import type { ProposalFilter } from '../../contract/review.ts'
import { workspaces } from './people.ts'

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
