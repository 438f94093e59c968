import { type SQL, sql } from 'drizzle-orm'
import type { SourceMapping } from '../contract/mapping.ts'
import type { Provenance, WrittenValue } from '../db/schema/index.ts'
import { importedAt } from './mapping.ts'
import { generalised, generalisedSql, type Place, writtenKey, writtenKeySql } from './place.ts'

export { type Place, writtenKey } from './place.ts'

/** A product as its row has it, with the mapping of its source. */
export interface ProductValues {
  readonly imported: Readonly<Record<string, unknown>>
  readonly written: Readonly<Record<string, WrittenValue>>
  readonly mapping: SourceMapping | null
  /** Of a variant, nearest first: it has what it lacks from them. Absent: nothing is inherited. */
  readonly parents?: readonly ParentProduct[]
}

export interface ParentProduct extends ProductValues {
  readonly id: string
  readonly identifier: string
}

/** What a product says at a place now. */
export interface CurrentValue {
  readonly value: unknown // null: nothing
  readonly changeId: string | null // null: nothing was written there
  readonly kind: Provenance['kind'] // of values written before kinds were kept: generated
}

/**
 * A product's current value: what was written for the place, else for one that it is part of (the language, no locale, no channel in
 * particular), else what its source says there. A generated value of null says nothing; a person's clears; one of kind `imported`
 * gives the word back to the source.
 */
export function currentValue({ imported, written, mapping }: ProductValues, place: Place): CurrentValue {
  const entry = generalised(place, { byLanguage: mapping !== null })
    .map((each) => written[writtenKey(each)])
    .find((each) => each !== undefined && speaks(each))
  if (entry && entry.kind !== 'imported') return { value: entry.value, changeId: entry.changeId, kind: entry.kind ?? 'generated' }
  return { value: importedAt(mapping, imported, place), changeId: entry?.changeId ?? null, kind: 'imported' }
}

export const speaks = ({ value, kind }: WrittenValue): boolean => value !== null || kind === 'person' || kind === 'imported'

/**
 * The same in SQL, to be joined with `cross join lateral`: "standing" with value, change_id and kind; own_id, the change written
 * at the very place; and of_person: a person wrote the attribute, here or at another place that the file holds in the same column.
 * `product` has source_id, imported and written, `place` has attribute, locale and channel.
 */
export function standingAt({ product, place }: { product: SQL; place: SQL }): SQL {
  return sql`lateral (
    select own ->> 'changeId' as own_id, entry ->> 'changeId' as change_id,
      case when entry is null then 'imported' else coalesce(entry ->> 'kind', 'generated') end as kind,
      ${writtenByPerson({ product, place })} as of_person,
      nullif(case when entry is null or entry ->> 'kind' = 'imported' then ${importedAtSql({ product, place })} else entry -> 'value' end, 'null'::jsonb) as value
    from (
      select ${product}.written -> ${writtenKeySql(place)} as own, ${spokenAt({ product, place })} as entry, reading
      from (select (select sources.reading from sources where sources.id = ${product}.source_id) as reading) as of_source
    ) as spoken
  ) as standing`
}

/** The first that speaks of what was written for the place and for those that it is part of. */
function spokenAt({ product, place }: { product: SQL; place: SQL }): SQL {
  const spoken = (byLanguage: boolean): SQL => {
    const entries = generalisedSql(place, { byLanguage }).map((key) => sql`${product}.written -> ${key}`)
    return sql`case ${sql.join(
      entries.map((entry) => sql`when ${speaksSql(entry)} then ${entry}`),
      sql` `,
    )} end`
  }
  return sql`case when ${product}.written = '{}'::jsonb then null when reading is null then ${spoken(false)} else ${spoken(true)} end`
}

/** What the source says at the place: `importedAt` in SQL, with "reading" at hand. */
function importedAtSql({ product, place }: { product: SQL; place: SQL }): SQL {
  const column = sql`${product}.imported -> ${place}.attribute`
  const [own, ...others] = generalisedSql(place, { byLanguage: true }).map((key) => sql`reading -> 'places' -> ${key}`)
  const columns = sql.join([own!, sql`reading -> 'aliases' -> ${writtenKeySql(place)}`, ...others], sql`, `)
  return sql`case when reading is null then ${column} else (
    select case
      when columns is null then case when not reading -> 'claimed' ? ${place}.attribute then ${column} end
      when columns ? '' then ${product}.imported #> ${path(sql`columns -> ''`)}
      when columns ? 'amount' and coalesce(${product}.imported #> ${path(sql`columns -> 'amount'`)}, 'null'::jsonb) = 'null'::jsonb then null
      else (
        select jsonb_object_agg(part, held) from (
          select part, case jsonb_typeof(source) when 'string' then source else ${product}.imported #> ${path(sql`source`)} end as held
          from jsonb_each(columns) as parts (part, source)
        ) as each where held <> 'null'::jsonb
      ) end
    from (select coalesce(${columns}) as columns) as found
  ) end`
}

const path = (names: SQL): SQL => sql`array(select jsonb_array_elements_text(${names}))`

const writtenByPerson = ({
  product,
  place,
}: {
  product: SQL
  place: SQL
}): SQL => sql`case when ${product}.written = '{}'::jsonb then false else exists (
  select from jsonb_each(${product}.written) as there (key, entry)
  where starts_with(key, ${place}.attribute || '@') and position('@' in substr(key, length(${place}.attribute) + 2)) = 0 and entry ->> 'kind' = 'person'
    and not coalesce(${columnsOf(sql`key`)} <> ${columnsOf(writtenKeySql(place))}, false)) end`

const columnsOf = (key: SQL): SQL => sql`coalesce(reading -> 'places' -> ${key}, reading -> 'aliases' -> ${key})`

const speaksSql = (entry: SQL): SQL =>
  sql`coalesce(${entry} -> 'value' <> 'null'::jsonb or ${entry} ->> 'kind' in ('person', 'imported'), false)`

/**
 * Lays values over their products. `laid` has id, product_id, attribute, locale, channel, value, work_hash and kind, each place
 * of a product once.
 */
export function layOver(laid: SQL): SQL {
  return sql`
    update products set written = products.written || patch.written
    from (
      select laid.product_id, jsonb_object_agg(${writtenKeySql(sql`laid`)}, jsonb_build_object(
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
  sql`select id, source_id, imported, written from products where id = any (${ids}) order by id for no key update`
