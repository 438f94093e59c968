import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, numeric, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Usage } from '../../base/usage.ts'
import { connections } from './connections.ts'
import { workspaces } from './people.ts'

/** A hard cap. `spent` is the sum of its settled entries, `held` of its live intents: always recomputable from them. */
export const budgets = pgTable('budgets', {
  id: uuid('id').primaryKey(),
  workspaceId: uuid('workspace_id')
    .notNull()
    .references(() => workspaces.id),
  scope: text('scope').notNull(), // what it caps: "run:<id>"
  currency: text('currency').notNull(),
  limitNano: bigint('limit_nano', { mode: 'bigint' }), // null: counts, but caps nothing
  spentNano: bigint('spent_nano', { mode: 'bigint' })
    .notNull()
    .default(sql`0`),
  heldNano: bigint('held_nano', { mode: 'bigint' })
    .notNull()
    .default(sql`0`),
})

/**
 * The durable note that a call is about to be made, written before its first byte leaves: its reservation and the
 * audit record of its key's use in one. Settling deletes it; one left by a crash becomes an entry marked `interrupted`.
 */
export const callIntents = pgTable(
  'call_intents',
  {
    id: uuid('id').primaryKey(), // the call id
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id),
    keyVersion: integer('key_version').notNull(),
    instance: text('instance').notNull(), // the process that makes the call
    actor: text('actor').notNull(),
    origin: text('origin').notNull(), // "run:<id>", "chat:<id>", "test"
    context: text('context').notNull(),
    attempt: integer('attempt').notNull(),
    requestedModel: text('requested_model').notNull(),
    worstCaseNano: bigint('worst_case_nano', { mode: 'bigint' }), // null: no price is known
    currency: text('currency').notNull(),
    budgetIds: jsonb('budget_ids').$type<string[]>().notNull(),
    intendedAt: timestamp('intended_at', { withTimezone: true }).notNull(),
  },
  (table) => [index('call_intents_workspace').on(table.workspaceId, table.intendedAt), index('call_intents_origin').on(table.origin)],
)

export const CALL_OUTCOMES = ['succeeded', 'failed', 'interrupted', 'not_sent', 'cancelled'] as const

/** The permanent record of a call that was made; never updated, a correction is an entry of its own. Money in nano-units. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    id: uuid('id').primaryKey(), // the call id
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    connectionId: uuid('connection_id').notNull(),
    keyVersion: integer('key_version').notNull(),
    instance: text('instance').notNull(),
    actor: text('actor').notNull(),
    origin: text('origin').notNull(),
    context: text('context').notNull(),
    attempt: integer('attempt').notNull(),
    requestedModel: text('requested_model').notNull(),
    servedModel: text('served_model'),
    serviceTier: text('service_tier'),
    providerRequestId: text('provider_request_id'),
    outcome: text('outcome', { enum: CALL_OUTCOMES }).notNull(),
    errorCode: text('error_code'),
    status: integer('status'), // of the provider's answer; null: none came
    usage: jsonb('usage').$type<Usage>(), // disjoint units; null: unknown, which is not zero
    usageSource: text('usage_source', { enum: ['reported', 'counted', 'estimated'] }),
    rawUsage: jsonb('raw_usage'),
    inputParts: jsonb('input_parts').$type<Record<string, number>>(), // tokens by part, where Latchkey composed the input
    costNano: bigint('cost_nano', { mode: 'bigint' }), // null: unknown, which is not free
    listCostNano: bigint('list_cost_nano', { mode: 'bigint' }),
    costSource: text('cost_source', { enum: ['declared', 'rate_card', 'price_book', 'free', 'not_billed'] }),
    currency: text('currency').notNull(),
    priceRows: jsonb('price_rows').$type<string[]>(), // ids of the price rows used
    budgetIds: jsonb('budget_ids').$type<string[]>().notNull(),
    chargedNano: bigint('charged_nano', { mode: 'bigint' }).notNull(), // what its budgets were charged: the cost, or the worst case where that is unknown
    intendedAt: timestamp('intended_at', { withTimezone: true }).notNull(),
    sentAt: timestamp('sent_at', { withTimezone: true }),
    firstByteAt: timestamp('first_byte_at', { withTimezone: true }),
    endedAt: timestamp('ended_at', { withTimezone: true }).notNull(),
  },
  (table) => [
    index('ledger_entries_workspace_time').on(table.workspaceId, table.intendedAt),
    index('ledger_entries_origin').on(table.origin, table.intendedAt),
    // A few among very many, and the ones that people ask for.
    index('ledger_entries_unknown_cost')
      .on(table.workspaceId, table.intendedAt)
      .where(sql`cost_nano is null`),
    // When a connection was last used, and its last error.
    index('ledger_entries_connection').on(table.connectionId, table.intendedAt),
    index('ledger_entries_connection_errors')
      .on(table.connectionId, table.intendedAt)
      .where(sql`error_code is not null`),
  ],
)

const countOf = (name: string) => bigint(name, { mode: 'bigint' }).notNull()
const sumOf = (name: string) => numeric(name, { mode: 'bigint' }).notNull() // numeric: no sum overflows it

/**
 * The ledger summed by quarter of an hour, which is where days begin in every time zone: what the consumption pages read. A trigger
 * on `ledger_entries` adds to it in the entry's own commit, so that it is exact by construction and nothing else writes it. Calls
 * that were not sent are left out. The instance is part of the key, so that processes do not wait for each other's rows.
 */
export const consumptionQuarterHours = pgTable(
  'consumption_quarter_hours',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    startsAt: timestamp('starts_at', { withTimezone: true }).notNull(), // of the entries' intendedAt
    instance: text('instance').notNull(),
    actor: text('actor').notNull(),
    origin: text('origin').notNull(),
    context: text('context').notNull(),
    connectionId: uuid('connection_id').notNull(),
    model: text('model').notNull(), // served, else requested; its first 200 characters
    currency: text('currency').notNull(),
    calls: countOf('calls'),
    failedCalls: countOf('failed_calls'),
    interruptedCalls: countOf('interrupted_calls'),
    costNano: sumOf('cost_nano'), // of the calls whose cost is known
    unknownCostCalls: countOf('unknown_cost_calls'),
    estimatedCalls: countOf('estimated_calls'), // among `calls`: their usage is an estimate
    estimatedCostNano: sumOf('estimated_cost_nano'), // among `cost_nano`
    unknownUsageCalls: countOf('unknown_usage_calls'),
    inputTokens: countOf('input_tokens'), // uncached; text, audio and image
    cacheReadTokens: countOf('cache_read_tokens'),
    cacheWriteTokens: countOf('cache_write_tokens'),
    outputTokens: countOf('output_tokens'), // reasoning, audio and image included; all four at most 10^12 a call
  },
  (table) => [
    primaryKey({
      name: 'consumption_quarter_hours_key',
      columns: [
        table.workspaceId,
        table.startsAt,
        table.origin,
        table.model,
        table.actor,
        table.connectionId,
        table.context,
        table.currency,
        table.instance,
      ],
    }),
  ],
)
