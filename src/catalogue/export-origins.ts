import { sql } from 'drizzle-orm'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import type { WrittenValue } from '../db/schema/index.ts'
import { isEmptyValue } from './current.ts'
import { uuids } from './filter.ts'
import { columnNames, type FileFormat } from './formats/format.ts'
import { cellsFor } from './mapping.ts'
import { isOriginMark, marksIn, ORIGIN_MEMBER, ORIGIN_SUFFIX, type OriginMark } from './origin-marks.ts'
import type { Place } from './place.ts'

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

/** Which columns of an export are marked, and in which columns; in JSONL all marks are one member. */
export interface OriginColumns {
  readonly format: FileFormat
  /** By column, the one of its marks. */
  readonly columns: ReadonlyMap<string, string>
  /** Not asked for: marks that the file has are kept true, and none are added. */
  readonly isAsked: boolean
}

/**
 * The columns that Latchkey ever wrote in: the others are the supplier's own all through, and need no mark. A file that came with
 * marks keeps them in their columns, where they stay true also when nobody asks for them.
 */
export function originColumnsOf(
  format: FileFormat,
  { mapping, places, isAsked }: { mapping: SourceMapping | null; places: readonly Place[]; isAsked: boolean },
): OriginColumns {
  const names = new Set(columnNames(format))
  const kept = new Set(mapping?.columns.flatMap(({ column, role }) => (role === 'kept' && names.has(column) ? [column] : [])))
  const written = new Set(places.flatMap((place) => Object.keys(cellsFor(mapping, place, { value: '', now: {} }))))
  const columns = new Map<string, string>()
  for (const column of written) {
    const own = format.kind === 'jsonl' ? ORIGIN_MEMBER : `${column}${ORIGIN_SUFFIX}`
    if (kept.has(own)) columns.set(column, own)
    else if (isAsked) columns.set(column, names.has(own) ? `${own} (2)` : own) // the supplier's own column of that name stays
  }
  return { format, columns, isAsked }
}

/** Whose words each value of the marked columns is: in cells beside them, in JSONL as one object. Of no value nothing is said. */
export function originCells(
  { format, columns, isAsked }: OriginColumns,
  {
    marks,
    cells,
    imported,
  }: {
    marks: ReadonlyMap<string, OriginMark> // of what was written, by column
    cells: Readonly<Record<string, unknown>>
    imported: Readonly<Record<string, unknown>>
  },
): Record<string, unknown> {
  if (columns.size === 0) return {}
  const before = format.kind === 'jsonl' ? marksIn(imported[ORIGIN_MEMBER]) : undefined
  const said = Array.from(columns, ([column, own]): [string, OriginMark | null] => {
    const value = column in cells ? cells[column] : imported[column]
    const came = before ? before[column] : imported[own]
    return [column, isEmptyValue(value) ? null : (marks.get(column) ?? (isOriginMark(came) ? came : 'supplier'))]
  })
  if (format.kind !== 'jsonl') return Object.fromEntries(said.map(([column, mark]) => [columns.get(column)!, mark]))
  if (!isAsked && !before) return {}
  const all: Record<string, OriginMark | null> = { ...before, ...Object.fromEntries(said) }
  return { [ORIGIN_MEMBER]: Object.fromEntries(Object.entries(all).filter(([, mark]) => mark !== null)) }
}
