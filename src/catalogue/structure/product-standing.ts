import { and, eq, sql } from 'drizzle-orm'
import { AppError } from '../../base/errors.ts'
import type { ProductStandingView } from '../../contract/structure.ts'
import type { Tx } from '../../db/database.ts'
import { attributes, products, sources, valueChanges } from '../../db/schema/index.ts'
import { columnsOf } from '../index-write.ts'
import { withParents } from '../parents.ts'
import { attributesOf } from '../sources.ts'
import { completenessOf } from './completeness.ts'
import { loadStructure } from './load.ts'
import { measuredProduct, misfitsOf } from './measure.ts'
import { familyOf } from './model.ts'
import { qualityOf } from './quality.ts'

/** How a product stands against the structure as both are now, and what is known of its attributes. @throws AppError product.missing */
export async function readProductStanding(tx: Tx, productId: string): Promise<ProductStandingView> {
  const [found] = await tx.select().from(products).innerJoin(sources, eq(sources.id, products.sourceId)).where(eq(products.id, productId))
  if (!found) throw new AppError('product.missing', 'There is no such product in this workspace.')
  const { sources: source } = found
  const [product] = await withParents(tx, [{ ...found.products, mapping: source.mapping }])
  const structure = await loadStructure(tx)
  const columns = columnsOf(source)
  const measured = measuredProduct(columns, product!)
  const family = familyOf(structure, measured.family)
  const codes = new Set([...attributesOf(source), ...measured.values.map(({ attribute }) => attribute), ...(family?.attributes ?? [])])
  return {
    family: family ? { code: family.code, labels: family.labels } : null,
    quality: qualityOf(structure, measured, { ...columns, flagged: await hasFlagged(tx, productId) }),
    completeness: completenessOf(structure, measured).map((standing) => ({ ...standing, missing: [...standing.missing] })),
    misfits: misfitsOf(structure, measured).map((misfit) => ({ ...misfit })),
    attributes: await attributeFacts(tx, [...codes]),
  }
}

async function hasFlagged(tx: Tx, productId: string): Promise<boolean> {
  const some = await tx
    .select({ id: valueChanges.id })
    .from(valueChanges)
    .where(and(eq(valueChanges.productId, productId), eq(valueChanges.state, 'proposed'), sql`${valueChanges.flags} <> '[]'::jsonb`))
    .limit(1)
  return some.length > 0
}

async function attributeFacts(tx: Tx, codes: readonly string[]): Promise<ProductStandingView['attributes']> {
  if (codes.length === 0) return []
  const rows = await tx
    .select()
    .from(attributes)
    .where(sql`${attributes.code} = any (array(select jsonb_array_elements_text(${JSON.stringify(codes)}::jsonb)))`)
  return rows.map(({ code, labels, type, rules, localisable, scopable, origin, corrected }) => ({
    code,
    labels,
    type,
    rules,
    localisable,
    scopable,
    inferred: origin === 'inferred' && !corrected.includes('type'),
  }))
}
