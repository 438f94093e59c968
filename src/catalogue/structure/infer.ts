import type { AttributeGuess, AttributeRules, AttributeType } from '../../contract/structure.ts'
import { isObject } from '../../base/json.ts'
import { isEmptyValue } from '../current.ts'
import { normaliseName } from '../formats/guess.ts'
import {
  entriesOf,
  hasMarkup,
  isPicture,
  picturesIn,
  readBoolean,
  readDate,
  readMeasurement,
  readNumber,
  readPrices,
  readTable,
} from './read-value.ts'

/** What is guessed about an attribute from its values. */
export interface InferredAttribute {
  readonly type: AttributeType
  readonly rules: AttributeRules
  readonly options: readonly string[] // of a select: its different values, the commonest first
  readonly guess: AttributeGuess
}

/** Collects an attribute's values, in bounded memory, until `infer` says what they are. */
export interface AttributeProfile {
  observe(value: unknown): void
  infer(): InferredAttribute | undefined
}

const NEARLY_ALL = 0.95
const SOME_MARKUP = 0.2
const MOST_DISTINCT = 1_000
const MOST_OPTIONS = 500
const OPTION_CHARACTERS = 60
const LEAST_VALUES_FOR_OPTIONS = 20
const LEAST_REPEATS = 3 // of an option, on average

const PRICE_NAME = /\b(price|prices|preis|preise|vk|ek|uvp|rrp|msrp|prix|precio|preco|prezzo|prijs|cost|pvp|listprice|saleprice)\b/
const PICTURE_NAME = /\b(image|images|img|picture|pictures|photo|photos|bild|bilder|foto|fotos|thumbnail|imagen|immagine|afbeelding)\b/
const CODE_NAME =
  /\b(sku|ean\d*|gtin\d*|upc|isbn|asin|mpn|barcode|artikelnummer|artikelnr|handle|hs code|id)$|^(id|code|number|nummer)$|\b(part|article|item|model|serial|order|product|customs) (number|no|nr|code)$/
/** Called a name or a title: its few different values are texts all the same, unless it is of a brand or the like. */
const TITLE_NAME =
  /(^|(?<!brand|colou?r|family|category|manufacturer|supplier|vendor) )(name|title|titel|titre|nom|bezeichnung|subject|instructions)$/

