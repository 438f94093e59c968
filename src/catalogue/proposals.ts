import { eq, type SQL, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { ProposalFilter } from '../contract/review.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type Provenance, runs, type SourceColumns, type ValueFlag } from '../db/schema/index.ts'
import { readProduct } from './edit.ts'
import { matches } from './filter.ts'
import { columnsOf } from './index.ts'
import { readSource } from './sources.ts'
import { type CurrentValue, standingAt } from './values.ts'

/**
 * Proposals of products that their source still brings, in the order of its file: what belongs to one product stands together.
 * Call `refreshCatalogueIndex` (index.ts) first, so that products just imported count.
 */
async function matching(tx: Tx, filter: ProposalFilter): Promise<{ from: SQL; where: SQL }> {
  const { search, sourceId, family, productId, runId, attribute, locale, model, flag, kind, flagged, overPerson } = filter
  const product = await matches(tx, { search, sourceId, family })
  const conditions = [
    sql`change.state = 'proposed'`,
    ...(product ? [product] : []),
    ...(productId === undefined ? [] : [sql`change.product_id = ${productId}::uuid`]),
    ...(runId === undefined ? [] : [sql`change.run_id = ${runId}::uuid`]),
    ...(attribute === undefined ? [] : [sql`change.attribute = ${attribute}`]),
    ...(locale === undefined ? [] : [locale === '' ? sql`change.locale is null` : sql`change.locale = ${locale}`]),
    ...(model === undefined ? [] : [sql`change.provenance ->> 'model' = ${model}`]),
    ...(kind === undefined ? [] : [sql`change.provenance ->> 'kind' = ${kind}`]),
    ...(flag === undefined ? [] : [sql`change.flags @> ${JSON.stringify([{ reason: flag }])}::jsonb`]),
    ...(flagged === undefined ? [] : [flagged ? sql`change.flags <> '[]'::jsonb` : sql`change.flags = '[]'::jsonb`]),
    ...(overPerson === undefined ? [] : [overPerson ? sql`standing.of_person` : sql`not standing.of_person`]),
  ]
  return {
    from: sql`value_changes change join product_index on product_index.product_id = change.product_id
      join products product on product.id = change.product_id
      cross join ${standingAt({ product: sql`product`, place: sql`change` })}`,
    where: sql.join(conditions, sql` and `),
  }
}

/** A filter that names a thing of another workspace, or of nothing, is refused rather than answered with nothing. */
export async function requireFiltered(tx: Tx, { productId, runId, sourceId }: ProposalFilter): Promise<void> {
  if (productId !== undefined) await readProduct(tx, productId)
  if (runId !== undefined) await requireRun(tx, runId)
  if (sourceId !== undefined) await readSource(tx, sourceId)
}

/** @throws AppError run.missing */
export async function requireRun(tx: Tx, runId: string): Promise<void> {
  const [run] = await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, runId))
  if (!run) throw new AppError('run.missing', 'There is no such run in this workspace.')
}

export interface PageRequest {
  readonly filter: ProposalFilter
  readonly asOf?: Date // those made later are left out
  readonly cursor: string | null
  readonly limit: number
}

/** The ids of the next proposals that match, and where to go on; null: that was all. */
export async function proposalPage(tx: Tx, request: PageRequest): Promise<{ ids: string[]; nextCursor: string | null }> {
  const { from, where } = await matching(tx, request.filter)
  const rows = await rowsOf<Place & { readonly id: string }>(
    tx,
    sql`select change.id, ${PLACE} from ${from} where ${where} ${later(request)}
      order by ${ORDER} limit ${request.limit + 1}`,
  )
  return { ids: rows.slice(0, request.limit).map(({ id }) => id), nextCursor: cursorAfter(rows, request.limit) }
}

function later({ asOf, cursor }: PageRequest): SQL {
  const after = cursor === null ? sql`` : sql`and (${ORDER}) > (${readCursor(cursor)})`
  return asOf === undefined ? after : sql`${after} and change.created_at <= ${asOf.toISOString()}::timestamptz`
}

/** Where a proposal stands in the list. */
interface Place {
  readonly source_id: string
  readonly row: number
  readonly attribute: string
}

const PLACE = sql`product_index.source_id, product_index.row, change.attribute`
const ORDER = sql`product_index.source_id, product_index.row, change.attribute, change.id`

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed() && !value.includes('\0')

function readCursor(cursor: string): SQL {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const [sourceId, row, attribute, id] = Array.isArray(key) ? (key as unknown[]) : []
    if (isUuid(sourceId) && Number.isSafeInteger(row) && Math.abs(row as number) < 2 ** 31 && isText(attribute) && isUuid(id)) {
      return sql`${sourceId}::uuid, ${row}::integer, ${attribute}, ${id}::uuid`
    }
  } catch {
    // not ours: refused below
  }
  throw new AppError('request.invalid', 'The cursor is none that this list gave. Begin again without one.')
}

function cursorAfter(rows: readonly (Place & { readonly id: string })[], limit: number): string | null {
  const last = rows[limit - 1]
  if (rows.length <= limit || !last) return null
  return Buffer.from(JSON.stringify([last.source_id, last.row, last.attribute, last.id])).toString('base64url')
}

