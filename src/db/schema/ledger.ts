import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, numeric, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Usage } from '../../base/usage.ts'
import { workspaces } from './people.ts'

/** The calls that a budget or a rate limit is for: those that fit every list here; no list at all: every call of the workspace. */
export interface Covers {
  readonly connectionIds?: readonly string[]
  readonly contexts?: readonly string[]
  readonly memberIds?: readonly string[] // of users
  readonly virtualKeyIds?: readonly string[]
}

export const BUDGET_PERIODS = ['day', 'week', 'month', 'total'] as const

/** What a call of unknown price counts for in a budget, as its owner set it. Nano-units of the budget's currency, as text. */
export interface OwnerPrice {
  readonly per: 'call' | 'million_tokens'
  readonly nano: string
}

/** A hard cap, as it was set. What is taken from it stands in its windows, so that changing it never touches that. */
export const budgets = pgTable(
  'budgets',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    scope: text('scope'), // "run:<id>", "trial:<id>": of calls that name it; null: of what `covers` says
    name: text('name'), // null: a run's or a trial's own
    covers: jsonb('covers').$type<Covers>(),
    currency: text('currency').notNull(),
    limitNano: bigint('limit_nano', { mode: 'bigint' }), // null: counts, but caps nothing
    period: text('period', { enum: BUDGET_PERIODS }).notNull().default('total'), // in the workspace's time zone; weeks begin on Monday
    ownerPrice: jsonb('owner_price').$type<OwnerPrice>(), // null: calls of unknown price are refused
    noticePercents: jsonb('notice_percents').$type<number[]>(), // null: nobody is told
    createdBy: text('created_by'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    removedAt: timestamp('removed_at', { withTimezone: true }),
  },
  (table) => [
    index('budgets_set')
      .on(table.workspaceId)
      .where(sql`covers is not null`),
  ],
)

/**
 * One period of a budget, and what its calls took. `spent` is the sum of its settled entries, `held` of its live intents: always
 * recomputable from them, because both name the windows they were taken from. The id follows from the budget and the period's first
 * day (`ledger/windows.ts`); the one window of a budget in total has the budget's own.
 */
export const budgetWindows = pgTable(
  'budget_windows',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    budgetId: uuid('budget_id')
      .notNull()
      .references(() => budgets.id),
    startsAt: timestamp('starts_at', { withTimezone: true }).notNull().defaultNow(),
    endsAt: timestamp('ends_at', { withTimezone: true }), // null: never
    spentNano: bigint('spent_nano', { mode: 'bigint' })
      .notNull()
      .default(sql`0`),
    heldNano: bigint('held_nano', { mode: 'bigint' })
      .notNull()
      .default(sql`0`),
    noticedPercent: integer('noticed_percent').notNull().default(0), // of the limit: the highest that people were told of
  },
  (table) => [index('budget_windows_budget').on(table.budgetId, table.startsAt)],
)

export const RATE_LIMIT_UNITS = ['requests', 'tokens'] as const

/** Requests or tokens per minute, as it was set; where it stands is its bucket's. */
export const rateLimits = pgTable(
  'rate_limits',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    name: text('name').notNull(),
    covers: jsonb('covers').$type<Covers>().notNull(),
    counts: text('counts', { enum: RATE_LIMIT_UNITS }).notNull(),
    perMinute: bigint('per_minute', { mode: 'number' }).notNull(),
    burst: bigint('burst', { mode: 'number' }).notNull(), // how much may come at once: what the bucket holds
    createdBy: text('created_by'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    removedAt: timestamp('removed_at', { withTimezone: true }),
  },
  (table) => [index('rate_limits_workspace').on(table.workspaceId)],
)

/** A rate limit's token bucket: full at that moment, and less full before it by what flows in until then. */
export const rateLimitBuckets = pgTable('rate_limit_buckets', {
  id: uuid('id')
    .primaryKey()
    .references(() => rateLimits.id),
  workspaceId: uuid('workspace_id')
    .notNull()
    .references(() => workspaces.id),
  fullAtNs: bigint('full_at_ns', { mode: 'bigint' })
    .notNull()
    .default(sql`0`), // since 1970
})

/** What a window holds for a call of unknown price, as the budget's owner priced it. Nano-units of the window's currency, as text. */
export interface OwnerPriced {
  readonly heldNano: string
  readonly perMillionTokensNano?: string
}

/**
 * The durable note that a call is about to be made, written before its first byte leaves: its reservation and the
 * audit record of its key's use in one. Settling deletes it; one left by a crash becomes an entry marked `interrupted`.
 */
export const callIntents = pgTable(
  'call_intents',
  {
    id: uuid('id').primaryKey(), // the call id
    // No foreign keys: both rows were read and held in the intent's own commit, and a check of each row again costs half of that commit.
    workspaceId: uuid('workspace_id').notNull(),
    connectionId: uuid('connection_id').notNull(),
    keyVersion: integer('key_version').notNull(),
    instance: text('instance').notNull(), // the process that makes the call
    actor: text('actor').notNull(),
    origin: text('origin').notNull(), // "run:<id>", "chat:<id>", "test"
    context: text('context').notNull(),
    attempt: integer('attempt').notNull(),
    requestedModel: text('requested_model').notNull(),
    worstCaseNano: bigint('worst_case_nano', { mode: 'bigint' }), // null: no price is known
    currency: text('currency').notNull(),
    budgetIds: jsonb('budget_ids').$type<string[]>().notNull(), // the windows that hold its worst case
    ownerPriced: jsonb('owner_priced').$type<Record<string, OwnerPriced>>(), // by window, where it holds something else
    intendedAt: timestamp('intended_at', { withTimezone: true }).notNull(),
    batchId: uuid('batch_id'), // of a request in a provider's batch: it lives for hours, and no crash ends it
  },
  (table) => [
    index('call_intents_workspace').on(table.workspaceId, table.intendedAt),
    index('call_intents_origin').on(table.origin),
    index('call_intents_batch')
      .on(table.batchId)
      .where(sql`batch_id is not null`),
  ],
)

/**
 * Intents and entries of calls that come by the thousand, many in one row, until they are put into their tables (ledger/journal.ts).
 * As durable as those: who reads the ledger has them unpacked first. Of all workspaces: nobody but the system reads it.
 */
export const callJournal = pgTable(
  'call_journal',
  {
    id: uuid('id').primaryKey(), // in the order in which they were written
    instance: text('instance').notNull(),
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull(),
    intents: text('intents').notNull(), // JSON: an array of rows of call_intents
    entries: text('entries').notNull(), // JSON: an array of rows of ledger_entries, whose intents are over
  },
  (table) => [index('call_journal_instance').on(table.instance, table.id)],
)

export const CALL_OUTCOMES = ['succeeded', 'failed', 'interrupted', 'not_sent', 'cancelled'] as const

/** The permanent record of a call that was made; never updated, a correction is an entry of its own. Money in nano-units. */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    id: uuid('id').primaryKey(), // the call id
    workspaceId: uuid('workspace_id').notNull(),
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
    budgetIds: jsonb('budget_ids').$type<string[]>().notNull(), // the windows that were charged
    chargedNano: bigint('charged_nano', { mode: 'bigint' }).notNull(), // what its budgets were charged: the cost, or the worst case where that is unknown
    otherCharges: jsonb('other_charges').$type<Record<string, string>>(), // by window, in its currency, where that was charged something else
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