/** `name`: what the attribute is called; it settles what the values leave open. */
export function profileAttribute(name: string): AttributeProfile {
  const called = normaliseName(name)
  const isCode = CODE_NAME.test(called)
  const fits = { number: 0, measurement: 0, price: 0, boolean: 0, date: 0, image: 0, address: 0, table: 0, list: 0, markup: 0, several: 0 }
  const units = new Map<string, number>()
  const dimensions = new Map<string, number>()
  const currencies = new Map<string, number>()
  const whole = createCounter()
  const entries = createCounter()
  let values = 0
  let characters = 0
  let longest = 0
  let leadingZeros = 0
  let broken = 0 // over several lines
  let native = 0 // numbers as JSON has them

  function observe(value: unknown): void {
    if (isEmptyValue(value)) return
    values += 1
    if (isObject(value) || (Array.isArray(value) && value.some(isObject))) observeObject(value)
    else if (Array.isArray(value)) fits.list += 1
    const text = typeof value === 'string' ? value.trim() : isObject(value) || Array.isArray(value) ? '' : String(value)
    if (readNumber(value) !== undefined) fits.number += 1
    if (typeof value === 'number') native += 1
    if (/^0\d+$/.test(text)) leadingZeros += 1
    if (text !== '') observeText(text)
    if (readBoolean(value) !== undefined) fits.boolean += 1
    if (readDate(value) !== undefined && !/^\d+$/.test(text)) fits.date += 1
    const pictures = picturesIn(value)
    if (pictures.length > 0 && pictures.every((picture) => isPicture(picture))) fits.image += 1
    if (pictures.length > 0 && pictures.every((picture) => isPicture(picture, { loose: true }))) fits.address += 1
    const parts = entriesOf(value)
    if (parts.length > 1) fits.several += 1
    for (const part of parts) entries.add(part)
  }

  function observeObject(value: unknown): void {
    if (readTable(value)) fits.table += 1
    observeMeasurement(value)
    observePrices(value)
  }

  function observeText(text: string): void {
    characters += text.length
    longest = Math.max(longest, text.length)
    if (text.includes('\n')) broken += 1
    if (hasMarkup(text)) fits.markup += 1
    if (readTable(text)) fits.table += 1
    whole.add(text)
    observeMeasurement(text)
    observePrices(text)
  }

  function observeMeasurement(value: unknown): void {
    const read = readMeasurement(value)
    if (!read?.known) return
    fits.measurement += 1
    count(units, read.known.name)
    count(dimensions, read.known.dimension)
  }

  function observePrices(value: unknown): void {
    const named = readPrices(value)?.filter(({ currency }) => currency !== undefined) ?? []
    if (named.length === 0) return
    fits.price += 1
    for (const { currency } of named) count(currencies, currency!)
  }

  function infer(): InferredAttribute | undefined {
    if (values === 0) return undefined
    const found = (type: AttributeType, fitting: number, more: { rules?: AttributeRules; options?: readonly string[] } = {}) => ({
      type,
      rules: more.rules ?? {},
      options: more.options ?? [],
      guess: { values, share: Math.min(1, fitting / values), distinct: whole.size() },
    })
    const nearlyAll = (fitting: number): boolean => fitting >= values * NEARLY_ALL
    if (nearlyAll(fits.table)) return found('table', fits.table)
    if (nearlyAll(fits.price)) {
      const currency = most(currencies)
      return found('price', fits.price, currencies.size === 1 && currency ? { rules: { currency } } : {})
    }
    const [dimension, inDimension] = topOf(dimensions)
    if (dimension !== undefined && nearlyAll(inDimension)) return found('measurement', inDimension, { rules: { unit: most(units)! } })
    if (nearlyAll(fits.date)) return found('date', fits.date)
    if (nearlyAll(fits.image) || (PICTURE_NAME.test(called) && nearlyAll(fits.address)))
      return found('image', Math.max(fits.image, fits.address))
    if (nearlyAll(fits.boolean) && native === 0 && isYesOrNo()) return found('boolean', fits.boolean)
    if (nearlyAll(fits.number) && (native === values || (!isCode && leadingZeros === 0)))
      return found(PRICE_NAME.test(called) ? 'price' : 'number', fits.number)
    if (fits.markup >= values * SOME_MARKUP) return found('html', values)
    if (!isCode) {
      const list = fits.list + fits.several >= values * 0.2 ? optionsOf(entries) : undefined
      if (list && (fits.list > 0 || averageLength() < 100)) return found('multi_select', values, { options: list })
      const single = fits.list === 0 && longest <= OPTION_CHARACTERS && !TITLE_NAME.test(called) ? optionsOf(whole) : undefined
      if (single) return found('select', values, { options: single })
    }
    if (averageLength() > 100 || broken >= values * 0.05) return found('long_text', values)
    return found('text', values)
  }

  /** Two words for it at most; a column of ones and noughts is one too, unless its name counts something. */
  function isYesOrNo(): boolean {
    const words = whole.keys().map((word) => word.toLowerCase())
    const counts =
      words.every((word) => /^[01]$/.test(word)) &&
      /\b(quantity|qty|menge|stock|anzahl|count|number|pack|packs|level|position)\b/.test(called)
    return new Set(words).size <= 2 && !counts
  }

  const averageLength = (): number => characters / Math.max(1, values)

  function optionsOf(counter: Counter): readonly string[] | undefined {
    const keys = counter.keys()
    const repeats = counter.total() / Math.max(1, keys.length)
    const few = counter.total() >= LEAST_VALUES_FOR_OPTIONS && keys.length <= MOST_OPTIONS && repeats >= LEAST_REPEATS
    return few && keys.every((key) => key.length <= OPTION_CHARACTERS) ? keys : undefined
  }

  return { observe, infer }
}

interface Counter {
  add(text: string): void
  size(): number
  total(): number
  keys(): string[] // the commonest first
}

/** Counts different texts, the first thousand of them; beyond that nothing is told apart any more. */
function createCounter(): Counter {
  const counts = new Map<string, number>()
  let total = 0
  return {
    add: (text) => {
      total += 1
      if (counts.has(text) || counts.size < MOST_DISTINCT) count(counts, text.slice(0, 200))
    },
    size: () => counts.size,
    total: () => total,
    keys: () => [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([text]) => text),
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const topOf = (counts: ReadonlyMap<string, number>): readonly [string | undefined, number] =>
  [...counts].sort((a, b) => b[1] - a[1])[0] ?? [undefined, 0]

const most = (counts: ReadonlyMap<string, number>): string | undefined => topOf(counts)[0]
