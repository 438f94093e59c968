import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { SourceMapping } from '../../contract/mapping.ts'
import { workspaces } from './people.ts'
import { bytea, sortedText } from './system.ts'

/** Where products come from: a supplier's file. Products are told apart by their identifier within one source. */
export const sources = pgTable(
  'sources',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    location: text('location').notNull(), // the file's absolute path on the command line; "upload:<name>", "sample:"
    label: text('label'), // what people call it; null: the last part of its location
    uploadId: uuid('upload_id'), // the file as it was last imported, where it was uploaded
    columns: jsonb('columns').$type<SourceColumns>(), // null: guessed when the index is made
    mapping: jsonb('mapping').$type<SourceMapping>(), // what the columns mean; null: each is an attribute of its own name
    reading: jsonb('reading').$type<ImportReading>(), // the mapping, as statements read imports through it
    format: jsonb('format').$type<Record<string, unknown>>().notNull(), // catalogue/formats: dialect, columns, identifier column
    contentHash: text('content_hash').notNull(), // SHA-256 of the file as last imported, hex
    importedHash: text('imported_hash').notNull(), // SHA-256 of what the last import holds of it, hex: without what Latchkey wrote there
    lastImport: uuid('last_import').notNull(), // products it did not bring are gone from the source
    importedAt: timestamp('imported_at', { withTimezone: true }).notNull().defaultNow(),
    attributes: jsonb('attributes').$type<string[]>().notNull().default([]), // every attribute that a product of it ever had a value of
    products: integer('products').notNull().default(0), // that the last import brought
    // How far the index has followed: rows of `indexImport` up to `indexRow`. Complete: `indexed`, and the import is the last one.
    // `indexImport` null: every product is to be indexed again, also those that are as they were; `indexAll` until that is done.
    indexImport: uuid('index_import'),
    indexRow: integer('index_row').notNull().default(0),
    indexAll: boolean('index_all').notNull().default(true),
    indexed: boolean('indexed').notNull().default(false),
    inferredImport: uuid('inferred_import'), // the import that the structure was last inferred from
  },
  (table) => [unique('sources_location').on(table.workspaceId, table.location)],
)

/** A source's mapping by places (`products.written`'s keys): made of it whenever it is saved (catalogue/mapping.ts). */
export interface ImportReading {
  readonly places: Readonly<Record<string, ColumnsAt>>
  readonly aliases: Readonly<Record<string, ColumnsAt>> // places without columns that mean those of another
  readonly claimed: readonly string[] // columns that are no attributes of their own names
}

/**
 * Where a place's value stands, by its parts: a column, or a member of a column's object, or as a text what no column says. The part
 * '' is the whole value; others are "amount" and "unit", or currencies.
 */
export type ColumnsAt = Readonly<Record<string, readonly string[] | string>>

/** Which of a source's columns play a part in the list. */
export interface SourceColumns {
  readonly name: string | null
  readonly family: string | null
  readonly picture: string | null
}

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
    parent: text('parent'), // what its source calls its parent or group; null: it stands alone
    parentId: uuid('parent_id'), // that parent, where there is such a product: it inherits what it lacks
    importedAt: timestamp('imported_at', { withTimezone: true }).notNull().defaultNow(),
    lastSeenImport: uuid('last_seen_import').notNull(), // the last import that brought it
  },
  (table) => [
    unique('products_identifier').on(table.sourceId, table.identifier),
    index('products_source_row').on(table.sourceId, table.row),
    index('products_workspace').on(table.workspaceId),
    index('products_parent')
      .on(table.workspaceId, table.parent)
      .where(sql`parent is not null`),
    index('products_parent_id')
      .on(table.parentId)
      .where(sql`parent_id is not null`),
  ],
)

/**
 * What the list shows and sorts by: a narrow row per product of its source's last import, made from its current values in the
 * background (catalogue/index.ts). Each order has an index that holds the ordinal too, so that a page is found without reading
 * what is not on it.
 */
