import { sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Tx } from '../db/database.ts'
import { valueChanges } from '../db/schema/index.ts'
import { importedValues } from './current.ts'
import { isId } from './cursor.ts'
import { type HeldProduct, readProduct } from './edit.ts'
import { currentValue } from './values.ts'

/** Something that happened to an attribute's value. `current`: it is what the product says there now. */
export type ValueEvent = typeof valueChanges.$inferSelect & { readonly current: boolean }

export interface ValueHistory {
  readonly items: readonly ValueEvent[] // newest first
  readonly nextCursor: string | null
  readonly imported: unknown // what its source says; null: nothing
  readonly importedAt: Date
}

/**
 * Everything that was written, proposed and decided for an attribute of a product, in all its locales.
 * @throws AppError product.missing
 */
export async function valueHistory(
  tx: Tx,
  { productId, attribute, cursor, limit }: { productId: string; attribute: string; cursor: string | null; limit: number },
): Promise<ValueHistory> {
  const product = await readProduct(tx, productId)
  const rows = await tx
    .select()
    .from(valueChanges)
    .where(
      sql`${valueChanges.productId} = ${productId}::uuid and ${valueChanges.attribute} = ${attribute} ${cursor === null ? sql`` : sql`and ${valueChanges.id} < ${readCursor(cursor)}::uuid`}`,
    )
    .orderBy(sql`${valueChanges.id} desc`)
    .limit(limit + 1)
  const items = rows.slice(0, limit).map((change) => ({ ...change, current: isCurrent(product, change) }))
  const nextCursor = rows.length > limit ? items.at(-1)!.id : null
  return { items, nextCursor, imported: importedValues(product)[attribute] ?? null, importedAt: product.importedAt }
}

const isCurrent = (product: HeldProduct, change: typeof valueChanges.$inferSelect): boolean =>
  change.state === 'accepted' && currentValue(product, change).changeId === change.id

function readCursor(cursor: string): string {
  if (isId(cursor)) return cursor
  throw new AppError('request.invalid', 'The cursor is none that this list gave. Begin again without one.')
}