/** A value that waits for a person, and what it would replace. */
export interface Proposal {
  readonly id: string
  readonly product: {
    readonly id: string
    readonly sourceId: string
    readonly identifier: string
    readonly name: string | null
    readonly imported: Readonly<Record<string, unknown>>
    readonly columns: SourceColumns
  }
  readonly attribute: string
  readonly locale: string | null
  readonly current: CurrentValue
  readonly proposed: unknown
  readonly flags: readonly ValueFlag[]
  readonly provenance: Provenance
  readonly runId: string | null
  readonly createdAt: Date
}

interface ProposalRow extends Omit<Proposal, 'product' | 'current' | 'createdAt'> {
  readonly product_id: string
  readonly source_id: string
  readonly row: number
  readonly identifier: string
  readonly name: string | null
  readonly imported: Readonly<Record<string, unknown>>
  readonly columns: SourceColumns | null
  readonly format: Record<string, unknown>
  readonly current: unknown
  readonly change_id: string | null
  readonly current_kind: Provenance['kind']
  readonly created_at: string
}

/** The next proposals that match, with what a reviewer needs to see. */
export async function listProposals(tx: Tx, request: PageRequest): Promise<{ items: Proposal[]; nextCursor: string | null }> {
  const { from, where } = await matching(tx, request.filter)
  const rows = await rowsOf<ProposalRow>(
    tx,
    sql`
    with page as materialized (
      select change.id from ${from} where ${where} ${later(request)} order by ${ORDER} limit ${request.limit + 1}
    )
    select change.id, change.product_id, product_index.identifier, product_index.name, product_index.source_id, product_index.row, product.imported, sources.columns, sources.format,
      change.attribute, change.locale, standing.value as current, standing.change_id, standing.kind as current_kind,
      change.value as proposed, change.flags, change.provenance, change.run_id as "runId", change.created_at::text as created_at
    from page join value_changes change on change.id = page.id
      join product_index on product_index.product_id = change.product_id
      join sources on sources.id = product_index.source_id
      join products product on product.id = change.product_id
      cross join ${standingAt({ product: sql`product`, place: sql`change` })}
    order by ${ORDER}`,
  )
  return { items: rows.slice(0, request.limit).map(toProposal), nextCursor: cursorAfter(rows, request.limit) }
}

function toProposal(row: ProposalRow): Proposal {
  const { id, attribute, locale, proposed, flags, provenance, runId } = row
  const { product_id: productId, source_id: sourceId, identifier, name, imported } = row
  return {
    id,
    product: { id: productId, sourceId, identifier, name, imported, columns: columnsOf(row) },
    attribute,
    locale,
    current: { value: row.current, changeId: row.change_id, kind: row.current_kind },
    proposed,
    flags,
    provenance,
    runId,
    createdAt: new Date(row.created_at),
  }
}

export interface ProposalSums {
  readonly total: number
  readonly products: number
  readonly flagged: number
  readonly overPerson: number
  readonly attributes: ReadonlyMap<string, number>
  readonly locales: ReadonlyMap<string | null, number>
  readonly flags: ReadonlyMap<string, number>
  readonly models: ReadonlyMap<string, number>
  readonly kinds: ReadonlyMap<Provenance['kind'], number>
  readonly runs: ReadonlyMap<string, number>
  readonly asOf: Date
}

interface Group {
  readonly attribute: string
  readonly locale: string | null
  readonly model: string | null
  readonly kind: Provenance['kind']
  readonly run_id: string | null
  readonly reasons: string[] | null
  readonly of_person: boolean
  readonly count: number
}

/** How many proposals match, by what they can be narrowed by. */
export async function sumProposals(tx: Tx, filter: ProposalFilter): Promise<ProposalSums> {
  const { from, where } = await matching(tx, filter)
  const groups = await rowsOf<Group>(
    tx,
    sql`select change.attribute, change.locale, change.provenance ->> 'model' as model, change.provenance ->> 'kind' as kind, change.run_id,
        case when change.flags <> '[]'::jsonb then array(select distinct flag ->> 'reason' from jsonb_array_elements(change.flags) as flag order by 1) end as reasons,
        standing.of_person, count(*)::integer as count
      from ${from} where ${where} group by 1, 2, 3, 4, 5, 6, 7`,
  )
  const [whole] = await rowsOf<{ products: number; now: string }>(
    tx,
    sql`select (select count(distinct change.product_id) from ${from} where ${where})::integer as products, now()::text as now`,
  )
  const by = <Key>(keysOf: (group: Group) => readonly Key[]): Map<Key, number> => {
    const counts = new Map<Key, number>()
    for (const group of groups) for (const key of keysOf(group)) counts.set(key, (counts.get(key) ?? 0) + group.count)
    return new Map([...counts].sort(([, a], [, b]) => b - a))
  }
  const count = (which: (group: Group) => boolean): number => groups.filter(which).reduce((sum, group) => sum + group.count, 0)
  return {
    total: count(() => true),
    products: whole!.products,
    flagged: count(({ reasons }) => reasons !== null),
    overPerson: count(({ of_person: ofPerson }) => ofPerson),
    attributes: by(({ attribute }) => [attribute]),
    locales: by(({ locale }) => [locale]),
    flags: by(({ reasons }) => reasons ?? []),
    models: by(({ model }) => (model === null ? [] : [model])),
    kinds: by(({ kind }) => [kind]),
    runs: by(({ run_id: runId }) => (runId === null ? [] : [runId])),
    asOf: new Date(new Date(whole!.now).getTime() + 1), // the database counts in microseconds
  }
}
