import type { MISFITS } from '../../contract/structure.ts'
import { isEmptyValue } from '../current.ts'
import { type Attribute, optionKey } from './model.ts'
import {
  decimalsOf,
  entriesOf,
  isPicture,
  picturesIn,
  readBoolean,
  readDate,
  readMeasurement,
  readNumber,
  readPrices,
  readTable,
  withoutMarkup,
} from './read-value.ts'
import { unitOf } from '../../base/units.ts'

/** Why a value does not fit the type of its attribute. */
export type Misfit = (typeof MISFITS)[number]

/** Why a value does not fit its attribute; undefined: it does, or it says nothing. The value itself is never changed. */
export function misfitOf(attribute: Attribute, value: unknown): Misfit | undefined {
  if (isEmptyValue(value)) return undefined
  const check = CHECKS[attribute.type]
  if (typeof value !== 'string' || value.length > LONGEST_REMEMBERED) return check(value, attribute)
  let known = misfits.get(attribute)
  if (!known || known.size >= MOST_REMEMBERED) {
    known = new Map()
    misfits.set(attribute, known)
  }
  if (known.has(value)) return known.get(value)
  const misfit = check(value, attribute)
  known.set(value, misfit)
  return misfit
}

/** A catalogue says the same few words a million times. */
const misfits = new WeakMap<Attribute, Map<string, Misfit | undefined>>()
const LONGEST_REMEMBERED = 40 // characters
const MOST_REMEMBERED = 1_000 // of an attribute

type Check = (value: unknown, attribute: Attribute) => Misfit | undefined

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const asText: Check = (value, { rules }) => {
  if (!isPlain(value)) return 'no_text'
  return rules.maxLength !== undefined && String(value).length > rules.maxLength ? 'too_long' : undefined
}

function inRange(amount: number, { rules }: Attribute): Misfit | undefined {
  if (rules.minimum !== undefined && amount < rules.minimum) return 'too_small'
  if (rules.maximum !== undefined && amount > rules.maximum) return 'too_large'
  return rules.decimals !== undefined && decimalsOf(amount) > rules.decimals ? 'too_many_decimals' : undefined
}

const CHECKS: Readonly<Record<Attribute['type'], Check>> = {
  text: asText,
  long_text: asText,
  html: (value, { rules }) => {
    if (!isPlain(value)) return 'no_text'
    return rules.maxLength !== undefined && withoutMarkup(String(value)).length > rules.maxLength ? 'too_long' : undefined
  },
  number: (value, attribute) => {
    const number = readNumber(value)
    return number === undefined ? 'no_number' : inRange(number, attribute)
  },
  measurement: (value, attribute) => {
    const read = readMeasurement(value)
    if (!read) return 'no_measurement'
    const wanted = attribute.rules.unit
    if (read.unit === undefined) return wanted === undefined ? 'no_unit' : inRange(read.amount, attribute)
    if (read.unit !== wanted) {
      if (!read.known) return 'unknown_unit'
      const dimension = wanted === undefined ? undefined : unitOf(wanted)?.dimension
      if (dimension !== undefined && read.known.dimension !== dimension) return 'other_unit'
    }
    return inRange(read.amount, attribute)
  },
  price: (value, attribute) => {
    const prices = readPrices(value)
    if (!prices) return 'no_price'
    if (
      attribute.rules.currency === undefined &&
      attribute.origin !== 'inferred' &&
      prices.some(({ currency }) => currency === undefined)
    ) {
      return 'no_currency'
    }
    return prices.map(({ amount }) => inRange(amount, attribute)).find((misfit) => misfit !== undefined)
  },
  boolean: (value) => (readBoolean(value) === undefined ? 'no_boolean' : undefined),
  select: (value, { options }) => {
    if (!isPlain(value)) return 'no_option'
    return options.size === 0 || options.has(optionKey(String(value))) ? undefined : 'no_option'
  },
  multi_select: (value, { options }) => {
    if (!isPlain(value) && !Array.isArray(value)) return 'no_option'
    if (options.size === 0 || (isPlain(value) && options.has(optionKey(String(value))))) return undefined
    return entriesOf(value).every((entry) => options.has(optionKey(entry))) ? undefined : 'no_option'
  },
  date: (value) => (readDate(value) === undefined ? 'no_date' : undefined),
  image: (value) => {
    const pictures = picturesIn(value)
    return pictures.length > 0 && pictures.every((picture) => isPicture(picture, { loose: true })) ? undefined : 'no_image'
  },
  table: (value, { rules }) => {
    const rows = readTable(value)
    if (!rows) return 'no_table'
    const columns = rules.columns
    return columns && rows.some((row) => Object.keys(row).some((name) => !columns.includes(name))) ? 'other_columns' : undefined
  },
}
