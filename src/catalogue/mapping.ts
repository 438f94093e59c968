import { AppError } from '../base/errors.ts'
import type { ColumnMapping, SourceMapping } from '../contract/mapping.ts'
import type { ColumnsAt, ImportReading } from '../db/schema/index.ts'
import { cellsOfValue } from './composed.ts'
import { generalised, languageOf, type Place, writtenKey } from './place.ts'

/**
 * What a source's columns say, through its mapping. Imported values stay keyed by column, so that nothing of a file is lost; here
 * they are read as values at places, several columns as one value where they belong together: `weight` and `weight-unit` are
 * `{ amount, unit }`, `price-EUR` and `price-USD` are `{ EUR, USD }`. Without a mapping every column is an attribute of its name.
 */

/** A place that a file has columns for. */
export interface MappedPlace {
  readonly place: Place
  readonly key: string
  readonly columns: ColumnsAt
  /** A variant that lacks it has its parent's. */
  readonly isInherited: boolean
}

interface Compiled extends ImportReading {
  readonly mapped: readonly MappedPlace[] // in the order of the columns
  readonly byKey: ReadonlyMap<string, MappedPlace>
  readonly byColumns: ReadonlyMap<ColumnsAt, MappedPlace>
  readonly byAttribute: ReadonlyMap<string, readonly MappedPlace[]>
  readonly attributesOf: ReadonlyMap<string, readonly string[]> // by column
  readonly known: ReadonlySet<string>
}

const compiled = new WeakMap<SourceMapping, Compiled>()

function compile(mapping: SourceMapping): Compiled {
  const known = compiled.get(mapping)
  if (known) return known
  const mapped = mappedPlaces(mapping.columns)
  const places = Object.fromEntries(mapped.map(({ key, columns }) => [key, columns]))
  const claimed = [...new Set(mapping.columns.map(({ column }) => column))]
  const made = {
    mapped,
    byKey: new Map(mapped.map((each) => [each.key, each])),
    byColumns: new Map(mapped.map((each) => [each.columns, each])),
    byAttribute: Map.groupBy(mapped, ({ place }) => place.attribute),
    attributesOf: attributesByColumn(mapping),
    places,
    aliases: aliasesOf(mapped),
    claimed,
    known: new Set(claimed),
  }
  compiled.set(mapping, made)
  return made
}

function attributesByColumn({ columns }: SourceMapping): Map<string, string[]> {
  const byColumn = new Map<string, string[]>()
  for (const column of columns) {
    if (column.role === 'kept') continue
    const attributes = byColumn.get(column.column)
    if (attributes) attributes.push(attributeOfColumn(column))
    else byColumn.set(column.column, [attributeOfColumn(column)])
  }
  return byColumn
}

/** What is kept beside a mapping, for statements that read imports (`importedAtSql`). */
export function readingOf(mapping: SourceMapping): ImportReading {
  const { places, aliases, claimed } = compile(mapping)
  return { places, aliases, claimed }
}

/** The attribute that a column is of. */
export const attributeOfColumn = ({ attribute, column, member }: Pick<ColumnMapping, 'attribute' | 'column' | 'member'>): string =>
  attribute ?? member ?? column

/** The place that a column's values stand at. */
const placeOfColumn = (column: ColumnMapping): Place => ({
  attribute: attributeOfColumn(column),
  locale: column.locale ?? null,
  channel: column.channel ?? null,
})

/** Which part of its place's value a column holds; '': all of it. */
const partOfColumn = ({ role, currency }: ColumnMapping): string => (role === 'unit' ? 'unit' : (currency ?? ''))

/**
 * Two columns for the same part of the same value: which of them speaks would be nobody's choice.
 * @throws AppError request.invalid
 */
export function checkMapping({ columns }: SourceMapping): void {
  const taken = new Map<string, ColumnMapping>()
  for (const column of columns) {
    if (column.role === 'kept') continue
    const key = `${writtenKey(placeOfColumn(column))} ${partOfColumn(column)}`
    const other = taken.get(key)
    if (other) {
      throw new AppError(
        'request.invalid',
        `The columns "${other.column}" and "${column.column}" would both be “${placeOfColumn(column).attribute}”. Give one of them another attribute, locale or channel, or keep it as it is.`,
      )
    }
    taken.set(key, column)
  }
}

const pathOf = ({ column, member }: ColumnMapping): readonly string[] => (member === undefined ? [column] : [column, member])

