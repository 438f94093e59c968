import { type SQL, sql } from 'drizzle-orm'
import type { Provenance, WrittenValue } from '../db/schema/index.ts'

/** An attribute in the locale it is written in; null: not localised. */
export interface Place {
  readonly attribute: string
  readonly locale: string | null
}

/** Where a written value lies in `products.written`: its attribute in its locale, in which no "@" occurs. */
export const writtenKey = ({ attribute, locale }: Place): string => `${attribute}@${locale ?? ''}`

/** What a product says at a place now. */
export interface CurrentValue {
  readonly value: unknown // null: nothing
  readonly changeId: string | null // null: nothing was written there
  readonly kind: Provenance['kind'] // of values written before kinds were kept: generated
}

/**
 * A product's current value: what was written for the locale, else what was written for none, else what its source says.
 * A generated value of null says nothing; a person's clears; one of kind `imported` gives the word back to the source.
 */
export function currentValue(
  { imported, written }: { readonly imported: Readonly<Record<string, unknown>>; readonly written: Readonly<Record<string, WrittenValue>> },
  place: Place,
): CurrentValue {
  const own = written[writtenKey(place)]
  const base = written[writtenKey({ attribute: place.attribute, locale: null })]
  const entry = own && speaks(own) ? own : base && speaks(base) ? base : undefined
  const importedValue = imported[place.attribute] ?? null
  if (!entry) return { value: importedValue, changeId: null, kind: 'imported' }
  return { value: entry.kind === 'imported' ? importedValue : entry.value, changeId: entry.changeId, kind: entry.kind ?? 'generated' }
}

const speaks = ({ value, kind }: WrittenValue): boolean => value !== null || kind === 'person' || kind === 'imported'

/**
 * The same in SQL, to be joined with `cross join lateral`: "standing" with value, change_id and kind; own_id, the change written
 * at the very place; and of_person: a person wrote the attribute, in this locale or another, which a file may hold in one column.
 * `product` has imported and written, `place` has attribute and locale.
 */
export function standingAt({ product, place }: { product: SQL; place: SQL }): SQL {
  const imported = sql`${product}.imported -> ${place}.attribute`
  return sql`lateral (
    select own ->> 'changeId' as own_id, entry ->> 'changeId' as change_id,
      case when entry is null then 'imported' else coalesce(entry ->> 'kind', 'generated') end as kind,
      ${writtenByPerson({ product, place })} as of_person,
      nullif(case when entry is null or entry ->> 'kind' = 'imported' then ${imported} else entry -> 'value' end, 'null'::jsonb) as value
    from (
      select own, case when ${speaksSql(sql`own`)} then own when ${speaksSql(sql`base`)} then base end as entry
      from (
        select ${product}.written -> (${place}.attribute || '@' || coalesce(${place}.locale, '')) as own,
          ${product}.written -> (${place}.attribute || '@') as base
      ) as written_there
    ) as spoken
  ) as standing`
}

const writtenByPerson = ({
  product,
  place,
}: {
  product: SQL
  place: SQL
}): SQL => sql`case when ${product}.written = '{}'::jsonb then false else exists (
  select from jsonb_each(${product}.written) as there (key, entry)
  where starts_with(key, ${place}.attribute || '@') and position('@' in substr(key, length(${place}.attribute) + 2)) = 0 and entry ->> 'kind' = 'person') end`

const speaksSql = (entry: SQL): SQL =>
  sql`coalesce(${entry} -> 'value' <> 'null'::jsonb or ${entry} ->> 'kind' in ('person', 'imported'), false)`

/**
 * Lays values over their products. `laid` has id, product_id, attribute, locale, value, work_hash and kind, each place of a
 * product once.
 */
export function layOver(laid: SQL): SQL {
  return sql`
    update products set written = products.written || patch.written
    from (
      select laid.product_id, jsonb_object_agg(laid.attribute || '@' || coalesce(laid.locale, ''), jsonb_build_object(
        'value', case when laid.kind <> 'imported' then laid.value end, 'changeId', laid.id, 'workHash', laid.work_hash, 'kind', laid.kind)) as written
      from ${laid} as laid group by laid.product_id
    ) as patch
    where products.id = patch.product_id`
}

/**
 * Products as they stand, held until the transaction ends: what is decided from them stays true, also when someone else
 * changed them a moment ago. In the order of their ids, so that two that wait for each other never do so in a circle; every
 * writer takes products first, then their changes.
 */
export const heldProducts = (ids: SQL): SQL =>
  sql`select id, imported, written from products where id = any (${ids}) order by id for no key update`
