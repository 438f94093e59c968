import { and, asc, count, eq, inArray, isNull, type SQL, sql } from 'drizzle-orm'
import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type {
  AttributeType,
  AttributeView,
  CategoryView,
  ChannelView,
  FamilyView,
  GroupView,
  OptionView,
  StructureKind,
  StructureOrigin,
} from '../../contract/structure.ts'
import type { Tx } from '../../db/database.ts'
import { attributeGroups, attributeOptions, attributes, categories, channels, families, structures } from '../../db/schema/index.ts'
import { readKey, writeKey } from '../cursor.ts'
import { pathTo } from './change.ts'
import { membersOf, type StoredItem, TABLES } from './items.ts'

/** Lists of a structure, in the order of their positions, then their codes; a page at a time. */

export interface Paging {
  readonly search?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

interface Page<Item> {
  readonly items: Item[]
  readonly nextCursor: string | null
}

const cursorShape = z.tuple([z.int(), z.string()])

async function pageOf(
  tx: Tx,
  kind: StructureKind,
  { search, cursor, limit }: Paging,
  ...conditions: (SQL | undefined)[]
): Promise<Page<StoredItem>> {
  const table = TABLES[kind]
  // An attribute's position is among those of its group.
  const position = kind === 'attributes' ? sql`0` : sql`${table.position}`
  const after = cursor === undefined ? undefined : cursorShape.safeParse(readKey(cursor))
  if (after && !after.success)
    throw new AppError('request.invalid', 'query.cursor: is not from a page of this list. Begin at the first page.')
  const [lastPosition, lastCode] = after?.data ?? [0, '']
  const behind = after && sql`(${position}, ${table.code} collate "C") > (${lastPosition}::integer, ${lastCode}::text collate "C")`
  const rows = (await tx
    .select()
    .from(table)
    .where(and(matching(table, search), behind, ...conditions))
    .orderBy(...(kind === 'attributes' ? [] : [asc(table.position)]), sql`${table.code} collate "C"`)
    .limit(limit + 1)) as StoredItem[]
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last ? writeKey([kind === 'attributes' ? 0 : last['position'], last.code]) : null }
}

/** In its code or one of its labels; position, not LIKE: nothing of what is typed is a pattern. */
function matching(table: (typeof TABLES)[StructureKind], search: string | undefined): SQL | undefined {
  const text = search?.trim().toLowerCase() ?? ''
  return text === ''
    ? undefined
    : sql`(position(${text} in lower(${table.code})) > 0 or position(${text} in lower(${table.labels}::text)) > 0)`
}

const viewOf = (kind: StructureKind, item: StoredItem) => ({
  code: item.code,
  origin: item.origin,
  corrected: [...item.corrected],
  ...membersOf(kind, item),
})

export async function listGroups(tx: Tx, paging: Paging): Promise<Page<GroupView>> {
  const { items, nextCursor } = await pageOf(tx, 'groups', paging)
  const held = await countsBy(tx, attributes, attributes.group)
  return { items: items.map((item) => ({ ...(viewOf('groups', item) as GroupView), attributes: held.get(item.code) ?? 0 })), nextCursor }
}

async function countsBy(
  tx: Tx,
  table: typeof attributes | typeof attributeOptions | typeof categories,
  column: typeof attributes.group | typeof attributeOptions.attribute | typeof categories.parent,
  of?: readonly string[],
): Promise<Map<string | null, number>> {
  const rows = await tx
    .select({ key: sql<string | null>`${column}`, count: count() })
    .from(table)
    .where(of ? inArray(column, [...of]) : undefined)
    .groupBy(column)
  return new Map(rows.map((row) => [row.key, row.count]))
}

