import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { connections } from './connections.ts'
import { workspaces } from './people.ts'
import { runs } from './runs.ts'

/**
 * How far a batch is. `preparing` and `uploading`: nothing of it can have been begun. `creating`: the provider was asked to make it, and
 * its answer is not stored. `submitted` and `cancelling`: it has the provider's id. `ended`: every request of it is settled.
 */
export const BATCH_STATES = ['preparing', 'uploading', 'creating', 'submitted', 'cancelling', 'ended'] as const

/** Requests of a run that a provider's batch service was given at once. Each of them is a call of its own, with its own intent. */
export const providerBatches = pgTable(
  'provider_batches',
  {
    id: uuid('id').primaryKey(), // names it at the provider, where that keeps labels
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id),
    candidate: integer('candidate').notNull(), // place in the run's own list
    model: text('model').notNull(),
    destination: text('destination').notNull(), // canonical: where it was sent; elsewhere nobody knows it
    state: text('state', { enum: BATCH_STATES }).notNull(),
    providerBatchId: text('provider_batch_id'),
    inputHash: text('input_hash'), // SHA-256 of its lines
    requests: integer('requests').notNull().default(0),
    items: integer('items').notNull().default(0), // products
    done: integer('done').notNull().default(0), // requests, by the provider's last word
    failed: integer('failed').notNull().default(0),
    problem: jsonb('problem').$type<{ code: string; detail: string }>(), // why it ended without results, or cannot be followed now
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    submittedAt: timestamp('submitted_at', { withTimezone: true }), // when the provider was asked to make it
    expiresAt: timestamp('expires_at', { withTimezone: true }),
    nextLookAt: timestamp('next_look_at', { withTimezone: true }),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (table) => [
    index('provider_batches_run').on(table.runId, table.createdAt),
    index('provider_batches_live')
      .on(table.runId)
      .where(sql`state <> 'ended'`),
  ],
)

/** What its answer needs to be read: kept until the batch has ended. */
export const providerBatchRequests = pgTable(
  'provider_batch_requests',
  {
    id: uuid('id').primaryKey(), // the call id
    batchId: uuid('batch_id')
      .notNull()
      .references(() => providerBatches.id),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    items: jsonb('items').$type<[position: number, attempt: number][]>().notNull(),
    inputParts: jsonb('input_parts').$type<Record<string, number>>(),
    outputLimit: integer('output_limit').notNull(), // tokens
  },
  (table) => [index('provider_batch_requests_batch').on(table.batchId, table.id)],
)
