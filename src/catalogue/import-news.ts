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
  readonly identifier: string
  readonly written: unknown // by a person
  readonly value: unknown // null: the source says nothing more
}

type ImportedRows = readonly { readonly identifier: string; readonly values: Readonly<Record<string, unknown>> }[]

interface Meeting {
  readonly mapping: SourceMapping | null // as the rows are read by
  readonly known: ReadonlyMap<string, WrittenProduct> // by identifier
  readonly rows: ImportedRows
}

/** Where a source says something new of a value that a person wrote. */
const changesUnderPeople = ({ mapping, known, rows }: Meeting): News[] =>
  rows.flatMap(({ identifier, values }): News[] => {
    const product = known.get(identifier)
    if (!product) return []
    return Object.entries(product.written).flatMap(([key, written]) => {
      if (written.kind !== 'person') return []
      const place = readWrittenKey(key)
      const [before, now] = [importedAt(product.mapping, product.imported, place), importedAt(mapping, values, place)]
      if (canonicalJson(before) === canonicalJson(now)) return []
      return [{ productId: product.id, identifier, ...place, value: now, written: written.value }]
    })
  })

/** Of those, what will wait as a proposal: it says something, and something else than the person. */
export const newsFor = (meeting: Meeting): News[] => changesUnderPeople(meeting).filter(isNews)

const isNews = ({ value, written }: News): boolean => !isEmptyValue(value) && canonicalJson(value) !== canonicalJson(written)

/**
 * What an import says otherwise than a person wrote waits as a proposal; the person's value stands. Called within each
 * imported batch before it is written: `known` are its products as they were, `rows` as the file has them now. The same news
 * twice is one proposal, and one that no longer is what the source says is superseded.
 */
export async function proposeImported(tx: Tx, { workspaceId, ...meeting }: Meeting & { readonly workspaceId: string }): Promise<void> {
  const changed = changesUnderPeople(meeting)
  if (changed.length === 0) return
  const places = JSON.stringify(changed.map(({ productId, attribute, locale, channel }) => ({ productId, attribute, locale, channel })))
  await tx.execute(sql`
    update value_changes set state = 'superseded', decided_at = now()
    from jsonb_to_recordset(${places}::jsonb) as place("productId" uuid, attribute text, locale text, channel text)
    where value_changes.product_id = place."productId" and value_changes.attribute = place.attribute
      and value_changes.locale is not distinct from place.locale and value_changes.channel is not distinct from place.channel
      and value_changes.state = 'proposed' and provenance ->> 'kind' = 'imported'`)
  const news = changed.filter(isNews)
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
