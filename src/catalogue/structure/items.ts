import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core'
import { canonicalJson } from '../../base/json.ts'
import type { StructureKind, StructureOrigin } from '../../contract/structure.ts'
import { insertMany, updateMany } from '../../db/bulk.ts'
import type { Tx } from '../../db/database.ts'
import { attributeGroups, attributeOptions, attributes, categories, channels, families } from '../../db/schema/index.ts'
import { storableJson } from '../../db/storable.ts'

/** The rows of a structure, kind by kind: what they share is read and written here once. */

export type ItemTable = PgTable & Readonly<Record<'workspaceId' | 'code' | 'labels' | 'position' | 'origin', AnyPgColumn>>

export const TABLES: Readonly<Record<StructureKind, ItemTable>> = {
  groups: attributeGroups,
  attributes,
  options: attributeOptions,
  families,
  categories,
  channels,
}

/** What an item has where nobody says otherwise. */
const NOTHING_SAID: Readonly<Record<StructureKind, Readonly<Record<string, unknown>>>> = {
  groups: { labels: {}, position: 0 },
  attributes: { labels: {}, position: 0, type: 'text', group: null, localisable: false, scopable: false, rules: {} },
  options: { labels: {}, position: 0 },
  families: { labels: {}, position: 0, attributes: [], required: {}, labelAttribute: null, imageAttribute: null, variants: [] },
  categories: { labels: {}, position: 0, parent: null },
  channels: { labels: {}, position: 0, locales: [], currencies: [], tree: null },
}

/** A stored item with the members of its kind. */
export interface StoredItem extends Readonly<Record<string, unknown>> {
  readonly code: string
  readonly attribute?: string // of an option
  readonly origin: StructureOrigin
  readonly corrected: readonly string[]
}

/** An item as someone gives it, with the members that they speak of. */
export interface GivenMembers {
  readonly code: string
  readonly attribute?: string | undefined
  readonly set: Readonly<Record<string, unknown>>
}

export const itemKey = ({ code, attribute }: { readonly code: string; readonly attribute?: string | undefined }): string =>
  attribute === undefined ? code : canonicalJson([attribute, code])

/** Of these items, those that there are, by their keys. */
export async function storedItems(
  tx: Tx,
  kind: StructureKind,
  items: readonly { readonly code: string; readonly attribute?: string | undefined }[],
): Promise<Map<string, StoredItem>> {
  if (items.length === 0) return new Map()
  const table = TABLES[kind]
  const codes = [...new Set(items.map(({ code }) => code))]
  const ofAttributes =
    kind === 'options' ? inArray(attributeOptions.attribute, [...new Set(items.map(({ attribute }) => attribute!))]) : undefined
  const rows = (await tx
    .select()
    .from(table)
    .where(and(inListOf(table.code, codes), ofAttributes))) as StoredItem[]
  return new Map(rows.map((row) => [itemKey(row), row]))
}

/** In one parameter, whatever their number. */
const inListOf = (column: AnyPgColumn, texts: readonly string[]): SQL =>
  sql`${column} = any (array(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb)))`

/** One thing that an item would say otherwise. */
export interface MemberChange {
  readonly code: string
  readonly member: string
  readonly before: unknown
  readonly after: unknown
}

export interface ItemPlan {
  readonly added: readonly GivenMembers[]
  readonly updated: readonly { readonly item: StoredItem; readonly set: Readonly<Record<string, unknown>> }[]
  readonly changes: readonly MemberChange[]
  readonly unchanged: number
  readonly kept: number // items where a person's correction stays
}

/**
 * What given items change of those that there are. `by`: a file changes what nobody corrected; an inference only what was inferred.
 * Labels in other languages stay beside those that are given.
 */
export function planItems(stored: ReadonlyMap<string, StoredItem>, given: readonly GivenMembers[], by: 'file' | 'inferred'): ItemPlan {
  const added: GivenMembers[] = []
  const updated: { item: StoredItem; set: Record<string, unknown> }[] = []
  const changes: MemberChange[] = []
  let unchanged = 0
  let kept = 0
  for (const item of new Map(given.map((each) => [itemKey(each), each])).values()) {
    const before = stored.get(itemKey(item))
    if (!before) added.push(item)
    else if (by === 'inferred' && before.origin !== 'inferred') unchanged += 1
    else {
      const wanted = Object.entries(item.set).map(([member, value]) => [member, merged(member, before[member], value)] as const)
      const differing = wanted.filter(([member, value]) => canonicalJson(before[member]) !== canonicalJson(value))
      const set = differing.filter(([member]) => !before.corrected.includes(member))
      if (set.length < differing.length) kept += 1
      if (set.length === 0) unchanged += set.length < differing.length ? 0 : 1
      else changes.push(...set.map(([member, after]) => ({ code: item.code, member, before: before[member], after })))
      if (set.length > 0 || (by === 'file' && before.origin === 'inferred')) updated.push({ item: before, set: Object.fromEntries(set) })
    }
  }
  return { added, updated, changes, unchanged, kept }
}