function mappedPlaces(columns: readonly ColumnMapping[]): MappedPlace[] {
  const groups = new Map<string, { place: Place; parts: Map<string, readonly string[] | string>; isInherited: boolean }>()
  for (const column of columns) {
    if (column.role === 'kept') continue
    const place = placeOfColumn(column)
    const key = writtenKey(place)
    const group = groups.get(key) ?? { place, parts: new Map(), isInherited: isInheritable(column) }
    groups.set(key, group)
    const part = partOfColumn(column)
    if (!group.parts.has(part)) group.parts.set(part, pathOf(column)) // two columns of one part: the first speaks
    if (column.unit !== undefined && !group.parts.has('unit')) group.parts.set('unit', column.unit)
  }
  return Array.from(groups, ([key, { parts, ...group }]) => ({ ...group, key, columns: joined(parts) }))
}

const isInheritable = ({ level, role }: ColumnMapping): boolean => level !== 'variant' && !['identifier', 'parent', 'option'].includes(role)

/** Whether a variant has a parent's value of a place; of places that its file has no columns for it does. */
export const isInheritedAt = (mapping: SourceMapping | null, key: string): boolean =>
  (mapping && compile(mapping).byKey.get(key)?.isInherited) ?? true

/** A unit makes what it stands beside an amount; alone it is a value like any other. */
function joined(parts: ReadonlyMap<string, readonly string[] | string>): ColumnsAt {
  const whole = parts.get('')
  const unit = parts.get('unit')
  if (whole !== undefined) return unit === undefined ? { '': whole } : { amount: whole, unit }
  if (unit !== undefined && parts.size === 1) return { '': unit }
  return Object.fromEntries(parts)
}

/**
 * Places that the file has no columns for, but that mean those of another: "de" where the file's only German is "de-DE", and no
 * channel in particular where every column is of one: the first then.
 */
function aliasesOf(mapped: readonly MappedPlace[]): Record<string, ColumnsAt> {
  const own = new Set(mapped.map(({ key }) => key))
  const aliases = new Map<string, ColumnsAt>()
  const add = (place: Place, columns: ColumnsAt): void => {
    const key = writtenKey(place)
    if (!own.has(key) && !aliases.has(key)) aliases.set(key, columns)
  }
  const locales = new Map<string, Set<string>>() // by attribute and language
  for (const { place } of mapped) {
    if (place.locale === null) continue
    const key = writtenKey({ ...place, locale: languageOf(place.locale), channel: null })
    locales.set(key, (locales.get(key) ?? new Set()).add(place.locale))
  }
  for (const { place, columns } of mapped) {
    if (place.channel !== null) add({ ...place, channel: null }, columns)
    if (place.locale === null) continue
    const ofLanguage = { ...place, locale: languageOf(place.locale) }
    if (locales.get(writtenKey({ ...ofLanguage, channel: null }))!.size > 1) continue
    add(ofLanguage, columns)
    add({ ...ofLanguage, channel: null }, columns)
  }
  return Object.fromEntries(aliases)
}

/** The columns that a place's imported value is read from; undefined: none of the mapping's. */
function columnsFor(reading: Compiled, place: Place): ColumnsAt | undefined {
  for (const each of generalised(place, { byLanguage: true })) {
    const key = writtenKey(each)
    const found =
      reading.byKey.get(key)?.columns ??
      (each.locale === place.locale && each.channel === place.channel ? aliasAt(reading, key) : undefined)
    if (found) return found
  }
  return undefined
}

const aliasAt = ({ aliases }: Compiled, key: string): ColumnsAt | undefined => (Object.hasOwn(aliases, key) ? aliases[key] : undefined)

type Imported = Readonly<Record<string, unknown>>

/** What a source says at a place; null: nothing. */
export function importedAt(mapping: SourceMapping | null, imported: Imported, place: Place): unknown {
  if (mapping === null) return own(imported, place.attribute)
  const reading = compile(mapping)
  const columns = columnsFor(reading, place)
  if (columns) return valueAt(columns, imported)
  return reading.known.has(place.attribute) ? null : own(imported, place.attribute)
}

const own = (imported: Imported, column: string): unknown => (Object.hasOwn(imported, column) ? imported[column] : null) ?? null

function valueAt(columns: ColumnsAt, imported: Imported): unknown {
  const at = (source: readonly string[] | string): unknown => (typeof source === 'string' ? source : memberAt(imported, source))
  if (columns[''] !== undefined) return at(columns[''])
  if (columns['amount'] !== undefined && at(columns['amount']) === null) return null
  const parts = Object.entries(columns).flatMap(([part, source]) => {
    const value = at(source)
    return value === null ? [] : [[part, value] as const]
  })
  return parts.length === 0 ? null : Object.fromEntries(parts)
}

