import { boolean, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { AttributeGuess, AttributeRules, AttributeType, FamilyVariant, Labels, StructureOrigin } from '../../contract/structure.ts'
import { workspaces } from './people.ts'

/**
 * The model of a workspace's catalogue: what its attributes, families, categories and channels are. Products need none of it:
 * what nobody defined is inferred from their values. `corrected` names the members that a person said otherwise: no inference
 * and no file changes those.
 */
const item = () => ({
  workspaceId: uuid('workspace_id')
    .notNull()
    .references(() => workspaces.id),
  code: text('code').notNull(),
  labels: jsonb('labels').$type<Labels>().notNull().default({}),
  position: integer('position').notNull().default(0),
  origin: text('origin').$type<StructureOrigin>().notNull(),
  corrected: jsonb('corrected').$type<string[]>().notNull().default([]),
  updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
})

export const attributeGroups = pgTable('attribute_groups', item(), (table) => [primaryKey({ columns: [table.workspaceId, table.code] })])

export const attributes = pgTable(
  'attributes',
  {
    ...item(),
    type: text('type').$type<AttributeType>().notNull(),
    group: text('group_code'),
    localisable: boolean('localisable').notNull().default(false),
    scopable: boolean('scopable').notNull().default(false), // has a value per channel
    rules: jsonb('rules').$type<AttributeRules>().notNull().default({}),
    guess: jsonb('guess').$type<AttributeGuess>(), // what its type was inferred from; null: it was given
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.code] })],
)

export const attributeOptions = pgTable('attribute_options', { ...item(), attribute: text('attribute').notNull() }, (table) => [
  primaryKey({ columns: [table.workspaceId, table.attribute, table.code] }),
])

export const families = pgTable(
  'families',
  {
    ...item(),
    attributes: jsonb('attributes').$type<string[]>().notNull().default([]),
    required: jsonb('required').$type<Record<string, string[]>>().notNull().default({}), // by channel; "*": in every channel
    labelAttribute: text('label_attribute'),
    imageAttribute: text('image_attribute'),
    variants: jsonb('variants').$type<FamilyVariant[]>().notNull().default([]),
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.code] })],
)

export const categories = pgTable(
  'categories',
  { ...item(), parent: text('parent') }, // null: the root of a tree
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.code] }),
    index('categories_parent').on(table.workspaceId, table.parent, table.position),
  ],
)

export const channels = pgTable(
  'channels',
  {
    ...item(),
    locales: jsonb('locales').$type<string[]>().notNull().default([]), // BCP 47
    currencies: jsonb('currencies').$type<string[]>().notNull().default([]), // ISO 4217
    tree: text('tree'), // the root of its categories
  },
  (table) => [primaryKey({ columns: [table.workspaceId, table.code] })],
)

/** What a workspace's structure has as a whole. `version` grows with every change of it: products are looked at anew then. */
export const structures = pgTable('structures', {
  workspaceId: uuid('workspace_id')
    .primaryKey()
    .references(() => workspaces.id),
  version: integer('version').notNull().default(1),
  locales: jsonb('locales').$type<string[]>().notNull().default([]), // that a file named, BCP 47
  currencies: jsonb('currencies').$type<string[]>().notNull().default([]), // ISO 4217
})
