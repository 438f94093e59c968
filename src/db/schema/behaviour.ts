import { sql } from 'drizzle-orm'
import { bigint, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { Ability, AbilityState, CardState, FindingNote, ProbedKind } from '../../contract/behaviour.ts'
import { connections } from './connections.ts'
import { workspaces } from './people.ts'

/** What was found about one ability of a model, and when. */
export interface StoredFinding {
  readonly ability: Ability
  readonly state: AbilityState
  readonly note?: FindingNote
  readonly said?: string // the provider's words, scrubbed
  readonly at: string // ISO 8601
}

/** What a model was found to do over a connection, and how far its test is; one row, kept until it is tested again. */
export const behaviourCards = pgTable(
  'behaviour_cards',
  {
    workspaceId: uuid('workspace_id')
      .notNull()
      .references(() => workspaces.id),
    connectionId: uuid('connection_id')
      .notNull()
      .references(() => connections.id),
    model: text('model').notNull(),
    kind: text('kind').$type<ProbedKind>().notNull(),
    destination: text('destination').notNull(), // canonical; a card says nothing of another one
    state: text('state').$type<CardState>().notNull(),
    asking: text('asking').$type<Ability>(), // what is being tried now
    findings: jsonb('findings').$type<StoredFinding[]>().notNull().default([]),
    limitHeaders: jsonb('limit_headers').$type<Record<string, string>>().notNull().default({}),
    calls: integer('calls').notNull().default(0), // of the last test, with its cost
    costNano: bigint('cost_nano', { mode: 'bigint' })
      .notNull()
      .default(sql`0`), // of the calls whose cost is known
    currency: text('currency').notNull(),
    unknownCostCalls: integer('unknown_cost_calls').notNull().default(0),
    budgetId: uuid('budget_id').notNull(), // caps it at what the person agreed to
    problem: jsonb('problem').$type<{ code: string; detail: string }>(), // why it was stopped
    instance: text('instance').notNull(), // which process tests
    startedBy: text('started_by').notNull(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
    endedAt: timestamp('ended_at', { withTimezone: true }),
  },
  (table) => [primaryKey({ columns: [table.connectionId, table.model] })],
)
