import { eq, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Tx } from '../db/database.ts'
import { rowsOf } from '../db/rows.ts'
import { type Provenance, products, sources, valueChanges } from '../db/schema/index.ts'
import { storableJson } from '../db/storable.ts'
import { newId } from '../runtime/ids.ts'
import { uuids } from './filter.ts'
import { importedAt } from './mapping.ts'
import { withMappings } from './mappings.ts'
import { keepCorrection } from './memory/corrections.ts'
import { identifierAttribute } from './sources.ts'
import { takeValue } from './structure/take-value.ts'
import { currentValue, type CurrentValue, heldProducts, layOver, type Place, type ProductValues, writtenKey } from './values.ts'

/** A product as it is while a transaction holds it. */
export interface HeldProduct extends ProductValues {
  readonly id: string
}

/** Holds products until the transaction ends; those that are not there are left out. */
export async function holdProducts(tx: Tx, ids: readonly string[]): Promise<HeldProduct[]> {
  const rows = await rowsOf<Omit<HeldProduct, 'mapping'> & { source_id: string }>(tx, heldProducts(uuids(ids)))
  return withMappings(
    tx,
    rows.map(({ source_id: sourceId, ...product }) => ({ ...product, sourceId })),
  )
}

/** Holds one product until the transaction ends. @throws AppError product.missing */
export async function holdProduct(tx: Tx, productId: string): Promise<HeldProduct> {
  const [product] = await holdProducts(tx, [productId])
  if (!product) throw productMissing()
  return product
}

/** One product as it is. @throws AppError product.missing */
export async function readProduct(tx: Tx, productId: string): Promise<HeldProduct & { readonly importedAt: Date }> {
  const { id, imported, written } = products
  const [product] = await tx
    .select({ id, imported, written, importedAt: products.importedAt, mapping: sources.mapping })
    .from(products)
    .innerJoin(sources, eq(sources.id, products.sourceId))
    .where(eq(id, productId))
  if (!product) throw productMissing()
  return product
}

const productMissing = (): AppError => new AppError('product.missing', 'There is no such product in this workspace.')

export interface Edit extends Place {
  readonly productId: string
  /** The change that the person saw as the current value; null: what they saw was imported. */
  readonly over: string | null
}

export interface EditResult {
  readonly current: CurrentValue
  /** null: nothing had to be changed. */
  readonly decisionId: string | null
}

/**
 * Writes a person's value over a product; null clears it. Saving what stands there already changes nothing.
 * @throws AppError value.changed when someone else changed it since it was read; value.fixed; value.invalid; product.missing
 */
export async function editValue(
  tx: Tx,
  { workspaceId, actor, edit, value }: { workspaceId: string; actor: string; edit: Edit; value: unknown },
): Promise<EditResult> {
  const product = await holdProduct(tx, edit.productId)
  await refuseIdentifier(tx, edit)
  const current = unchangedSince(product, edit)
  const stored: unknown = JSON.parse(storableJson(await takeValue(tx, { attribute: edit.attribute, value })))
  if (canonicalJson(stored) === canonicalJson(current.value)) return { current, decisionId: null }
  const provenance: Provenance = { kind: 'person', actor }
  const written = await writeByPerson(tx, { workspaceId, actor, product, place: edit, value: stored, replaced: current.value, provenance })
  await rememberEdit(tx, { workspaceId, actor, product, current, made: stored, decisionId: written.decisionId })
  return written
}

/** What a person made of a value that a model wrote is remembered for the product's source. */
async function rememberEdit(
  tx: Tx,
  {
    workspaceId,
    actor,
    product,
    current,
    made,
    decisionId,
  }: { workspaceId: string; actor: string; product: HeldProduct; current: CurrentValue; made: unknown; decisionId: string | null },
): Promise<void> {
  if (current.changeId === null || decisionId === null || made === null) return
  const [change] = await tx.select().from(valueChanges).where(eq(valueChanges.id, current.changeId))
  if (change) await keepCorrection(tx, { workspaceId, actor, decisionId, change, imported: product.imported, made })
}

/**
 * Gives an attribute back to its import: what the source says shows, now and after later imports.
 * @throws AppError value.changed, product.missing
 */
export async function restoreImported(
  tx: Tx,
  { workspaceId, actor, edit }: { workspaceId: string; actor: string; edit: Edit },
): Promise<EditResult> {
  const product = await holdProduct(tx, edit.productId)
  const current = unchangedSince(product, edit)
  if (current.kind === 'imported') return { current, decisionId: null }
  const value = importedAt(product.mapping, product.imported, edit)
  const provenance: Provenance = { kind: 'imported', actor }
  return writeByPerson(tx, { workspaceId, actor, product, place: edit, value, replaced: current.value, provenance })
}

/** What tells products apart is the source's own: a product with another identifier would be another product. */
async function refuseIdentifier(tx: Tx, { productId, attribute }: Edit): Promise<void> {
  const [source] = await tx
    .select({ format: sources.format, mapping: sources.mapping })
    .from(sources)
    .innerJoin(products, eq(products.sourceId, sources.id))
    .where(eq(products.id, productId))
  if (!source || identifierAttribute(source) !== attribute) return
  throw new AppError('value.fixed', `“${attribute}” tells this product apart from others, so it is changed in its file, not here.`)
}

function unchangedSince(product: HeldProduct, edit: Edit): CurrentValue {
  const current = currentValue(product, edit)
  if (current.changeId === edit.over) return current
  const detail = `Someone changed “${edit.attribute}” since you opened it. Nothing was overwritten: look at what it says now, then write yours again.`
  throw new AppError('value.changed', detail)
}

/** A value that stands from now on because a person said so. The product is held. */
export async function writeByPerson(
  tx: Tx,
  {
    workspaceId,
    actor,
    product,
    place,
    value,
    replaced,
    provenance,
    decisionId = newId(),
    madeFrom = { workHash: null, making: null, record: null },
  }: {
    workspaceId: string
    actor: string
    product: HeldProduct
    place: Place
    value: unknown
    replaced: unknown
    provenance: Provenance
    decisionId?: string
    madeFrom?: Pick<typeof valueChanges.$inferSelect, 'workHash' | 'making' | 'record'> // of the generated value that the person edited
  },
): Promise<EditResult & { readonly changeId: string }> {
  const id = newId()
  const { attribute, locale, channel } = place
  await tx.insert(valueChanges).values({
    id,
    workspaceId,
    productId: product.id,
    attribute,
    locale,
    channel,
    value,
    replaced,
    replacedChangeId: product.written[writtenKey(place)]?.changeId ?? null,
    state: 'accepted',
    decision: 'person',
    flags: [],
    provenance,
    workHash: madeFrom.workHash,
    making: madeFrom.making,
    record: madeFrom.record,
    decidedAt: sql`now()`,
    decidedBy: actor,
    decisionId,
  })
  await tx.execute(
    layOver(
      sql`(select id, product_id, attribute, locale, channel, value, work_hash, provenance ->> 'kind' as kind from value_changes where id = ${id}::uuid)`,
    ),
  )
  return { current: { value, changeId: id, kind: provenance.kind }, decisionId, changeId: id }
}
