import { findColumn, uniqueNames } from './format.ts'

/** What is known of one column from the sample. */
export interface ColumnSample {
  readonly name: string
  readonly values: readonly string[] // of every row looked at, '' where it is empty
}

export interface IdentifierGuess {
  readonly column: number | undefined // undefined: by row number
  readonly reason: string
}

// Best first. Compared without case, accents and punctuation.
const IDENTIFIER_NAMES = [
  [
    'sku',
    'identifier',
    'handle',
    'product id',
    'productid',
    'product code',
    'product number',
    'item number',
    'item no',
    'item id',
    'item code',
    'article number',
  ],
  ['artikelnummer', 'artikel nr', 'artikelnr', 'art nr', 'artnr', 'produktnummer', 'bestellnummer', 'sachnummer'],
  [
    'reference',
    'ref',
    'reference produit',
    'code article',
    'code produit',
    'referencia',
    'codigo',
    'codice',
    'codice articolo',
    'artikelcode',
    'varenummer',
  ],
  ['varenr', 'tuotenumero', 'kod produktu', 'indeks', 'numer katalogowy', 'artikul', 'артикул', 'код', '商品コード', '货号', '品番'],
  ['id', 'code', 'number', 'nr', 'no', 'key', 'uuid', 'asin', 'variant sku', 'seller sku', 'product sku', 'item sku'],
  ['ean', 'ean13', 'gtin', 'gtin13', 'gtin14', 'upc', 'isbn', 'barcode', 'mpn', 'manufacturer part number', 'part number', 'hersteller nr'],
].flat()

/** A column name as names are compared: without case, accents and punctuation. */
export const normaliseName = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** The column that tells products apart: by its name, checked against the values; else any column of distinct codes. */
export function guessIdentifier(columns: readonly ColumnSample[]): IdentifierGuess {
  const named = columns
    .map((column, index) => ({ index, rank: IDENTIFIER_NAMES.indexOf(normaliseName(column.name)), ...measure(column) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank)
  const name = (index: number): string => `"${columns[index]!.name.trim()}"`
  const perfect = named.find(({ filled, distinct }) => filled === 1 && distinct === 1)
  if (perfect)
    return {
      column: perfect.index,
      reason: `Products are told apart by ${name(perfect.index)}: its name says so, and its values are all there and all different.`,
    }
  const handle = named.find(({ index, filled }) => normaliseName(columns[index]!.name) === 'handle' && filled > 0.9)
  if (handle) return { column: handle.index, reason: `Products are told apart by ${name(handle.index)}, as in Shopify's files.` }
  const good = named.find(({ filled, distinct }) => filled >= 0.9 && distinct >= 0.9)
  if (good) {
    return {
      column: good.index,
      reason: `Products are told apart by ${name(good.index)}: its name says so. Some rows lack it or repeat it; they are rejected.`,
    }
  }
  const codes = columns.findIndex((column) => column.values.length > 1 && measure(column).codes)
  if (codes >= 0)
    return {
      column: codes,
      reason: `Products are told apart by ${name(codes)}: its values are all there, all different, and look like codes.`,
    }
  return { column: undefined, reason: 'No column tells products apart, so they go by their row number. Name a column if one does.' }
}

/** Shares of 1 in the sample. */
function measure({ values }: ColumnSample): { filled: number; distinct: number; codes: boolean } {
  const filled = values.map((value) => value.trim()).filter((value) => value !== '')
  const distinct = new Set(filled).size
  if (values.length === 0) return { filled: 1, distinct: 1, codes: false }
  const codes =
    filled.length === values.length &&
    distinct === values.length &&
    filled.every((value) => /^[\p{L}\p{N}][\p{L}\p{N}_\-./#+]{0,63}$/u.test(value) && !/^\d+[.,]\d+$/.test(value))
  return { filled: filled.length / values.length, distinct: filled.length === 0 ? 0 : distinct / filled.length, codes }
}

const TEXT_NAMES =
  /(^| )(title|name|product name|description|descriptions|short description|long description|body|summary|bullet points?|features?|highlights?|details|text|content|subtitle|headline|tagline|caption|keywords|meta title|meta description|notice|care instructions|titel|bezeichnung|kurzbezeichnung|artikelbezeichnung|produktname|beschreibung|kurzbeschreibung|langbeschreibung|langtext|kurztext|produktbeschreibung|merkmale|titre|nom|nom du produit|libelle|descriptif|designation|resume|titulo|nombre|descripcion|descripcion corta|resumen|titolo|nome|descrizione|descrizione breve|titolo prodotto|descricao|titel|naam|omschrijving|korte omschrijving|productnaam|beschrijving|navn|beskrivelse|namn|beskrivning|nimi|kuvaus|nazwa|opis|nazev|popis|название|описание|наименование|商品名|説明|名称|描述)( |$)/u

/** Columns that hold prose: named so, or simply long. */
export function guessTextColumns(columns: readonly ColumnSample[]): number[] {
  const found: number[] = []
  columns.forEach(({ name, values }, index) => {
    const filled = values.filter((value) => value.trim() !== '')
    const notProse = filled.filter((value) =>
      /^(https?:\/\/|\/|www\.)\S+$|^[\d\s.,+\-%€$£]+$|^(true|false|yes|no)$/i.test(value.trim()),
    ).length
    if (filled.length > 0 && notProse > filled.length / 2) return
    const averageLength = filled.reduce((sum, value) => sum + value.length, 0) / (filled.length || 1)
    const distinct = new Set(filled).size
    const normal = normaliseName(name)
    const exact = TEXT_NAMES.exec(normal)?.[0].trim() === normal
    const named =
      exact ||
      (TEXT_NAMES.test(normal) &&
        ((filled.length === 0 && !/ (name|nom|nombre|nome|naam)$/.test(normal)) ||
          averageLength >= 15 ||
          (averageLength >= 8 && distinct > filled.length / 2)))
    const prose = averageLength >= 60 && filled.filter((value) => value.trim().includes(' ')).length > filled.length * 0.8
    if (named || prose) found.push(index)
  })
  return found
}

/** The identifier that the person names. @throws AppError command.invalid */
export function chosenIdentifier(columns: readonly string[], wanted: string | { readonly rowNumber: true }): IdentifierGuess {
  if (typeof wanted !== 'string') return { column: undefined, reason: 'Products go by their row number, as you said.' }
  const column = findColumn(columns, wanted)
  return { column, reason: `Products are told apart by "${uniqueNames(columns)[column]}", as you said.` }
}

export const textReason = (names: readonly string[], said: boolean): string => {
  if (names.length === 0) return 'No text columns were found.'
  const shown = names
    .slice(0, 12)
    .map((name) => `"${name}"`)
    .join(', ')
  return `Text columns: ${shown}${names.length > 12 ? ` and ${names.length - 12} more` : ''}${said ? ', as you said' : ', by their names or because they hold long text'}.`
}