export async function listAttributes(
  tx: Tx,
  paging: Paging & {
    readonly type?: AttributeType | undefined
    readonly group?: string | undefined
    readonly origin?: StructureOrigin | undefined
    readonly family?: string | undefined
  },
): Promise<Page<AttributeView>> {
  const { type, group, origin, family } = paging
  const { items, nextCursor } = await pageOf(
    tx,
    'attributes',
    paging,
    type === undefined ? undefined : eq(attributes.type, type),
    group === undefined ? undefined : group === '' ? isNull(attributes.group) : eq(attributes.group, group),
    origin === undefined ? undefined : eq(attributes.origin, origin),
    family === undefined
      ? undefined
      : sql`${attributes.code} in (select jsonb_array_elements_text(families.attributes) from families where families.code = ${family})`,
  )
  const codes = items.map(({ code }) => code)
  const options =
    codes.length === 0 ? new Map<string | null, number>() : await countsBy(tx, attributeOptions, attributeOptions.attribute, codes)
  const holding = await tx
    .select({ code: sql<string>`held.code`, count: count() })
    .from(sql`${families}, jsonb_array_elements_text(${families.attributes}) as held(code)`)
    .groupBy(sql`held.code`)
  const familiesOf = new Map(holding.map((row) => [row.code, row.count]))
  return {
    items: items.map((item) => ({
      ...(viewOf('attributes', item) as AttributeView),
      options: options.get(item.code) ?? 0,
      families: familiesOf.get(item.code) ?? 0,
    })),
    nextCursor,
  }
}

export async function listOptions(tx: Tx, { attribute, ...paging }: Paging & { readonly attribute: string }): Promise<Page<OptionView>> {
  const { items, nextCursor } = await pageOf(tx, 'options', paging, eq(attributeOptions.attribute, attribute))
  return { items: items.map((item) => ({ ...(viewOf('options', item) as OptionView), attribute })), nextCursor }
}

export async function listFamilies(tx: Tx, paging: Paging): Promise<Page<FamilyView>> {
  const { items, nextCursor } = await pageOf(tx, 'families', paging)
  return { items: items.map((item) => viewOf('families', item) as FamilyView), nextCursor }
}

export async function listChannels(tx: Tx, paging: Paging): Promise<Page<ChannelView>> {
  const { items, nextCursor } = await pageOf(tx, 'channels', paging)
  return { items: items.map((item) => viewOf('channels', item) as ChannelView), nextCursor }
}

/** The categories under one, the roots, or all that match a search, each with its way from the root. */
export async function listCategories(
  tx: Tx,
  { parent, ...paging }: Paging & { readonly parent?: string | undefined },
): Promise<Page<CategoryView>> {
  const searching = (paging.search?.trim() ?? '') !== ''
  const under = parent === undefined ? isNull(categories.parent) : eq(categories.parent, parent)
  const { items, nextCursor } = await pageOf(tx, 'categories', paging, searching && parent === undefined ? undefined : under)
  const codes = items.map(({ code }) => code)
  const below = codes.length === 0 ? new Map<string | null, number>() : await countsBy(tx, categories, categories.parent, codes)
  const paths = new Map<string | null, string[]>()
  const views: CategoryView[] = []
  for (const item of items) {
    const above = item['parent'] as string | null
    if (!paths.has(above)) paths.set(above, above === null ? [] : await pathTo(tx, above))
    views.push({
      ...(viewOf('categories', item) as CategoryView),
      children: below.get(item.code) ?? 0,
      path: [...paths.get(above)!, item.code],
    })
  }
  return { items: views, nextCursor }
}

const usedOrNamed = (used: readonly string[], named: readonly string[] = []): string[] => [...new Set(used.length > 0 ? used : named)]

/** How many of each there are, and the languages and currencies of the channels; without any, those that a file named. */
export async function readOverview(tx: Tx) {
  const counted = async (table: (typeof TABLES)[StructureKind], where?: SQL): Promise<number> => {
    const [row] = await tx.select({ count: count() }).from(table).where(where)
    return row!.count
  }
  const [whole] = await tx.select().from(structures)
  const known = await tx.select().from(channels)
  return {
    groups: await counted(attributeGroups),
    attributes: await counted(attributes),
    inferred: await counted(attributes, and(eq(attributes.origin, 'inferred'), sql`not ${attributes.corrected} ? 'type'`)),
    families: await counted(families),
    categories: await counted(categories),
    channels: await counted(channels),
    locales: usedOrNamed(
      known.flatMap(({ locales }) => locales),
      whole?.locales,
    ),
    currencies: usedOrNamed(
      known.flatMap(({ currencies }) => currencies),
      whole?.currencies,
    ),
  }
}
