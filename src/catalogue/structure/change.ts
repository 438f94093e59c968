import { count, eq, type SQL, sql } from 'drizzle-orm'
import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import type { GivenItem, ItemKey, StructureKind } from '../../contract/structure.ts'
import type { Tx } from '../../db/database.ts'
import { attributes, categories, families, sources } from '../../db/schema/index.ts'
import { countSelected } from '../selection.ts'
import { attributesOf } from '../sources.ts'
import { correctItem, deleteItem, insertItem, itemKey as keyOf, type StoredItem, storedItems } from './items.ts'
import { structureChanged } from './load.ts'

interface Who {
  readonly workspaceId: string
  readonly actor: string
}

/** The members of each kind that products are measured by: a label or a place in a list changes no product's standing. */
const MEASURED: Readonly<Record<StructureKind, readonly string[]>> = {
  groups: [],
  attributes: ['type', 'localisable', 'scopable', 'rules'],
  options: ['labels'],
  families: ['labels', 'required', 'labelAttribute', 'imageAttribute'],
  categories: [],
  channels: ['locales', 'currencies'],
}

export const isMeasured = (kind: StructureKind, members: readonly string[]): boolean =>
  members.some((member) => MEASURED[kind].includes(member))

/** Adds an item that a person describes. @throws AppError structure.exists, structure.invalid */
export async function addItem(tx: Tx, { workspaceId, actor }: Who, { kind, code, set, ...more }: GivenItem): Promise<void> {
  const item = { code, attribute: 'attribute' in more ? more.attribute : undefined, set: withoutAbsent(set) }
  await requireSound(tx, { kind, item })
  if (!(await insertItem(tx, kind, { workspaceId, item }))) {
    throw new AppError('structure.exists', `${NAMES[kind]} “${code}” is there already. Change it, or give the new one another code.`)
  }
  await structureChanged(tx, workspaceId, { measures: MEASURED[kind].length > 0 })
  await recordAudit(tx, { workspaceId, actor, action: 'structure.changed', subject: `${kind}:${code}`, detail: { added: true } })
}

/** What a person says of an item otherwise: it stays, whatever a file or an inference says later. @throws AppError structure.missing, structure.invalid */
export async function changeItem(tx: Tx, { workspaceId, actor }: Who, { kind, code, set, ...more }: GivenItem): Promise<void> {
  const attribute = 'attribute' in more ? more.attribute : undefined
  const item = await readItem(tx, kind, { code, attribute })
  const members = withoutAbsent(set)
  if (Object.keys(members).length === 0) return
  await requireSound(tx, { kind, item: { code, attribute, set: members } })
  await correctItem(tx, kind, { item, set: members })
  await structureChanged(tx, workspaceId, { measures: isMeasured(kind, Object.keys(members)) })
  await recordAudit(tx, {
    workspaceId,
    actor,
    action: 'structure.changed',
    subject: `${kind}:${code}`,
    detail: { changed: Object.keys(members) },
  })
}

/** Removes an item that nothing needs. What products say stays. @throws AppError structure.missing, structure.in_use */
export async function removeItem(tx: Tx, { workspaceId, actor }: Who, { kind, code, ...more }: ItemKey): Promise<void> {
  const item = await readItem(tx, kind, { code, attribute: 'attribute' in more ? more.attribute : undefined })
  const need = await neededBy(tx, kind, item)
  if (need !== undefined) throw new AppError('structure.in_use', `${NAMES[kind]} “${code}” stays: ${need}`)
  await deleteItem(tx, kind, item)
  await structureChanged(tx, workspaceId, { measures: MEASURED[kind].length > 0 })
  await recordAudit(tx, { workspaceId, actor, action: 'structure.changed', subject: `${kind}:${code}`, detail: { removed: true } })
}

const NAMES: Readonly<Record<StructureKind, string>> = {
  groups: 'The group',
  attributes: 'The attribute',
  options: 'The option',
  families: 'The family',
  categories: 'The category',
  channels: 'The channel',
}

