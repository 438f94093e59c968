import { and, eq, gte, lt, sql } from 'drizzle-orm'
import type { SourceMapping } from '../../contract/mapping.ts'
import { type AttributeGuess, EVERY_CHANNEL } from '../../contract/structure.ts'
import type { Database, Tx } from '../../db/database.ts'
import { products, type SourceColumns, sources } from '../../db/schema/index.ts'
import { isEmptyValue } from '../current.ts'
import { type FileFormat, identifierColumn } from '../formats/format.ts'
import { attributeOfColumn } from '../mapping.ts'
import type { MeasuredProduct } from './completeness.ts'
import { type AttributeProfile, profileAttribute } from './infer.ts'
import { type GivenMembers, planItems, type StoredItem, storedItems, writePlan } from './items.ts'
import { loadStructure, structureChanged } from './load.ts'
import { measuredProduct } from './measure.ts'
import { familyOf } from './model.ts'

/**
 * What nobody defined is inferred from values: attributes with their types and options, families with what nearly all of their
 * products have. Looks at up to 10,000 products of a source, in slices from its beginning to its end.
 */

const SLICES = 40
const SLICE_ROWS = 250
const BATCH = 500
const MOST_FAMILIES = 2_000
const LEAST_PRODUCTS = 5 // of a family, before anything is asked of it
const NEARLY_ALL = 0.8

interface InferredSource {
  readonly id: string
  readonly workspaceId: string
  readonly lastImport: string
  readonly columns: SourceColumns
  readonly mapping: SourceMapping | null
  readonly identifier: string | undefined // the attribute that tells its products apart
}

interface SeenFamily {
  products: number
  readonly filled: Map<string, number>
}

interface Seen {
  readonly profiles: Map<string, AttributeProfile>
  readonly localised: Set<string>
  readonly scoped: Set<string>
  readonly families: Map<string, SeenFamily>
}

/** Infers what a source's last import says of the structure, once for each import. `columnsOf`: which columns its list shows. */
export async function inferStructure(
  database: Database,
  { workspaceId, sourceId, columnsOf }: { workspaceId: string; sourceId: string; columnsOf: (source: Source) => SourceColumns },
): Promise<void> {
  const [source] = await database.inWorkspace(workspaceId, (tx) => tx.select().from(sources).where(eq(sources.id, sourceId)))
  if (!source || source.inferredImport === source.lastImport) return
  const { id, lastImport, mapping } = source
  await inferFrom(database, { id, workspaceId, lastImport, mapping, columns: columnsOf(source), identifier: identifierOf(source) })
  await database.inWorkspace(workspaceId, (tx) => tx.update(sources).set({ inferredImport: lastImport }).where(eq(sources.id, sourceId)))
}

type Source = typeof sources.$inferSelect

function identifierOf({ format, mapping }: Source): string | undefined {
  const column = identifierColumn(format as unknown as FileFormat)
  const mapped = mapping?.columns.find((each) => each.column === column)
  return mapped ? attributeOfColumn(mapped) : column
}

/** Columns that say where a product belongs: they are no attributes of it. */
const BELONGING = new Set(['parent', 'family', 'categories'])

const attributesLeftOut = ({ mapping }: InferredSource): Set<string> =>
  new Set(mapping?.columns.filter(({ role }) => BELONGING.has(role)).map(attributeOfColumn))

async function inferFrom(database: Database, source: InferredSource): Promise<void> {
  const seen: Seen = { profiles: new Map(), localised: new Set(), scoped: new Set(), families: new Map() }
  const rows = await database.inWorkspace(source.workspaceId, (tx) => lastRow(tx, source))
  const step = Math.max(SLICE_ROWS, Math.ceil(rows / SLICES))
  for (let from = 1; from <= rows; from += step) {
    const page = await database.inWorkspace(source.workspaceId, (tx) => slice(tx, source, from))
    for (const product of page) observe(seen, measuredProduct(source.columns, { ...product, mapping: source.mapping }))
  }
  const structure = await database.inWorkspace(source.workspaceId, loadStructure)
  const attributes = inferredAttributes(seen, source)
  // A name that is a label of a family is that family.
  const families = inferredFamilies(seen, source).filter(({ code }) => (familyOf(structure, code)?.code ?? code) === code)
  const options = attributes.flatMap(({ code, options: own }) =>
    own.map((option, position): GivenMembers => ({ code: option, attribute: code, set: { position } })),
  )
  const { workspaceId } = source
  const changed =
    (await write(database, { workspaceId, kind: 'attributes', items: attributes })) +
    (await write(database, { workspaceId, kind: 'options', items: options })) +
    (await write(database, { workspaceId, kind: 'families', items: families }))
  // Products that another import brought are measured anew when theirs is: what is inferred is no one's word to do it all again.
  if (changed > 0) await database.inWorkspace(workspaceId, (tx) => structureChanged(tx, workspaceId, { measures: false }))
}

