import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import type { FamilyVariant, StructureFileKind, StructureFileLook, StructureKind } from '../../contract/structure.ts'
import type { Database, Tx } from '../../db/database.ts'
import { structures } from '../../db/schema/index.ts'
import { detectFormat } from '../formats/detect.ts'
import { columnNames, type FileFormat } from '../formats/format.ts'
import { readRows } from '../formats/read.ts'
import { cellText } from '../formats/write.ts'
import { type NamedFile, namingFile } from '../look.ts'
import { isMeasured } from './change.ts'
import { type FileItem, readStructureRow, structureKindOf } from './files.ts'
import { type GivenMembers, type ItemPlan, planItems, storedItems, writePlan } from './items.ts'
import { structureChanged } from './load.ts'

/** Files of attributes, options, families and the like: what they would change, and changing it. */

const ROWS_LOOKED_AT = 200
const BATCH = 500
const MOST_SHOWN = 50
const MOST_CODES = 20
const MOST_TEXT = 200

interface StructureFile {
  readonly kind: StructureFileKind
  readonly format: FileFormat
}

/** What an uploaded file holds of a structure; undefined: none, as far as can be told. */
async function openStructureFile(file: NamedFile): Promise<StructureFile | undefined> {
  // By row number: options of two attributes may have one code.
  const format = await detectFormat(file.path, { identifier: { rowNumber: true } })
  if (format.kind !== 'delimited') return undefined
  const rows: Record<string, string>[] = []
  for await (const batch of readRows(file.path, format, { limit: ROWS_LOOKED_AT })) {
    for (const row of batch) if ('values' in row) rows.push(textsIn(row.values))
  }
  const kind = structureKindOf(columnNames(format), rows)
  return kind && { kind, format }
}

const textsIn = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, cellText(value)]))

/** What a file would change of the structure; null: it holds none. Nothing is written. */
export async function lookAtStructureFile(
  database: Database,
  { workspaceId, file }: { workspaceId: string; file: NamedFile },
): Promise<StructureFileLook | null> {
  const found = await openStructureFile(file).catch((error: unknown) => {
    if (error instanceof AppError) return undefined // a file that cannot be read says so where it is looked at as products
    throw error
  })
  return found ? namingFile(file, () => takeStructure(database, { workspaceId, file, found, write: false })) : null
}

/** Takes a file into the structure. @throws AppError structure.invalid for a file that holds none */
export async function importStructureFile(
  database: Database,
  { workspaceId, actor, file }: { workspaceId: string; actor: string; file: NamedFile },
): Promise<StructureFileLook> {
  const found = await namingFile(file, () => openStructureFile(file))
  if (!found)
    throw new AppError(
      'structure.invalid',
      `“${file.name}” holds no attributes, options, families, categories or channels that are known here.`,
    )
  const look = await namingFile(file, () => takeStructure(database, { workspaceId, file, found, write: true }))
  await database.inWorkspace(workspaceId, async (tx) => {
    await structureChanged(tx, workspaceId, { measures: isMeasured(kindOf(found.kind), ['type', 'labels', 'required', 'locales']) })
    const detail = { file: file.name, kind: look.kind, new: look.new, changed: look.changed }
    await recordAudit(tx, { workspaceId, actor, action: 'structure.imported', subject: `structure:${look.kind}`, detail })
  })
  return look
}

const kindOf = (kind: StructureFileKind): StructureKind =>
  kind === 'family_variants' ? 'families' : kind === 'locales' || kind === 'currencies' ? 'channels' : kind

interface Taking {
  readonly workspaceId: string
  readonly file: NamedFile
  readonly found: StructureFile
  readonly write: boolean
}

async function takeStructure(database: Database, taking: Taking): Promise<StructureFileLook> {
  const { workspaceId, file, found, write } = taking
  const look: StructureFileLook = {
    kind: found.kind,
    reason: `Its columns are those of ${WORDS[found.kind]}, as Akeneo exports them.`,
    rows: 0,
    new: 0,
    changed: 0,
    unchanged: 0,
    kept: 0,
    newCodes: [],
    changes: [],
    problems: [],
    missing: [],
  }
  const own = new Set<string>() // codes of the file
  const named = new Set<string>() // codes of others that it names
  const whole: FileItem[] = [] // of what is one list for a workspace
  for await (const rows of readRows(file.path, found.format, {})) {
    const items: FileItem[] = []
    for (const row of rows) {
      look.rows += 1
      const item = 'values' in row ? readStructureRow(found.kind, textsIn(row.values)) : { problem: row.reason.text }
      if ('problem' in item) {
        if (look.problems.length < MOST_SHOWN) look.problems.push({ line: row.line, reason: item.problem })
      } else items.push(item)
    }
    for (const item of items) {
      own.add(item.code)
      for (const name of item.names) named.add(name)
    }
    if (found.kind === 'locales' || found.kind === 'currencies') whole.push(...items)
    else if (found.kind === 'family_variants') whole.push(...items)
    else {
      for (let from = 0; from < items.length; from += BATCH) {
        const some = items.slice(from, from + BATCH)
        const kind = found.kind
        const plan = await database.inWorkspace(workspaceId, (tx) => planAndWrite(tx, { workspaceId, kind, items: some, write }))
        addPlan(look, plan)
      }
    }
  }
  if (found.kind === 'family_variants') {
    addPlan(look, await database.inWorkspace(workspaceId, (tx) => takeVariants(tx, { workspaceId, items: whole, write, look })))
  } else if (whole.length > 0) {
    await database.inWorkspace(workspaceId, (tx) =>
      takeList(tx, { workspaceId, items: whole, write, look, list: found.kind as 'locales' | 'currencies' }),
    )
  }
  look.missing = await database.inWorkspace(workspaceId, (tx) => undefinedNames(tx, found.kind, { named, own }))
  return look
}