const withoutAbsent = (set: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined))

async function readItem(tx: Tx, kind: StructureKind, key: { code: string; attribute: string | undefined }): Promise<StoredItem> {
  const item = (await storedItems(tx, kind, [key])).get(keyOf(key))
  if (!item) throw new AppError('structure.missing', `There is no such item any more: ${NAMES[kind].toLowerCase()} “${key.code}”.`)
  return item
}

/** What of a structure still needs an item, in words; undefined: nothing. */
async function neededBy(tx: Tx, kind: StructureKind, { code }: StoredItem): Promise<string | undefined> {
  if (kind === 'groups') {
    const [held] = await tx.select({ count: count() }).from(attributes).where(eq(attributes.group, code))
    return held!.count === 0 ? undefined : `${held!.count} attributes are in it. Put them into another group first.`
  }
  if (kind === 'attributes') {
    const holding = await countFamilies(tx, sql`${families.attributes} @> ${JSON.stringify([code])}::jsonb`)
    if (holding > 0) return `${holding} families have it. Take it out of them first.`
    const brought = (await tx.select().from(sources)).find((source) => attributesOf(source).includes(code))
    return brought && 'products have values for it. It goes when their file no longer brings it.'
  }
  if (kind === 'families') {
    const products = await countSelected(tx, { filter: { family: code }, except: [] })
    return products === 0 ? undefined : `${products} products are in it.`
  }
  if (kind === 'categories') {
    const [below] = await tx.select({ count: count() }).from(categories).where(eq(categories.parent, code))
    return below!.count === 0 ? undefined : `${below!.count} categories are under it. Move or remove them first.`
  }
  if (kind === 'channels') {
    const asking = await countFamilies(tx, sql`${families.required} ? ${code} and ${families.required} -> ${code} <> '[]'::jsonb`)
    return asking === 0 ? undefined : `${asking} families ask for attributes in it. Clear what they require there first.`
  }
  return undefined // an option that goes leaves its values where they are: they no longer fit, and are shown so
}

async function countFamilies(tx: Tx, condition: SQL): Promise<number> {
  const [counted] = await tx.select({ count: count() }).from(families).where(condition)
  return counted!.count
}

/** @throws AppError structure.invalid for what names something that is not there, or itself */
async function requireSound(
  tx: Tx,
  { kind, item }: { kind: StructureKind; item: { code: string; attribute: string | undefined; set: Readonly<Record<string, unknown>> } },
): Promise<void> {
  const { code, attribute, set } = item
  if (kind === 'options') await requireNamed(tx, 'attributes', attribute!)
  if (kind === 'attributes' && typeof set['group'] === 'string') await requireNamed(tx, 'groups', set['group'])
  if (kind === 'channels' && typeof set['tree'] === 'string') await requireNamed(tx, 'categories', set['tree'])
  if (kind !== 'categories' || typeof set['parent'] !== 'string') return
  await requireNamed(tx, 'categories', set['parent'])
  if ((await pathTo(tx, set['parent'])).includes(code)) {
    throw new AppError('structure.invalid', `“${code}” cannot be under “${set['parent']}”, which is under it.`)
  }
}

async function requireNamed(tx: Tx, kind: StructureKind, code: string): Promise<void> {
  if ((await storedItems(tx, kind, [{ code }])).size > 0) return
  throw new AppError('structure.invalid', `${NAMES[kind]} “${code}” is not there. Add it first.`)
}

const DEEPEST = 50

/** The codes from a category's root to itself. */
export async function pathTo(tx: Tx, code: string): Promise<string[]> {
  const path: string[] = []
  for (let next: string | null = code; next !== null && path.length < DEEPEST && !path.includes(next);) {
    path.unshift(next)
    const [found] = await tx.select({ parent: categories.parent }).from(categories).where(eq(categories.code, next))
    next = found?.parent ?? null
  }
  return path
}
