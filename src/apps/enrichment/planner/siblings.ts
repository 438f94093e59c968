import { sha256 } from '../../../runtime/hash.ts'
import { attributeName } from './targets.ts'
import { foldText } from './words.ts'

/**
 * Products whose record is the same but for what variants differ in: colour, size, numbers of a title, identifiers. A
 * record is read as the model sees it (`workInput`), so that what it never sees makes no difference.
 */

/** A record, taken apart into what siblings share and where they may differ. */
export interface SiblingShape {
  readonly template: string // what siblings share, a mark at each slot
  readonly slots: readonly SlotValue[] // in the order of their marks
}

export interface SlotValue {
  readonly value: string
  /** It tells the products apart for a buyer: a text about one must name it. Weights and article numbers need not be named. */
  readonly named: boolean
}

const SLOT = '\u0001'

/** Attributes that variants differ in. */
const VARIANT =
  /(?:^|_)(?:colou?r|colours|size|sizes|length|capacity|volume|quantity|count|pack|pieces|shade|scent|flavou?r|finish|pattern)(?:_|$)/
/** Attributes that differ from product to product, and that a text rarely names. */
const INCIDENTAL =
  /^(?:sku|id|ean|gtin.*|upc|isbn|barcode|uuid|handle|oem_code|.*_id|(?:net_|gross_)?weight|width|height|depth|length|diameter|dimensions.*|date.*|release.*|.*_date|date_released)$/
/** What a product is called: a text about it names what is in there. */
const TITLE = /^(?:title|name|.*_title|product_name|item_name)$/
/** Attributes that hold the product's name: their numbers and colours are slots, their other words are not. */
const NAMING = /^(?:title|name|.*_title|.*_name|mpn|model|model_.*|short_description.*|summary|subtitle|article_number|part_number)$/

const COLOURS = new Set(
  `black white grey gray silver gold blue red green yellow orange pink purple violet brown beige ivory cream cyan magenta turquoise aqua navy
  teal lime olive maroon burgundy bronze copper titanium platinum champagne anthracite charcoal transparent clear multicolour multicolor
  schwarz weiß weiss grau silber blau rot grün gelb rosa lila violett braun türkis noir blanc gris argent bleu rouge vert jaune marron rose`.split(
    /\s+/,
  ),
)

const TOKEN = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:[.,'/+-][\p{L}\p{M}\p{N}]+)*/gu

const isSlotWord = (word: string): boolean => /\d/.test(word) || COLOURS.has(foldText(word))

/** Whether variants of one product may differ in this attribute. */
export const isVariant = (name: string): boolean => VARIANT.test(name) && !INCIDENTAL.test(name)

const asWords = (text: string): string => `(?<![\\p{L}\\p{N}])${text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)}(?![\\p{L}\\p{N}])`

/** Undefined: the record says too little to tell that another one is of the same kind. */
export function siblingShape(shown: string): SiblingShape | undefined {
  const slots: SlotValue[] = []
  const lines: string[] = []
  let naming = ''
  const parts = shown.split('\n').map((line) => {
    const colon = line.indexOf(': ')
    return { line, label: line.slice(0, colon), value: line.slice(colon + 2), name: attributeName(line.slice(0, colon)) }
  })
  const own = parts.filter(({ name, value }) => isVariant(name) && /\p{L}{3}/u.test(value)).map(({ value }) => value)
  const words = own.length === 0 ? TOKEN : new RegExp(`${own.map(asWords).join('|')}|${TOKEN.source}`, 'giu')
  const isOwn = new Set(own.map(foldText))
  for (const { line, label, value, name } of parts) {
    if (NAMING.test(name)) {
      const template = value.replace(words, (word) => {
        if (!isSlotWord(word) && !isOwn.has(foldText(word))) return word
        slots.push({ value: word, named: TITLE.test(name) })
        return SLOT
      })
      naming += ` ${template}`
      lines.push(`${label}: ${template}`)
    } else if (INCIDENTAL.test(name) || isVariant(name)) {
      slots.push({ value, named: !INCIDENTAL.test(name) })
      lines.push(`${label}: ${SLOT}`)
    } else lines.push(line)
  }
  return (naming.match(/\p{L}{2,}/gu) ?? []).length < FEWEST_WORDS ? undefined : { template: lines.join('\n'), slots }
}

/** "X-500" and "X-600" share no words at all: they may be anything. */
const FEWEST_WORDS = 3

/** Products of one key are siblings, as far as a hash can tell. */
export const siblingKey = ({ template }: SiblingShape): string => sha256(template).slice(0, 16)

/** Finds the first product of each kind, in memory that does not grow with what a record says: 12 bytes a kind. */
export interface SiblingFinder {
  /** The position of its leader, or undefined: it is the first of its kind, or of none. */
  leaderOf(shape: SiblingShape | undefined, position: number): number | undefined
}

const FIRST_SIZE = 1 << 12
/** Kinds that are remembered. Of more, products are written one by one. */
const MOST_KINDS = 1 << 21

export function createSiblingFinder(): SiblingFinder {
  let keys = new BigUint64Array(FIRST_SIZE)
  let leaders = new Uint32Array(FIRST_SIZE)
  let kinds = 0
  const placeOf = (key: bigint): number => {
    const mask = keys.length - 1
    let place = Number(key & BigInt(mask))
    while (leaders[place] !== 0 && keys[place] !== key) place = (place + 1) & mask
    return place
  }
  const grow = (): void => {
    const [oldKeys, oldLeaders] = [keys, leaders]
    keys = new BigUint64Array(oldKeys.length * 2)
    leaders = new Uint32Array(oldKeys.length * 2)
    for (const [index, leader] of oldLeaders.entries()) {
      if (leader === 0) continue
      const place = placeOf(oldKeys[index]!)
      keys[place] = oldKeys[index]!
      leaders[place] = leader
    }
  }
  return {
    leaderOf(shape, position) {
      if (!shape) return undefined
      const key = BigInt(`0x${siblingKey(shape)}`)
      const place = placeOf(key)
      if (leaders[place] !== 0) return leaders[place]
      if (kinds >= MOST_KINDS) return undefined
      keys[place] = key
      leaders[place] = position
      kinds += 1
      if (kinds * 2 > keys.length) grow()
      return undefined
    },
  }
}
