import { type SQL, sql } from 'drizzle-orm'

/** Where a value stands: an attribute, in the locale and for the channel it is written for. */
export interface Place {
  readonly attribute: string
  readonly locale: string | null // BCP 47; null: not localised
  readonly channel: string | null // null: of no channel in particular
}

/**
 * The key of a place in `products.written`: "description@de-DE", "colour@" where there is no locale, "description@de-DE/print"
 * for a channel. An attribute may hold any sign: locales hold no "@" and no "/", channels no "@", so that the last "@" ends it.
 */
export const writtenKey = ({ attribute, locale, channel }: Place): string =>
  `${attribute}@${locale ?? ''}${channel === null ? '' : `/${channel}`}`

/** The place that a key of `products.written` names. */
export function readWrittenKey(key: string): Place {
  const at = key.lastIndexOf('@')
  const [locale, channel] = key.slice(at + 1).split('/')
  return { attribute: key.slice(0, at), locale: locale || null, channel: channel ?? null }
}

/** `writtenKey` in SQL, of a row that has attribute, locale and channel. */
export const writtenKeySql = (place: SQL): SQL => keySql(place, { locale: sql`${place}.locale`, channel: sql`${place}.channel` })

/** Less and less particular places, whose values a place has too where it has none of its own: the place itself first. */
export function generalised(place: Place, { byLanguage }: { byLanguage: boolean }): Place[] {
  const { attribute, locale, channel } = place
  const language = byLanguage && locale !== null ? languageOf(locale) : locale
  const places = [locale, language, null].flatMap((each) => [
    { attribute, locale: each, channel },
    { attribute, locale: each, channel: null },
  ])
  return [...new Map(places.map((each) => [writtenKey(each), each])).values()]
}

/** "de" of "de-DE". */
export const languageOf = (locale: string): string => locale.split('-', 1)[0]!

/** The keys of `generalised` in SQL, the place's own first; some may be equal. */
export function generalisedSql(place: SQL, { byLanguage }: { byLanguage: boolean }): SQL[] {
  const locale = sql`${place}.locale`
  const locales = byLanguage ? [locale, sql`split_part(${locale}, '-', 1)`, NONE] : [locale, NONE]
  return locales.flatMap((each) => [
    keySql(place, { locale: each, channel: sql`${place}.channel` }),
    keySql(place, { locale: each, channel: NONE }),
  ])
}

const NONE = sql`null::text`

const keySql = (place: SQL, { locale, channel }: { locale: SQL; channel: SQL }): SQL =>
  sql`(${place}.attribute || '@' || coalesce(${locale}, '') || coalesce('/' || ${channel}, ''))`
