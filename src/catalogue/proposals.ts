import { eq, type SQL, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import type { ProposalFilter } from '../contract/review.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type Provenance, reviewSamples, runs, type SourceColumns, type ValueFlag } from '../db/schema/index.ts'
import { isId, readKey, writeKey } from './cursor.ts'
import { readProduct } from './edit.ts'
import { matches, uuids } from './filter.ts'
import { columnsOf } from './index-write.ts'
import { isEmptyValue } from './current.ts'
import { type Inherited, inheritedValues } from './inherited.ts'
import { importedAt } from './mapping.ts'
import { mappingsOf } from './mappings.ts'
import { readSource } from './sources.ts'
import { type CurrentValue, standingAt } from './values.ts'

/**
 * Proposals of products that their source still brings, in the order of its file: what belongs to one product stands together.
 * Call `refreshCatalogueIndex` (index.ts) first, so that products just imported count.
 */
export async function matchingProposals(tx: Tx, filter: ProposalFilter): Promise<{ from: SQL; where: SQL }> {
  const {
    search,
    sourceId,
    family,
    productId,
    runId,
    attribute,
    locale,
    channel,
    model,
    flag,
    kind,
    flagged,
    overPerson,
    change,
    words,
    sampleId,
  } = filter
  const product = await matches(tx, { search, sourceId, family })
  const conditions = [
    sql`change.state = 'proposed'`,
    ...(product ? [product] : []),
    ...(productId === undefined ? [] : [sql`change.product_id = ${productId}::uuid`]),
    ...(runId === undefined ? [] : [sql`change.run_id = ${runId}::uuid`]),
    ...(attribute === undefined ? [] : [sql`change.attribute = ${attribute}`]),
    ...(locale === undefined ? [] : [locale === '' ? sql`change.locale is null` : sql`change.locale = ${locale}`]),
    ...(channel === undefined ? [] : [channel === '' ? sql`change.channel is null` : sql`change.channel = ${channel}`]),
    ...(model === undefined ? [] : [sql`change.provenance ->> 'model' = ${model}`]),
    ...(kind === undefined ? [] : [sql`change.provenance ->> 'kind' = ${kind}`]),
    ...(flag === undefined ? [] : [sql`change.flags @> ${JSON.stringify([{ reason: flag }])}::jsonb`]),
    ...(flagged === undefined ? [] : [flagged ? sql`change.flags <> '[]'::jsonb` : sql`change.flags = '[]'::jsonb`]),
    ...(change === undefined ? [] : [sql`change.change_kind = ${change}`]),
    ...(words === undefined ? [] : [sql`change.change_words = ${words}`]),
    ...(sampleId === undefined ? [] : [sql`change.id in (${membersOf(sampleId)})`]),
    ...(overPerson === undefined ? [] : [overPerson ? sql`standing.of_person` : sql`not standing.of_person`]),
  ]
  return {
    from: overPerson === undefined ? LISTED : sql`${LISTED} ${STANDING}`,
    where: sql.join(conditions, sql` and `),
  }
}

const membersOf = (sampleId: string): SQL =>
  sql`select (member ->> 'changeId')::uuid from review_samples, jsonb_array_elements(members) as member where review_samples.id = ${sampleId}::uuid`

/** A filter that names a thing of another workspace, or of nothing, is refused rather than answered with nothing. */
export async function requireFiltered(tx: Tx, { productId, runId, sourceId, sampleId }: ProposalFilter): Promise<void> {
  if (productId !== undefined) await readProduct(tx, productId)
  if (runId !== undefined) await requireRun(tx, runId)
  if (sourceId !== undefined) await readSource(tx, sourceId)
  if (sampleId !== undefined) await requireSample(tx, sampleId)
}

/** @throws AppError sample.missing */
async function requireSample(tx: Tx, sampleId: string): Promise<void> {
  const [sample] = await tx.select({ id: reviewSamples.id }).from(reviewSamples).where(eq(reviewSamples.id, sampleId))
  if (!sample) throw sampleMissing()
}

export const sampleMissing = (): AppError => new AppError('sample.missing', 'There is no such sample in this workspace. Draw another one.')

/** @throws AppError run.missing */
export async function requireRun(tx: Tx, runId: string): Promise<void> {
  const [run] = await tx.select({ id: runs.id }).from(runs).where(eq(runs.id, runId))
  if (!run) throw new AppError('run.missing', 'There is no such run in this workspace.')
}

const LISTED = sql`value_changes change join product_index on product_index.product_id = change.product_id`
/** What stands at each place now: joined only where it is asked for, since it opens every product. */
const STANDING = sql`join products product on product.id = change.product_id cross join ${standingAt({ product: sql`product`, place: sql`change` })}`

export interface PageRequest {
  readonly filter: ProposalFilter
  readonly asOf?: Date // those made later are left out
  readonly except?: readonly string[] // changes that are left out
  readonly cursor: string | null
  readonly limit: number
}

/** The ids of the next proposals that match, and where to go on; null: that was all. */
export async function proposalPage(tx: Tx, request: PageRequest): Promise<{ ids: string[]; nextCursor: string | null }> {
  const { limit } = request
  const rows = await placesAfter(tx, request)
  return { ids: rows.slice(0, limit).map(({ id }) => id), nextCursor: cursorAfter(rows, limit) }
}

/**
 * Up to one more than the limit, in order. What follows a cursor is the rest of its product, then the products after it: asked
 * in two, because one condition over both tables would have every proposal joined and sorted for each page.
 */
async function placesAfter(tx: Tx, { filter, asOf, except = [], cursor, limit }: PageRequest): Promise<PlacedProposal[]> {
  const { from, where } = await matchingProposals(tx, filter)
  const before = asOf === undefined ? sql`` : sql`and change.created_at <= ${asOf.toISOString()}::timestamptz`
  const left = except.length === 0 ? sql`` : sql`and change.id <> all (${uuids(except)})`
  const read = (after: SQL, most: number): Promise<PlacedProposal[]> =>
    rowsOf(
      tx,
      sql`select change.id, product_index.source_id, product_index.row, change.attribute from ${from} where ${where} ${before} ${left} ${after}
        order by ${ORDER} limit ${most}`,
    )
  if (cursor === null) return read(sql``, limit + 1)
  const { sourceId, row, attribute, id } = readCursor(cursor)
  const product = sql`(product_index.source_id, product_index.row)`
  const rest = await read(
    sql`and ${product} = (${sourceId}::uuid, ${row}::integer) and (change.attribute, change.id) > (${attribute}, ${id}::uuid)`,
    limit + 1,
  )
  if (rest.length > limit) return rest
  return [...rest, ...(await read(sql`and ${product} > (${sourceId}::uuid, ${row}::integer)`, limit + 1 - rest.length))]
}

/** Where a proposal stands in the list. */
interface PlacedProposal {
  readonly id: string
  readonly source_id: string
  readonly row: number
  readonly attribute: string
}

const ORDER = sql`product_index.source_id, product_index.row, change.attribute, change.id`

const isRow = (value: unknown): value is number => Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 31
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed() && !value.includes('\0')

interface Cursor {
  readonly sourceId: string
  readonly row: number
  readonly attribute: string
  readonly id: string
}

function readCursor(cursor: string): Cursor {
  const [sourceId, row, attribute, id] = readKey(cursor) ?? []
  if (isId(sourceId) && isRow(row) && isText(attribute) && isId(id)) return { sourceId, row, attribute, id }
  throw new AppError('request.invalid', 'The cursor is none that this list gave. Begin again without one.')
}

function cursorAfter(rows: readonly PlacedProposal[], limit: number): string | null {
  const last = rows[limit - 1]
  if (rows.length <= limit || !last) return null
  return writeKey([last.source_id, last.row, last.attribute, last.id])
}

/** A value that waits for a person, and what it would replace. */
export interface Proposal {
  readonly id: string
  readonly product: {
    readonly id: string
    readonly sourceId: string
    readonly identifier: string
    readonly name: string | null
    readonly picture: unknown // what its source says of it
  }
  readonly attribute: string
  readonly locale: string | null
  readonly channel: string | null
  readonly current: CurrentValue
  /** What a variant has there from its parent, where it says nothing itself; null: nothing. */
  readonly inherited: Inherited | null
  readonly proposed: unknown
  readonly flags: readonly ValueFlag[]
  readonly provenance: Provenance
  readonly runId: string | null
  readonly createdAt: Date
}

interface ProposalRow extends Omit<Proposal, 'product' | 'current' | 'inherited' | 'createdAt'> {
  readonly product_id: string
  readonly source_id: string
  readonly parent_id: string | null
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
  const { ids, nextCursor } = await proposalPage(tx, request)
  const rows = await rowsOf<ProposalRow>(
    tx,
    sql`
    select change.id, change.product_id, product_index.identifier, product_index.name, product_index.source_id, product.parent_id, product.imported,
      sources.columns, sources.format, change.attribute, change.locale, change.channel, standing.value as current, standing.change_id, standing.kind as current_kind,
      change.value as proposed, change.flags, change.provenance, change.run_id as "runId", change.created_at::text as created_at
    from ${LISTED} ${STANDING} join sources on sources.id = product_index.source_id
    where change.id = any (${uuids(ids)}) order by ${ORDER}`,
  )
  const mappings = await mappingsOf(
    tx,
    rows.map(({ source_id: sourceId }) => sourceId),
  )
  const lacking = rows.flatMap(({ id, parent_id: parentId, change_id: written, current, attribute, locale, channel }) =>
    parentId !== null && written === null && isEmptyValue(current) ? [{ id, parentId, place: { attribute, locale, channel } }] : [],
  )
  const inherited = await inheritedValues(tx, lacking)
  return {
    items: rows.map((row) => ({ ...toProposal(row, mappings.get(row.source_id) ?? null), inherited: inherited.get(row.id) ?? null })),
    nextCursor,
  }
}

function toProposal(row: ProposalRow, mapping: SourceMapping | null): Omit<Proposal, 'inherited'> {
  const { id, attribute, locale, channel, proposed, flags, provenance, runId } = row
  const { product_id: productId, source_id: sourceId, identifier, name, imported } = row
  const { picture } = columnsOf({ ...row, mapping })
  return {
    id,
    product: {
      id: productId,
      sourceId,
      identifier,
      name,
      picture: picture === null ? null : importedAt(mapping, imported, { attribute: picture, locale: null, channel: null }),
    },
    attribute,
    locale,
    channel,
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
  readonly channels: ReadonlyMap<string | null, number>
  readonly flags: ReadonlyMap<string, number>
  readonly models: ReadonlyMap<string, number>
  readonly kinds: ReadonlyMap<Provenance['kind'], number>
  readonly runs: ReadonlyMap<string, number>
  readonly asOf: Date
}

interface Group {
  readonly attribute: string
  readonly locale: string | null
  readonly channel: string | null
  readonly model: string | null
  readonly kind: Provenance['kind']
  readonly run_id: string | null
  readonly reasons: string[] | null
  readonly count: number
}

/** How many proposals match, by what they can be narrowed by. */
export async function sumProposals(tx: Tx, filter: ProposalFilter): Promise<ProposalSums> {
  const { from, where } = await matchingProposals(tx, filter)
  const groups = await rowsOf<Group>(
    tx,
    sql`select attribute, locale, channel, model, kind, run_id, count(*)::integer as count,
        case when flags <> '[]'::jsonb then array(select distinct flag ->> 'reason' from jsonb_array_elements(flags) as flag order by 1) end as reasons
      from (
        select change.attribute, change.locale, change.channel, change.provenance ->> 'model' as model, change.provenance ->> 'kind' as kind, change.run_id, change.flags
        from ${from} where ${where}
      ) as matching group by 1, 2, 3, 4, 5, 6, flags`,
  )
  const [whole] = await rowsOf<{ products: number; over_person: number; now: string }>(
    tx,
    sql`select
      (select count(*) from (select distinct change.product_id from ${from} where ${where}) as found)::integer as products,
      (select count(*) from ${LISTED} ${STANDING} where ${where} and change.product_id in (select id from products where written @? '$.*.kind ? (@ == "person")')
        and standing.of_person)::integer as over_person,
      now()::text as now`,
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
    overPerson: whole!.over_person,
    attributes: by(({ attribute }) => [attribute]),
    locales: by(({ locale }) => [locale]),
    channels: by(({ channel }) => [channel]),
    flags: by(({ reasons }) => reasons ?? []),
    models: by(({ model }) => (model === null ? [] : [model])),
    kinds: by(({ kind }) => [kind]),
    runs: by(({ run_id: runId }) => (runId === null ? [] : [runId])),
    asOf: new Date(new Date(whole!.now).getTime() + 1), // the database counts in microseconds
  }
}