function merged(member: string, before: unknown, given: unknown): unknown {
  return member === 'labels' ? { ...(before as object), ...(given as object) } : given
}

const now = (): SQL => sql`now()`

/** Writes what was planned. */
export async function writePlan(
  tx: Tx,
  kind: StructureKind,
  { workspaceId, plan, by }: { workspaceId: string; plan: ItemPlan; by: 'file' | 'inferred' },
): Promise<void> {
  const table = TABLES[kind]
  const inserted = plan.added.map(({ code, attribute, set }) =>
    rowOf(kind, { workspaceId, code, attribute, origin: by, corrected: [], set }),
  )
  await insertMany(tx, table, inserted as never[], { onConflict: 'nothing' })
  const rows = plan.updated.map(({ item, set }) => {
    const { code, attribute, corrected } = item
    const origin = item.origin === 'inferred' ? by : item.origin
    return rowOf(kind, { workspaceId, code, attribute, origin, corrected, set: { ...membersOf(kind, item), ...set } })
  })
  const key = kind === 'options' ? ['workspaceId', 'attribute', 'code'] : ['workspaceId', 'code']
  await updateMany(tx, table, { key: key as never[], rows: rows })
}

/** Of a stored item, the members of its kind. */
export const membersOf = (kind: StructureKind, item: StoredItem): Record<string, unknown> =>
  Object.fromEntries(
    [...Object.keys(NOTHING_SAID[kind]), ...(kind === 'attributes' ? ['guess'] : [])].map((member) => [member, item[member]]),
  )

function rowOf(
  kind: StructureKind,
  given: {
    workspaceId: string
    code: string
    attribute?: string | undefined
    origin: StructureOrigin
    corrected: readonly string[]
    set: Readonly<Record<string, unknown>>
  },
): Record<string, unknown> {
  const { workspaceId, code, attribute, origin, corrected, set } = given
  const members = JSON.parse(storableJson({ ...NOTHING_SAID[kind], ...set })) as Record<string, unknown>
  // A type that someone gave stands on their word, no longer on values.
  const guess = kind === 'attributes' ? { guess: origin === 'inferred' ? (members['guess'] ?? null) : null } : {}
  return {
    workspaceId,
    code,
    ...(attribute === undefined ? {} : { attribute }),
    origin,
    corrected: [...corrected],
    ...members,
    ...guess,
  }
}

/** A new item, or nothing where there is one of its code. @returns whether it was added. */
export async function insertItem(
  tx: Tx,
  kind: StructureKind,
  { workspaceId, item }: { workspaceId: string; item: GivenMembers },
): Promise<boolean> {
  const { code, attribute, set } = item
  const row = rowOf(kind, { workspaceId, code, attribute, origin: 'person', corrected: Object.keys(set), set })
  return (await insertMany(tx, TABLES[kind], [row] as never[], { onConflict: 'nothing' })) === 1
}

/** What a person says of an item: from then on neither a file nor an inference changes it. */
export async function correctItem(
  tx: Tx,
  kind: StructureKind,
  { item, set }: { item: StoredItem; set: Readonly<Record<string, unknown>> },
): Promise<void> {
  const corrected = [...new Set([...item.corrected, ...Object.keys(set)])]
  const stored = JSON.parse(storableJson(set)) as Record<string, unknown>
  await tx
    .update(TABLES[kind])
    .set({ ...stored, corrected, updatedAt: now() })
    .where(isItem(kind, item))
}

export async function deleteItem(tx: Tx, kind: StructureKind, item: StoredItem): Promise<void> {
  await tx.delete(TABLES[kind]).where(isItem(kind, item))
}

const isItem = (kind: StructureKind, { code, attribute }: StoredItem): SQL | undefined =>
  and(eq(TABLES[kind].code, code), kind === 'options' ? eq(attributeOptions.attribute, attribute!) : undefined)