export const productIndex = pgTable(
  'product_index',
  {
    productId: uuid('product_id')
      .primaryKey()
      .references(() => products.id, { onDelete: 'cascade' }),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    ordinal: integer('ordinal').notNull(), // its number in the postings of its workspace; never another product's
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    row: integer('row').notNull(),
    identifier: sortedText('identifier').notNull(),
    name: text('name'),
    nameKey: sortedText('name_key').notNull(), // what the name is sorted by
    family: text('family'),
    quality: smallint('quality').notNull(), // 0 to 100
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    uniqueIndex('product_index_ordinal').on(table.workspaceId, table.ordinal),
    index('product_index_by_row').on(table.workspaceId, table.sourceId, table.row, table.productId, table.ordinal),
    index('product_index_by_identifier').on(table.workspaceId, table.identifier, table.productId, table.ordinal),
    index('product_index_by_name').on(table.workspaceId, table.nameKey, table.productId, table.ordinal),
    index('product_index_by_family').on(table.workspaceId, table.family, table.nameKey, table.productId, table.ordinal),
    index('product_index_by_quality').on(table.workspaceId, table.quality, table.productId, table.ordinal),
    index('product_index_by_time').on(table.workspaceId, table.updatedAt, table.productId, table.ordinal),
  ],
)

/** One row per workspace with an index: what its next product and its next segment are called. Locked by whoever writes there. */
export const catalogueIndexes = pgTable('catalogue_indexes', {
  workspaceId: uuid('workspace_id')
    .primaryKey()
    .references(() => workspaces.id),
  nextOrdinal: integer('next_ordinal').notNull().default(0),
  nextSegment: integer('next_segment').notNull().default(1),
})

/**
 * Which products have which terms (words, family, attributes with a value ...): each product stands in one segment, whose pages
 * never change. What is indexed again stands in a newer segment and no longer in the older; many small ones are merged into one.
 */
export const indexSegments = pgTable(
  'index_segments',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    id: integer('id').notNull(),
    members: bytea('members').notNull(), // the ordinals that stand in it (catalogue/postings/posting.ts)
    products: integer('products').notNull(), // how many
    counts: bytea('counts').notNull(), // how many of them have each term (catalogue/postings/counts.ts)
    counted: integer('counted').notNull(), // how many there were then
    ready: boolean('ready').notNull(), // false: it is being written, and nobody reads it
    madeAt: timestamp('made_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.id] })],
)

/** The pages of a segment: terms in the order of their bytes, each with the ordinals of its products (catalogue/postings/page.ts). */
export const indexPages = pgTable(
  'index_pages',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    segmentId: integer('segment_id').notNull(),
    firstTerm: bytea('first_term').notNull(),
    body: bytea('body').notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.segmentId, table.firstTerm] })],
)

/** Ordinals of products whose row left product_index, until their segments know; a trigger adds them. */
export const departedProducts = pgTable(
  'departed_products',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    ordinal: integer('ordinal').notNull(),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.ordinal] })],
)

/** Products whose values or proposals changed since they were indexed; triggers on products.written and on value_changes add them. */
export const staleProducts = pgTable(
  'stale_products',
  {
    productId: uuid('product_id')
      .primaryKey()
      .references(() => products.id, { onDelete: 'cascade' }),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    markedAt: timestamp('marked_at', { withTimezone: true }).defaultNow(), // when its values were written; null: only its proposals changed
  },
  (table) => [index('stale_products_workspace').on(table.workspaceId)],
)

/** A file that a person gave; its bytes are in the data folder under its id. */
export const uploads = pgTable(
  'uploads',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text('name').notNull(), // as the person's computer called it: shown, never a path
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    createdBy: text('created_by').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('uploads_workspace').on(table.workspaceId, table.createdAt)],
)

export const IMPORT_STATES = ['running', 'finished', 'failed'] as const

/** An import that a person started from the page. One runs per source at a time. */
export const imports = pgTable(
  'imports',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    sourceId: uuid('source_id')
      .notNull()
      .references(() => sources.id),
    state: text('state', { enum: IMPORT_STATES }).notNull(),
    counts: jsonb('counts').$type<ImportCounts>().notNull(),
    error: jsonb('error').$type<{ code: string; detail: string }>(),
    instance: text('instance').notNull(), // that runs it: a crash leaves it running, and the next start says so
    createdBy: text('created_by').notNull(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull().defaultNow(),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (table) => [
    index('imports_workspace').on(table.workspaceId, table.startedAt),
    uniqueIndex('imports_running')
      .on(table.sourceId)
      .where(sql`state = 'running'`),
  ],
)

/** Products unless said otherwise. */
export interface ImportCounts {
  readonly bytes: number // of the file
  readonly bytesRead: number
  readonly read: number
  readonly new: number
  readonly changed: number
  readonly unchanged: number
  readonly gone: number // that the source had and this import did not bring
  readonly rejected: number // rows
}

/** Rows that an import left out; the first 10,000 of them. */
export const importRejections = pgTable(
  'import_rejections',
  {
    importId: uuid('import_id')
      .notNull()
      .references(() => imports.id, { onDelete: 'cascade' }),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    position: integer('position').notNull(), // from 1
    line: integer('line').notNull(), // of the file, from 1
    code: text('code').notNull(),
    reason: text('reason').notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.position] })],
)

