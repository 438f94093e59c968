import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { budgets } from './ledger.ts'
import { workspaces } from './people.ts'

export const RUN_STATES = ['ready', 'running', 'paused', 'finished', 'cancelled'] as const

/** A batch job over many products. */
export const runs = pgTable(
  'runs',
  {
    id: uuid('id').primaryKey(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    kind: text('kind').notNull(), // key in the registry of run kinds: "enrichment"
    fingerprint: text('fingerprint').notNull(), // the same command again has the same one: it resumes
    series: text('series').notNull(), // runs of one recipe on one model: what they observed serves the next one's quote
    observed: jsonb('observed').$type<Record<string, number>>(), // what answered calls used, summed; the kind's own
    settings: jsonb('settings').$type<Record<string, unknown>>().notNull(), // the kind's own: recipe, model, connection ...
    state: text('state', { enum: RUN_STATES }).notNull(),
    pause: jsonb('pause').$type<{ code: string; detail: string; budget?: { id: string; name: string } }>(), // why it is paused, and the remedy
    budgetId: uuid('budget_id')
      .notNull()
      .references(() => budgets.id),
    quote: jsonb('quote').$type<Record<string, unknown>>(),
    itemCount: integer('item_count').notNull().default(0),
    counts: jsonb('counts').$type<Record<string, number>>(), // of its items by state, when it last stopped; null while it goes on
    plannedAt: timestamp('planned_at', { withTimezone: true }), // null: its items are still being added
    plan: jsonb('plan').$type<RunPlan>(), // how far that is, and what it came to; null on the command line, which waits for it
    upTo: integer('up_to'), // the canary's last position, until someone approves the rest; null: all
    driver: text('driver'), // the instance that drives or plans it, while its lease lasts
    driverLeaseEndsAt: timestamp('driver_lease_ends_at', { withTimezone: true }),
    createdBy: text('created_by').notNull().default('command'), // the actor: "user:<id>", "token:<id>", "command"
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    startedAt: timestamp('started_at', { withTimezone: true }),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (table) => [
    index('runs_fingerprint').on(table.workspaceId, table.fingerprint),
    index('runs_workspace').on(table.workspaceId, table.createdAt),
    // What a process looks through for runs that nobody drives.
    index('runs_under_way')
      .on(table.createdAt)
      .where(sql`state in ('ready', 'running')`),
  ],
)

/** How far the planning of a run is. `looked` of `selected` products; `unchanged`: their values are there already. */
export interface RunPlan {
  readonly selected: number
  readonly looked: number
  readonly unchanged: number
}

export const ITEM_WAYS = ['rules', 'filled'] as const

export const ITEM_STATES = ['waiting', 'leased', 'done', 'flagged', 'failed'] as const

/** One product of a run. Leased by a worker until `leaseEndsAt`; a late commit must carry the same `attempt`. */
export const runItems = pgTable(
  'run_items',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id),
    position: integer('position').notNull(),
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    subjectId: uuid('subject_id').notNull(), // the product
    workHash: text('work_hash').notNull(),
    candidate: integer('candidate').notNull().default(0), // who is asked: place in the run's own list of connections and models
    escalated: text('escalated', { enum: ['flagged', 'failed'] }), // what it came to with the candidate before; null: it was the first
    state: text('state', { enum: ITEM_STATES }).notNull().default('waiting'),
    attempt: integer('attempt').notNull().default(0), // the lease's fencing number
    leader: integer('leader'), // position of the item whose result this one may be filled in from: it waits until that has ended
    way: text('way', { enum: ITEM_WAYS }), // how its values came without a call; null: it was asked about, or is to be
    leasedBy: text('leased_by'), // the instance
    leaseEndsAt: timestamp('lease_ends_at', { withTimezone: true }),
    errorCode: text('error_code'),
    errorDetail: text('error_detail'),
    costNano: bigint('cost_nano', { mode: 'bigint' }), // its share of its calls; null: unknown
    settledAt: timestamp('settled_at', { withTimezone: true }),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.position] }),
    index('run_items_state').on(table.runId, table.state, table.position),
    // What leasing walks. Without it a planner whose statistics are older than the run's progress passes over all that is done.
    index('run_items_waiting')
      .on(table.runId, table.position)
      .where(sql`state = 'waiting'`),
    index('run_items_subject').on(table.subjectId, table.workHash),
  ],
)
