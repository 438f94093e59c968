import { and, eq, inArray } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { ProductFilter, ProductValueView, ProductView } from '../contract/catalogue.ts'
import type { Tx } from '../db/database.ts'
import { productIndex, products, sources, valueChanges } from '../db/schema/index.ts'
import { columnsOf } from './index-write.ts'
import { neighboursOf } from './list.ts'
import type { ListOrder } from './order.ts'
import { currentValues, heldPlaces, readWrittenKey } from './current.ts'
import { attributesOfColumns, importedAt, mappedOfAttribute } from './mapping.ts'
import { variantsOf, withParents } from './parents.ts'
import { picturesOf } from './pictures.ts'
import { attributesOf, identifierAttribute, labelOf } from './sources.ts'
import { currentValue, type Place, type ProductValues, writtenKey } from './values.ts'

type Product = typeof products.$inferSelect & ProductValues
type Source = typeof sources.$inferSelect

const MOST_VARIANTS = 100

/** One product as its page shows it; its neighbours are those of the list it was opened from. @throws AppError product.missing */
export async function readProduct(
  tx: Tx,
  { productId, filter, order }: { productId: string; filter: ProductFilter; order: ListOrder },
): Promise<ProductView> {
  const [found] = await tx.select().from(products).innerJoin(sources, eq(sources.id, products.sourceId)).where(eq(products.id, productId))
  if (!found) throw new AppError('product.missing', 'There is no such product in this workspace.')
  const { sources: source } = found
  const [product] = await withParents<Product>(tx, [{ ...found.products, mapping: source.mapping }])
  const [nearest] = product!.parents ?? []
  const [indexed] = await tx.select().from(productIndex).where(eq(productIndex.productId, productId))
  const { picture } = columnsOf(source)
  return {
    id: productId,
    source: { id: source.id, label: labelOf(source) },
    identifier: product!.identifier,
    row: product!.row,
    name: indexed?.name ?? null,
    family: indexed?.family ?? null,
    gone: product!.lastSeenImport !== source.lastImport && source.contentHash !== '',
    parent: product!.parent === null ? null : { id: nearest?.id ?? null, identifier: product!.parent },
    variants: await variantsOf(tx, { productId, limit: MOST_VARIANTS }),
    importedAt: product!.importedAt.toISOString(),
    pictures: picture === null ? [] : picturesOf(currentValues(product!).get(picture)?.value),
    values: await valuesOf(tx, { product: product!, source }),
    ...(await neighboursOf(tx, { productId, filter, order })),
  }
}

/** A value for each place that has one, had one written, or has a proposal; in the order of the file. */
async function valuesOf(tx: Tx, { product, source }: { product: Product; source: Source }): Promise<ProductValueView[]> {
  const proposed = await tx
    .select({ attribute: valueChanges.attribute, locale: valueChanges.locale, channel: valueChanges.channel, flags: valueChanges.flags })
    .from(valueChanges)
    .where(and(eq(valueChanges.productId, product.id), eq(valueChanges.state, 'proposed')))
  const places = placesOf(product, source, proposed)
  const inherited = new Map(heldPlaces(product).flatMap((held) => (held.inheritedFrom === undefined ? [] : [[held.key, held] as const])))
  const current = places.map((place) => ({ place, value: currentValue(product, place) }))
  const changeIds = current.flatMap(({ value }) => (value.changeId === null ? [] : [value.changeId]))
  const changes = changeIds.length === 0 ? [] : await tx.select().from(valueChanges).where(inArray(valueChanges.id, changeIds))
  const byId = new Map(changes.map((change) => [change.id, change]))
  const identifier = identifierAttribute(source)
  return current.map(({ place, value }) => {
    const change = value.changeId === null ? undefined : byId.get(value.changeId)
    const waiting = proposed.filter((one) => writtenKey(one) === writtenKey(place))
    const parents = inherited.get(writtenKey(place))
    const from = parents && product.parents![parents.inheritedFrom!]!
    return {
      ...place,
      value: parents ? parents.value : value.value,
      inheritedFrom: from ? { id: from.id, identifier: from.identifier } : null,
      imported: importedAt(product.mapping, product.imported, place),
      kind: value.kind,
      changeId: value.changeId,
      decision: change?.decision ?? null,
      fixed: place.attribute === identifier,
      at: (change?.decidedAt ?? change?.createdAt ?? product.importedAt).toISOString(),
      proposals: waiting.length,
      flagged: waiting.filter(({ flags }) => flags.length > 0).length,
    }
  })
}

function placesOf(product: Product, source: Source, proposed: readonly Place[]): Place[] {
  const written = Object.keys(product.written).map(readWrittenKey)
  const ofParents = heldPlaces(product).flatMap(({ inheritedFrom, place }) => (inheritedFrom === undefined ? [] : [place]))
  const others = [...written, ...ofParents, ...proposed.map(({ attribute, locale, channel }) => ({ attribute, locale, channel }))]
  const particular = new Set(others.filter(({ locale, channel }) => locale !== null || channel !== null).map(({ attribute }) => attribute))
  const columns = attributesOf(source)
  const known = new Set(columns)
  const ofProduct = [...attributesOfColumns(source.mapping, Object.keys(product.imported)), ...others.map(({ attribute }) => attribute)]
  const more = [...new Set(ofProduct)].filter((name) => !known.has(name))
  return [...columns, ...more].flatMap((attribute) => {
    const own = others.filter((place) => place.attribute === attribute)
    const ofFile = source.mapping === null ? [] : mappedOfAttribute(source.mapping, attribute).map(({ place }) => place)
    const base: Place[] = ofFile.length > 0 ? ofFile : particular.has(attribute) ? [] : [{ attribute, locale: null, channel: null }]
    return [...new Map([...base, ...own].map((place) => [writtenKey(place), place])).values()]
  })
}