async function lastRow(tx: Tx, { id, lastImport }: InferredSource): Promise<number> {
  const [found] = await tx
    .select({ row: products.row })
    .from(products)
    .where(and(eq(products.sourceId, id), eq(products.lastSeenImport, lastImport)))
    .orderBy(sql`${products.row} desc`)
    .limit(1)
  return found?.row ?? 0
}

const slice = (tx: Tx, { id, lastImport }: InferredSource, from: number) =>
  tx
    .select({ identifier: products.identifier, imported: products.imported, written: products.written })
    .from(products)
    .where(
      and(eq(products.sourceId, id), gte(products.row, from), lt(products.row, from + SLICE_ROWS), eq(products.lastSeenImport, lastImport)),
    )

function observe(seen: Seen, product: MeasuredProduct): void {
  const filled = new Set<string>()
  for (const { attribute, locale, channel, value } of product.values) {
    if (isEmptyValue(value)) continue
    filled.add(attribute)
    let profile = seen.profiles.get(attribute)
    if (!profile) seen.profiles.set(attribute, (profile = profileAttribute(attribute)))
    profile.observe(value)
    if (locale !== null) seen.localised.add(attribute)
    if (channel !== null) seen.scoped.add(attribute)
  }
  const { family } = product
  if (family === null || family.length > 300 || (!seen.families.has(family) && seen.families.size >= MOST_FAMILIES)) return
  const known = seen.families.get(family) ?? { products: 0, filled: new Map<string, number>() }
  seen.families.set(family, known)
  known.products += 1
  for (const attribute of filled) known.filled.set(attribute, (known.filled.get(attribute) ?? 0) + 1)
}

function inferredAttributes(seen: Seen, source: InferredSource): (GivenMembers & { readonly options: readonly string[] })[] {
  const { identifier } = source
  const leftOut = attributesLeftOut(source)
  return [...seen.profiles].flatMap(([code, profile]) => {
    const inferred = profile.infer()
    if (!inferred || code.length > 500 || leftOut.has(code)) return []
    const { type, rules, guess, options } = inferred
    const set = {
      type: code === identifier ? 'text' : type,
      rules: code === identifier ? { identifies: true } : rules,
      guess,
      localisable: seen.localised.has(code),
      scopable: seen.scoped.has(code),
    }
    return [{ code, set, options: code === identifier ? [] : options }]
  })
}

/** A family that nobody defined has what its products have, and asks for what four of five of them have. */
function inferredFamilies({ families }: Seen, source: InferredSource): GivenMembers[] {
  const { columns } = source
  const leftOut = attributesLeftOut(source)
  return Array.from(families, ([code, { products: count, filled }]) => {
    const attributes = [...filled.keys()].filter((attribute) => attribute !== columns.family && !leftOut.has(attribute))
    const asked = attributes.filter((attribute) => count >= LEAST_PRODUCTS && filled.get(attribute)! >= count * NEARLY_ALL)
    const set = {
      attributes,
      required: asked.length === 0 ? {} : { [EVERY_CHANNEL]: asked },
      labelAttribute: columns.name,
      imageAttribute: columns.picture,
    }
    return { code, set }
  })
}

async function write(
  database: Database,
  { workspaceId, kind, items }: { workspaceId: string; kind: 'attributes' | 'options' | 'families'; items: readonly GivenMembers[] },
): Promise<number> {
  let changed = 0
  for (let from = 0; from < items.length; from += BATCH) {
    const some = items.slice(from, from + BATCH).map(({ code, attribute, set }) => ({ code, attribute, set }))
    changed += await database.inWorkspace(workspaceId, async (tx) => {
      const wanted = kind === 'options' ? await openOptions(tx, some) : some
      const stored = await storedItems(tx, kind, wanted)
      const plan = planItems(
        stored,
        wanted.filter((item) => !standsOnMore(stored.get(item.code), item)),
        'inferred',
      )
      await writePlan(tx, kind, { workspaceId, plan, by: 'inferred' })
      return plan.added.length + plan.updated.length
    })
  }
  return changed
}

/** Another source's guess that stands on far more values is not given up for this one's. */
function standsOnMore(before: StoredItem | undefined, { set }: GivenMembers): boolean {
  const [known, now] = [before?.['guess'], set['guess']] as (AttributeGuess | null | undefined)[]
  return known && now ? before!['type'] !== set['type'] && known.values > 2 * now.values : false
}

/** Options are inferred only for attributes whose type is too: the options of another are those that were named. */
async function openOptions(tx: Tx, options: readonly GivenMembers[]): Promise<GivenMembers[]> {
  const stored = await storedItems(
    tx,
    'attributes',
    [...new Set(options.map(({ attribute }) => attribute!))].map((code) => ({ code })),
  )
  return options.filter(({ attribute }) => {
    const of = stored.get(attribute!)
    return of !== undefined && of.origin === 'inferred' && !of.corrected.includes('type')
  })
}
