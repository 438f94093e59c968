import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { rowsOf } from '../../db/rows.ts'
import { uuids } from '../filter.ts'
import { stands } from './corrections.ts'

/** What is remembered of a source, as prompts are made from it: a copy, so that a run keeps what it was begun with. */
export interface SourceMemory {
  readonly rules: readonly RememberedRule[]
  readonly examples: readonly RememberedExample[] // the latest first, a few of each attribute and language
}

export interface RememberedRule {
  readonly attribute: string | null // null: every attribute
  readonly locale: string | null // null: every language
  readonly term: string
  readonly use: string | null // null: the term is never written
}

export interface RememberedExample {
  readonly attribute: string
  readonly locale: string | null
  readonly wrote: string
  readonly made: string | null // null: it was rejected
  readonly reason: string | null
}

/** Of each attribute and language so many examples are read; how many of them a prompt has room for is its own matter. */
const MOST_EXAMPLES = 8

/** What is remembered of sources, by source; one of which nothing is has no entry. */
export async function readMemories(tx: Tx, sourceIds: readonly string[]): Promise<Map<string, SourceMemory>> {
  if (sourceIds.length === 0) return new Map()
  const rules = await rowsOf<RememberedRule & { source_id: string }>(
    tx,
    sql`select source_id, attribute, locale, term, "use" from supplier_rules
      where source_id = any (${uuids(sourceIds)}) and state = 'on' and deleted_at is null order by source_id, lower(term), id`,
  )
  const examples = await rowsOf<RememberedExample & { source_id: string }>(
    tx,
    sql`select source_id, attribute, locale, wrote, made, reason from (
        select correction.*, row_number() over (partition by source_id, attribute, locale order by id desc) as place
        from corrections correction
        where source_id = any (${uuids(sourceIds)}) and correction.on and deleted_at is null and (made is not null or reason is not null)
          and ${stands(sql`correction`)}
      ) as latest where place <= ${MOST_EXAMPLES} order by source_id, attribute, locale, place`,
  )
  const memories = new Map<string, SourceMemory>()
  for (const sourceId of sourceIds) {
    const of = <Row extends { readonly source_id: string }>(rows: readonly Row[]) => rows.filter((row) => row.source_id === sourceId)
    const memory = {
      rules: of(rules).map(({ attribute, locale, term, use }) => ({ attribute, locale, term, use })),
      examples: of(examples).map(({ attribute, locale, wrote, made, reason }) => ({ attribute, locale, wrote, made, reason })),
    }
    if (memory.rules.length > 0 || memory.examples.length > 0) memories.set(sourceId, memory)
  }
  return memories
}
