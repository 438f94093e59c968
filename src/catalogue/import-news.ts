import { sql } from 'drizzle-orm'
import { canonicalJson } from '../base/json.ts'
import { insertMany } from '../db/bulk.ts'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Tx } from '../db/database.ts'
import { valueChanges } from '../db/schema/index.ts'
import { newId } from '../runtime/ids.ts'
import { isEmptyValue } from './current.ts'
import { importedAt } from './mapping.ts'
import { type Place, readWrittenKey } from './place.ts'
import type { WrittenProduct } from './written.ts'

interface News extends Place {
  readonly productId: string
  readonly value: unknown // null: the source says nothing more
}

/**
 * What an import says otherwise than a person wrote waits as a proposal; the person's value stands. Called within each
 * imported batch before it is written: `known` are its products as they were, `rows` as the file has them now. The same news
 * twice is one proposal, and one that no longer is what the source says is superseded.
 */
export async function proposeImported(
  tx: Tx,
  {
    workspaceId,
    mapping,
    known,
    rows,
  }: {
    workspaceId: string
    mapping: SourceMapping | null // as the rows are read by
    known: ReadonlyMap<string, WrittenProduct> // by identifier
    rows: readonly { readonly identifier: string; readonly values: Readonly<Record<string, unknown>> }[]
  },
): Promise<void> {
  const changed = rows.flatMap(({ identifier, values }): (News & { readonly written: unknown })[] => {
    const product = known.get(identifier)
    if (!product) return []
    return Object.entries(product.written).flatMap(([key, written]) => {
      if (written.kind !== 'person') return []
      const place = readWrittenKey(key)
      const [before, now] = [importedAt(product.mapping, product.imported, place), importedAt(mapping, values, place)]
      if (canonicalJson(before) === canonicalJson(now)) return []
      return [{ productId: product.id, ...place, value: now, written: written.value }]
    })
  })
  if (changed.length === 0) return
  const places = JSON.stringify(changed.map(({ productId, attribute, locale, channel }) => ({ productId, attribute, locale, channel })))
  await tx.execute(sql`
    update value_changes set state = 'superseded', decided_at = now()
    from jsonb_to_recordset(${places}::jsonb) as place("productId" uuid, attribute text, locale text, channel text)
    where value_changes.product_id = place."productId" and value_changes.attribute = place.attribute
      and value_changes.locale is not distinct from place.locale and value_changes.channel is not distinct from place.channel
      and value_changes.state = 'proposed' and provenance ->> 'kind' = 'imported'`)
  const news = changed.filter(({ value, written }) => !isEmptyValue(value) && canonicalJson(value) !== canonicalJson(written))
  await insertMany(
    tx,
    valueChanges,
    news.map(({ productId, attribute, locale, channel, value }) => ({
      id: newId(),
      workspaceId,
      productId,
      attribute,
      locale,
      channel,
      value,
      state: 'proposed' as const,
      flags: [],
      provenance: { kind: 'imported' as const },
    })),
  )
}
