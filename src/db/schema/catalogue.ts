import { index, integer, jsonb, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import { workspaces } from './people.ts'

/** Where products come from: a supplier's file. Products are told apart by their identifier within one source. */
export const sources = pgTable(
  'sources',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    location: text('location').notNull(), // the file's absolute path on the command line
    format: jsonb('format').$type<Record<string, unknown>>().notNull(), // catalogue/formats: dialect, columns, identifier column
    contentHash: text('content_hash').notNull(), // SHA-256 of the file as last imported, hex
    importedHash: text('imported_hash').notNull(), // SHA-256 of what the last import holds of it, hex: without what Latchkey wrote there
    lastImport: uuid('last_import').notNull(), // products it did not bring are gone from the source
    importedAt: timestamp('imported_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [unique('sources_location').on(table.workspaceId, table.location)],
)

/** One product. `imported` is what its source said last; `written` what was accepted on top; current = both laid over. */
export const products = pgTable(
  'products',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    identifier: text('identifier').notNull(),
    row: integer('row').notNull(), // 1 is the first product of the file
    imported: jsonb('imported').$type<Record<string, unknown>>().notNull(), // without empty values
    written: jsonb('written').$type<Record<string, WrittenValue>>().notNull().default({}),
    importedAt: timestamp('imported_at', { withTimezone: true }).notNull().defaultNow(),
    lastSeenImport: uuid('last_seen_import').notNull(), // the last import that brought it
  },
  (table) => [
    unique('products_identifier').on(table.sourceId, table.identifier),
    index('products_source_row').on(table.sourceId, table.row),
    index('products_workspace').on(table.workspaceId),
  ],
)

/** A current value that is not a plain import. */
export interface WrittenValue {
  readonly value: unknown
  readonly changeId: string
  readonly workHash: string | null // what it was made from
}

/**
 * Values that are not plain imports. `proposed` waits for a person; `accepted` holds what it replaced, which is also
 * its undo. `provenance` says where it came from, down to the call.
 */
export const valueChanges = pgTable(
  'value_changes',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    productId: uuid('product_id')
      .notNull()
      .references(() => products.id),
    attribute: text('attribute').notNull(),
    locale: text('locale'), // BCP 47; null: not localised
    channel: text('channel'),
    value: jsonb('value'), // null: the product's data says too little for one
    replaced: jsonb('replaced'), // the current value before it was accepted
    state: text('state', { enum: ['proposed', 'accepted', 'rejected', 'undone', 'superseded'] }).notNull(),
    decision: text('decision'), // "accepted by command", "accepted by rule", "person"
    flags: jsonb('flags').$type<ValueFlag[]>().notNull(),
    provenance: jsonb('provenance').$type<Provenance>().notNull(),
    runId: uuid('run_id'),
    workHash: text('work_hash'), // what the value was made from: input, recipe, model, destination
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    decidedAt: timestamp('decided_at', { withTimezone: true }),
  },
  (table) => [index('value_changes_product').on(table.productId, table.createdAt), index('value_changes_run').on(table.runId)],
)

/** Why a value needs a person's eye. */
export interface ValueFlag {
  readonly reason: 'number_not_in_source' | 'unit_not_in_source' | 'standard_not_in_source'
  readonly text: string // the words in question
}

export interface Provenance {
  readonly kind: 'generated' | 'practice' | 'person'
  readonly callId?: string
  readonly model?: string
  readonly connection?: string // its slug
}