/**
 * A current value that is not a plain import. `person`: null says that the person cleared it. `imported`: a person gave the
 * word back to the import, whatever it says from then on. Of the other kinds null says nothing: the import shows through.
 */
export interface WrittenValue {
  readonly value: unknown
  readonly changeId: string
  readonly workHash: string | null // what it was made from
  readonly kind?: Provenance['kind'] // absent: written before there was any other than generated and practice
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
    replacedChangeId: uuid('replaced_change_id'), // what was written there before it was accepted, which is its undo; null: nothing
    state: text('state', { enum: ['proposed', 'accepted', 'rejected', 'undone', 'superseded'] }).notNull(),
    decision: text('decision'), // "accepted by command", "accepted by rule", "person"
    flags: jsonb('flags').$type<ValueFlag[]>().notNull(),
    provenance: jsonb('provenance').$type<Provenance>().notNull(),
    runId: uuid('run_id'),
    workHash: text('work_hash'), // what the value was made from: input, recipe, model, destination
    making: uuid('making'), // the same in parts, of its own field: value_makings; null: written before these were kept, or from none
    record: uuid('record'), // the product's data as the model saw it: shown_records
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    decidedAt: timestamp('decided_at', { withTimezone: true }),
    decidedBy: text('decided_by'), // the actor
    decisionId: uuid('decision_id'), // what was decided together is undone together
    beforeUndo: jsonb('before_undo').$type<BeforeUndo>(), // how it stood before it was undone: the undo of that
    // Of what waits, in the background (catalogue/change-kinds.ts): its group, and when it was told from what the product said then.
    changeKind: text('change_kind'),
    changeWords: text('change_words'),
    changeToldAt: timestamp('change_told_at', { withTimezone: true }),
  },
  (table) => [
    index('value_changes_product').on(table.productId, table.createdAt),
    index('value_changes_run').on(table.runId),
    // The filters "has proposals" and "flagged" read this, however much was decided before.
    index('value_changes_proposed')
      .on(table.workspaceId, table.productId)
      .where(sql`state = 'proposed'`),
    index('value_changes_untold')
      .on(table.workspaceId, table.id)
      .where(sql`state = 'proposed' and change_kind is null`),
    index('value_changes_decision')
      .on(table.decisionId)
      .where(sql`decision_id is not null`),
  ],
)

/** What an undo took a change back from. */
export interface BeforeUndo {
  readonly of: string // the run or the decision that was undone
  readonly state: 'accepted' | 'rejected' | 'superseded'
  readonly decision: string | null
  readonly decidedBy: string | null
  readonly decidedAt: string | null
}

/** Why a value needs a person's eye. */
export interface ValueFlag {
  readonly reason: 'number_not_in_source' | 'unit_not_in_source' | 'standard_not_in_source'
  readonly text: string // the words in question
}

export interface Provenance {
  /** `rule`: it stands in the product's own data, and no model was asked. */
  readonly kind: 'generated' | 'practice' | 'person' | 'imported' | 'rule'
  readonly callId?: string
  readonly model?: string
  readonly connection?: string // its slug
  readonly values?: number // how many values the call gave: they share its cost
  readonly actor?: string // the person
  readonly basedOn?: string // the change whose value the person edited
  /** Where rules found it: under '' the whole value, else the attributes of it that they answered. */
  readonly rules?: Readonly<Record<string, RuleOrigin>>
  /** It is another product's value with this one's words in its slots; the call was that one's, and cost nothing more. */
  readonly filledFrom?: FilledOrigin
}

export interface RuleOrigin {
  readonly rule: 'option' | 'measure' | 'attribute'
  readonly source: string // "title", "description", or the attribute that says it
  readonly words: string // as they stand there
}

export interface FilledOrigin {
  readonly productId: string
  readonly changeId: string
  readonly callId?: string // that wrote the other one; absent: rules did
  readonly words: readonly { readonly from: string; readonly to: string }[] // that were replaced
}