const WORDS: Readonly<Record<StructureFileKind, string>> = {
  groups: 'attribute groups',
  attributes: 'attributes',
  options: 'attribute options',
  families: 'families',
  family_variants: 'family variants',
  categories: 'categories',
  channels: 'channels',
  locales: 'languages',
  currencies: 'currencies',
}

async function planAndWrite(
  tx: Tx,
  { workspaceId, kind, items, write }: { workspaceId: string; kind: StructureKind; items: readonly GivenMembers[]; write: boolean },
): Promise<ItemPlan> {
  const plan = planItems(await storedItems(tx, kind, items), items, 'file')
  if (write) await writePlan(tx, kind, { workspaceId, plan, by: 'file' })
  return plan
}

function addPlan(look: StructureFileLook, plan: ItemPlan): void {
  look.new += plan.added.length
  look.changed += new Set(plan.changes.map(({ code }) => code)).size
  look.unchanged += plan.unchanged
  look.kept += plan.kept
  look.newCodes.push(...plan.added.slice(0, MOST_CODES - look.newCodes.length).map(({ code }) => code))
  const shown = plan.changes.slice(0, MOST_SHOWN - look.changes.length)
  look.changes.push(
    ...shown.map(({ code, member, before, after }) => ({ code, member, before: shownText(before), after: shownText(after) })),
  )
}

function shownText(value: unknown): string {
  const text = cellText(value ?? '')
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1).toWellFormed()}…` : text
}

/** The variants of a family are a part of it: those of the file lie over those that it has. */
async function takeVariants(
  tx: Tx,
  { workspaceId, items, write, look }: { workspaceId: string; items: readonly FileItem[]; write: boolean; look: StructureFileLook },
): Promise<ItemPlan> {
  const byFamily = Map.groupBy(items, ({ set }) => set['family'] as string)
  const stored = await storedItems(
    tx,
    'families',
    [...byFamily.keys()].map((code) => ({ code })),
  )
  const given = [...byFamily].flatMap(([code, of]): GivenMembers[] => {
    const family = stored.get(code)
    if (!family) {
      if (look.problems.length < MOST_SHOWN)
        look.problems.push({ line: 1, reason: `The family "${code}" is not there. Bring the families first.` })
      return []
    }
    const variants = new Map((family['variants'] as FamilyVariant[]).map((variant) => [variant.code, variant]))
    for (const { set } of of) variants.set((set['variant'] as FamilyVariant).code, set['variant'] as FamilyVariant)
    return [{ code, set: { variants: [...variants.values()] } }]
  })
  const plan = planItems(stored, given, 'file')
  if (write) await writePlan(tx, 'families', { workspaceId, plan, by: 'file' })
  return plan
}

/** Languages and currencies: those that the file says are used. */
async function takeList(
  tx: Tx,
  given: { workspaceId: string; items: readonly FileItem[]; write: boolean; look: StructureFileLook; list: 'locales' | 'currencies' },
): Promise<void> {
  const { workspaceId, items, write, look, list } = given
  const [whole] = await tx.select().from(structures)
  const before = new Set(whole?.[list])
  const active = [...new Set(items.filter(({ set }) => set['active'] === true).map(({ code }) => code))]
  const fresh = active.filter((code) => !before.has(code))
  look.new += fresh.length
  look.unchanged += active.length - fresh.length
  look.newCodes.push(...fresh.slice(0, MOST_CODES))
  if (!write) return
  const set = { [list]: active }
  await tx
    .insert(structures)
    .values({ workspaceId, ...set })
    .onConflictDoUpdate({ target: structures.workspaceId, set })
}

const NAMED_KIND: Readonly<Partial<Record<StructureFileKind, StructureKind>>> = {
  attributes: 'groups',
  options: 'attributes',
  families: 'attributes',
  family_variants: 'attributes',
  categories: 'categories',
  channels: 'categories',
}

/** What a file names that nothing defines: it may come with the next file. */
async function undefinedNames(
  tx: Tx,
  kind: StructureFileKind,
  { named, own }: { named: ReadonlySet<string>; own: ReadonlySet<string> },
): Promise<string[]> {
  const of = NAMED_KIND[kind]
  if (of === undefined) return []
  const asked = [...named].filter((code) => !(of === kind && own.has(code)))
  const stored = await storedItems(
    tx,
    of,
    asked.map((code) => ({ code })),
  )
  return asked.filter((code) => !stored.has(code)).slice(0, MOST_CODES)
}