function memberAt(imported: Imported, [column, member]: readonly string[]): unknown {
  const value = own(imported, column!)
  if (member === undefined || value === null) return value
  return typeof value === 'object' && !Array.isArray(value) ? own(value as Imported, member) : null
}

/** What the source says of a product, place by place, in the order of its columns; places that say nothing are left out. */
export function placesOfImport(mapping: SourceMapping | null, imported: Imported): { place: Place; key: string; value: unknown }[] {
  const reading = mapping && compile(mapping)
  const mapped = reading?.mapped.map(({ place, key, columns }) => ({ place, key, value: valueAt(columns, imported) })) ?? []
  const others = Object.keys(imported)
    .filter((column) => !reading?.known.has(column))
    .map((column) => {
      const place = { attribute: column, locale: null, channel: null }
      return { place, key: writtenKey(place), value: own(imported, column) }
    })
  return [...mapped, ...others].filter(({ value }) => value !== null)
}

/** Where something written for a place shows, and goes on export: the file's places that it is or that are part of it. */
export interface Shown {
  readonly at: MappedPlace
  /** Of two that show at one place the higher speaks: 0 is the place's own, below 0 what is more general. */
  readonly rank: number
}

/** Empty: the file has no columns for it. */
export function shownAt(mapping: SourceMapping, place: Place): Shown[] {
  const reading = compile(mapping)
  const key = writtenKey(place)
  const shown = mappedOfAttribute(mapping, place.attribute).flatMap((at): Shown[] => {
    const generality = generalised(at.place, { byLanguage: true }).findIndex((each) => writtenKey(each) === key)
    return generality < 0 ? [] : [{ at, rank: -generality }]
  })
  const columns = columnsFor(reading, place)
  const home = columns && reading.byColumns.get(columns)
  return home && !shown.some(({ at }) => at === home) ? [...shown, { at: home, rank: 1 }] : shown
}

/** The places that the file has columns for, of one attribute. */
export const mappedOfAttribute = (mapping: SourceMapping, attribute: string): readonly MappedPlace[] =>
  compile(mapping).byAttribute.get(attribute) ?? []

/** The attributes that these columns of a file hold values of, in their order, each once. */
export function attributesOfColumns(mapping: SourceMapping | null, columns: readonly string[]): string[] {
  if (mapping === null) return [...columns]
  const { attributesOf, known } = compile(mapping)
  return [...new Set(columns.flatMap((column) => attributesOf.get(column) ?? (known.has(column) ? [] : [column])))]
}

/** The cells of a value at one of a product's own places (`currentPlaces`). `now`: what its columns hold. */
export function cellsAt(
  mapping: SourceMapping | null,
  place: Place,
  { value, now }: { value: unknown; now: Imported },
): Record<string, unknown> {
  const mapped = mapping && compile(mapping).byKey.get(writtenKey(place))
  return mapped ? cellsOfValue(mapped.columns, value, (column) => own(now, column)) : cellsFor(mapping, place, { value, now })
}

/**
 * The cells that a value goes to: those of the file's places that it shows at, else of a column to be added. `now`: what the
 * product's columns hold.
 */
export function cellsFor(
  mapping: SourceMapping | null,
  place: Place,
  { value, now }: { value: unknown; now: Imported },
): Record<string, unknown> {
  if (mapping === null) return { [place.attribute]: value }
  const shown = shownAt(mapping, place)
  if (shown.length === 0) return { [addedColumn(mapping, place)]: value }
  const cells: Record<string, unknown> = {}
  for (const { at } of shown)
    Object.assign(
      cells,
      cellsOfValue(at.columns, value, (column) => own({ ...now, ...cells }, column)),
    )
  return cells
}

/** Columns that an export adds for places which the file has none for. */
export function addedColumns(mapping: SourceMapping | null, places: readonly Place[]): string[] {
  const added = places.flatMap((place) => {
    if (mapping === null) return [place.attribute]
    return shownAt(mapping, place).length > 0 ? [] : [addedColumn(mapping, place)]
  })
  return [...new Set(added)]
}

/** Named as its profile names columns, and not as one that is there and means something else. */
function addedColumn(mapping: SourceMapping, { attribute, locale, channel }: Place): string {
  const parts = mapping.profile === 'akeneo' ? [attribute, locale?.replaceAll('-', '_'), channel] : [attribute]
  const name = parts.filter((part) => part !== null && part !== undefined).join('-')
  return compile(mapping).known.has(name) ? `${name} (2)` : name
}
