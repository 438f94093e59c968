import { customType, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/** Binary columns: a plain Uint8Array on both engines (node-postgres alone would give a Buffer). */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => new Uint8Array(value),
})

/** Text that lists are sorted by: by its code points, the same on every system. */
export const sortedText = customType<{ data: string; driverData: string }>({ dataType: () => 'text collate "C"' })

/** One row: this installation. Its id is part of every sealed key's context. */
export const deployment = pgTable('deployment', {
  id: uuid('id').primaryKey(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

/** The master keys this database knows, by their check value; never the keys. */
export const masterKeys = pgTable('master_keys', {
  id: uuid('id').primaryKey(),
  source: text('source', { enum: ['file'] }).notNull(),
  checkValue: bytea('check_value').notNull(), // HMAC-SHA256 cut to 8 bytes, security.md 4.6
  status: text('status', { enum: ['active', 'retired'] }).notNull(),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
