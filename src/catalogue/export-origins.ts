import { sql } from 'drizzle-orm'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import type { WrittenValue } from '../db/schema/index.ts'
import { uuids } from './filter.ts'

/**
 * Whose words a value is, as an export says it on request. `AI-edited`: a model wrote it and a person changed it; `rule`: it stands
 * in the product's own data, and no model was asked; `practice`: made up for practice, by no model.
 */
export type OriginMark = 'AI-written' | 'AI-edited' | 'human' | 'rule' | 'practice' | 'supplier'

const BY_KIND: Readonly<Record<string, OriginMark>> = { rule: 'rule', practice: 'practice', imported: 'supplier', person: 'human' }

/** `edited`: the persons' changes that began as a model's (`beganAsGenerated`). */
export function markOf(written: WrittenValue | undefined, edited: ReadonlySet<string>): OriginMark {
  if (!written) return 'supplier'
  if (written.kind === 'person' && edited.has(written.changeId)) return 'AI-edited'
  return BY_KIND[written.kind ?? 'generated'] ?? 'AI-written'
}

/**
 * Of persons' changes, those whose text a model wrote first: the change that each was based on, or took the place of, is followed
 * back as long as persons wrote something. Where one cleared the value, what comes after is a person's own.
 */
export async function beganAsGenerated(tx: Tx, changeIds: readonly string[]): Promise<Set<string>> {
  if (changeIds.length === 0) return new Set()
  const rows = await rowsOf<{ id: string }>(
    tx,
    sql`
    with recursive chain as (
      select id as root, provenance, coalesce((provenance ->> 'basedOn')::uuid, replaced_change_id) as before
      from value_changes where id = any (${uuids(changeIds)})
      union
      select chain.root, earlier.provenance, coalesce((earlier.provenance ->> 'basedOn')::uuid, earlier.replaced_change_id)
      from chain join value_changes earlier on earlier.id = chain.before
      where chain.provenance ->> 'kind' = 'person' and earlier.value <> 'null'::jsonb
    )
    select distinct root as id from chain where provenance ->> 'kind' = 'generated'`,
  )
  return new Set(rows.map(({ id }) => id))
}
