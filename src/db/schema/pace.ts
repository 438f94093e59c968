import { integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { connections } from './connections.ts'
import { workspaces } from './people.ts'

/** What a provider said of one of its limits, for one model. Times are milliseconds since 1970. */
export interface StoredLimit {
  readonly model: string
  readonly kind: string // requests, tokens, input-tokens, output-tokens, or the provider's own word
  readonly windowMs?: number
  readonly limit?: number
  readonly remaining?: number
  readonly atMs: number
  readonly resetsAtMs?: number
  readonly perCall?: number
  readonly refillPerMs?: number
}

/**
 * What each instance has learned of a connection's pace: it writes its own row and reads those of the others, and its own when
 * it starts again. `calls/shared-paces.ts` keeps it.
 */
export const connectionPace = pgTable(
  'connection_pace',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id),
    instance: text('instance').notNull(),
    inFlight: integer('in_flight').notNull().default(0),
    waiting: integer('waiting').notNull().default(0),
    heldUntil: timestamp('held_until', { withTimezone: true }), // the provider asked for no calls until then
    heldFor: text('held_for'), // with this error
    width: integer('width'), // how many calls of all instances may be in flight; null: no bound was learned
    widthCutAt: timestamp('width_cut_at', { withTimezone: true }),
    circuitOpenSince: timestamp('circuit_open_since', { withTimezone: true }), // null: closed
    circuitFailedProbes: integer('circuit_failed_probes').notNull().default(0),
    circuitNextProbeAt: timestamp('circuit_next_probe_at', { withTimezone: true }),
    circuitClosedAt: timestamp('circuit_closed_at', { withTimezone: true }), // the last time
    limits: jsonb('limits').$type<StoredLimit[]>().notNull().default([]),
    seenAt: timestamp('seen_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.connectionId, table.instance] })],
)
