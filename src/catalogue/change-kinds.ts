import { type SQL, sql } from 'drizzle-orm'
import type { GroupKind } from '../contract/review-groups.ts'
import { type Recipe, columnOf } from '../contract/recipe.ts'
import type { Database, Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import type { Provenance, ValueFlag } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'
import { kindOfChange } from './change-kind.ts'
import { uuids } from './filter.ts'
import { standingAt } from './values.ts'

/**
 * Proposals are told apart by kind of change in the background, after they were recorded: what it compares with is what the product
 * says when it looks, and a product that changed since is looked at again. Recording a value costs nothing more for it.
 */

const BATCH = 500 // proposals a transaction

const under = new WeakMap<Database, Map<string, Promise<void>>>()
const stopped = new WeakSet<Database>()

/** Tells all waiting proposals of a workspace apart, in short transactions; callers at the same time share one pass. */
export function tellChangeKinds(database: Database, workspaceId: string): Promise<void> {
  const ofDatabase = under.get(database) ?? new Map<string, Promise<void>>()
  under.set(database, ofDatabase)
  const running = ofDatabase.get(workspaceId)
  if (running) return running
  const pass = tellAll(database, workspaceId).finally(() => ofDatabase.delete(workspaceId))
  ofDatabase.set(workspaceId, pass)
  return pass
}

/** Before the database closes: passes under way end with the batch they are at, and go on with whoever asks next. */
export async function stopChangeKinds(database: Database): Promise<void> {
  stopped.add(database)
  const passes = under.get(database)
  if (passes) await Promise.allSettled(passes.values())
}

async function tellAll(database: Database, workspaceId: string): Promise<void> {
  for (const which of [UNTOLD, OUTDATED]) {
    while (!stopped.has(database) && (await database.inWorkspace(workspaceId, (tx) => tellBatch(tx, which))) === BATCH);
  }
}

const UNTOLD = sql`change.change_kind is null`
/** Its product was imported or written since. */
const OUTDATED = sql`change.change_told_at < (select updated_at from product_index where product_index.product_id = change.product_id)`

/** Proposals whose kind is known, for a condition on "change". */
export const isTold: SQL = sql`change.change_kind is not null`

interface Untold {
  readonly id: string
  readonly attribute: string
  readonly run_id: string | null
  readonly value: unknown
  readonly flags: readonly ValueFlag[]
  readonly provenance: Provenance
  readonly imported: Readonly<Record<string, unknown>>
  readonly standing_value: unknown
  readonly of_person: boolean
}

/** @returns how many were told. */
async function tellBatch(tx: Tx, which: SQL): Promise<number> {
  const untold = await rowsOf<Untold>(
    tx,
    sql`
    select change.id, change.attribute, change.run_id, change.value, change.flags, change.provenance, product.imported,
      standing.value as standing_value, standing.of_person
    from (
      select * from value_changes change where change.state = 'proposed' and ${which} order by change.id limit ${BATCH}
    ) as change join products product on product.id = change.product_id cross join ${standingAt({ product: sql`product`, place: sql`change` })}`,
  )
  if (untold.length === 0) return 0
  const options = await optionsOfRuns(tx, new Set(untold.flatMap(({ run_id: runId }) => runId ?? [])))
  const told = untold.map((change) => ({ id: change.id, ...groupOf(change, options) }))
  await tx.execute(sql`
    update value_changes set change_kind = told.kind, change_words = told.words, change_told_at = now()
    from jsonb_to_recordset(${storableJson(told)}::jsonb) as told(id uuid, kind text, words text)
    where value_changes.id = told.id and value_changes.state = 'proposed'`)
  return untold.length
}

/** What needs an eye for itself comes before the kind of change: a flag, a person's value, a source that says otherwise. */
function groupOf(change: Untold, options: ReadonlySet<string>): { kind: GroupKind; words: string | null } {
  const [flag] = change.flags.map(({ reason }) => reason).toSorted()
  if (flag !== undefined) return { kind: 'flagged', words: flag }
  if (change.provenance.kind === 'imported') return { kind: 'from_source', words: null }
  if (change.of_person) return { kind: 'over_person', words: null }
  return kindOfChange({
    before: change.standing_value,
    after: change.value,
    data: change.imported,
    isOption:
      change.run_id !== null && typeof change.value === 'string' && options.has(optionKey(change.run_id, change.attribute, change.value)),
  })
}

const optionKey = (runId: string, attribute: string, value: string): string => JSON.stringify([runId, attribute, value])

/** The values that recipes list, by run and attribute. */
async function optionsOfRuns(tx: Tx, runIds: ReadonlySet<string>): Promise<Set<string>> {
  if (runIds.size === 0) return new Set()
  const runs = await rowsOf<{ id: string; fields: Recipe['fields'] | null }>(
    tx,
    sql`select id, settings -> 'recipe' -> 'fields' as fields from runs where id = any (${uuids([...runIds])})`,
  )
  return new Set(
    runs.flatMap(({ id, fields }) =>
      (fields ?? []).flatMap((field) =>
        field.type === 'select' ? field.values.map((value) => optionKey(id, columnOf(field), value)) : [],
      ),
    ),
  )
}
