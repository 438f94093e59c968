import { languageOf } from '../../../contract/recipe.ts'
import type { SiblingShape } from './siblings.ts'
import { foldText, wordsOf } from './words.ts'

/** Fills a sibling's text with another product's own words: colour for colour, number for number, and nothing else. */

/** A word of the leader, and what stands in its place at the follower. */
export interface Slot {
  readonly from: string
  readonly to: string
  readonly named: boolean // the texts must name it
}

/** Why a text cannot be filled: it is asked of the model. */
export type FillRefusal = 'other_kind' | 'ambiguous' | 'not_named' | 'inside_a_word' | 'grammar'

export type Filled<T> = { readonly kind: 'filled'; readonly values: T } | { readonly kind: 'refused'; readonly why: FillRefusal }

const refused = (why: FillRefusal): { kind: 'refused'; why: FillRefusal } => ({ kind: 'refused', why })

/** What a model may write about a product: a text, a number, or texts by name. */
type Fillable = string | number | Readonly<Record<string, string>>

/**
 * A leader's values with the follower's words in its slots. Refused where that could say something wrong: a word that stands
 * for two things, that is part of another word or inflected, or that the texts do not name at all.
 */
export function fillValues<Values extends Readonly<Record<string, Fillable | null>>>({
  leader,
  follower,
  values,
  localeOf,
}: {
  leader: SiblingShape
  follower: SiblingShape
  values: Values
  localeOf: (field: string) => string
}): Filled<Values> {
  const slots = slotsBetween(leader, follower)
  if (slots === undefined) return refused('other_kind')
  if (slots === 'ambiguous') return refused('ambiguous')
  const pattern = createPattern(slots)
  const named = new Set<Slot>()
  const filled: Record<string, Fillable | null> = {}
  for (const [field, value] of Object.entries(values)) {
    if (value === null) {
      filled[field] = null
      continue
    }
    if (typeof value === 'number') {
      const text = fillText(String(value), { slots, pattern, named, locale: 'en' })
      if (typeof text !== 'string') return text
      if (!Number.isFinite(Number(text))) return refused('grammar')
      filled[field] = Number(text)
      continue
    }
    const texts = typeof value === 'string' ? { '': value } : value
    const out: Record<string, string> = {}
    for (const [name, text] of Object.entries(texts)) {
      const result = fillText(text, { slots, pattern, named, locale: localeOf(field) })
      if (typeof result !== 'string') return result
      out[name] = result
    }
    filled[field] = typeof value === 'string' ? out['']! : out
  }
  if (slots.some((slot) => slot.named && !named.has(slot) && ![...named].some((other) => isSameNumber(slot, other))))
    return refused('not_named')
  return { kind: 'filled', values: filled as Values }
}

/** "3.0" and "3m" of one record are one fact: a text that names one names both. */
const isSameNumber = (a: Slot, b: Slot): boolean =>
  /^\d/.test(a.from) && Number.parseFloat(a.from) === Number.parseFloat(b.from) && Number.parseFloat(a.to) === Number.parseFloat(b.to)

/** Where two siblings differ. Ambiguous: one word of the leader stands for several things. Undefined: they are no siblings. */
export function slotsBetween(leader: SiblingShape, follower: SiblingShape): readonly Slot[] | 'ambiguous' | undefined {
  if (leader.template !== follower.template || leader.slots.length !== follower.slots.length) return undefined
  const byWord = new Map<string, Slot>()
  let isAmbiguous = false
  for (const [index, { value: from, named }] of leader.slots.entries()) {
    const to = follower.slots[index]!.value
    const key = foldText(from)
    const known = byWord.get(key)
    if (known && foldText(known.to) !== foldText(to)) isAmbiguous = true
    byWord.set(key, known ? { ...known, named: known.named || named } : { from, to, named })
  }
  if (isAmbiguous) return 'ambiguous'
  const slots = [...byWord.values()].filter(({ from, to }) => from !== to)
  const constant = wordSequence(leader.template)
  // What both have in common holds the word too: nobody knows which of them a text means.
  return slots.some(({ from }) => constant.includes(wordSequence(from))) ? 'ambiguous' : slots
}

const wordSequence = (text: string): string =>
  ` ${wordsOf(text)
    .map(({ folded }) => folded)
    .join(' ')} `

/** Finds any slot's word, the longest first; a number and its unit may stand apart or together. */
function createPattern(slots: readonly Slot[]): RegExp | undefined {
  if (slots.length === 0) return undefined
  const sources = slots
    .map(({ from }) => from)
    .sort((a, b) => b.length - a.length)
    .map((from) => {
      const [, number, unit] = NUMBER_WITH_UNIT.exec(from) ?? []
      return number === undefined ? escaped(from) : `${escaped(number)}[ \\u00a0-]?${escaped(unit!)}`
    })
  return new RegExp(sources.join('|'), 'giu')
}

const NUMBER_WITH_UNIT = /^(\d[\d.,]*)(\p{L}{1,4})$/u
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`).replace(/\s+/g, String.raw`\s+`)

/** Languages whose adjectives do not change with what they describe, where they stand uninflected. */
const UNINFLECTED = new Set(['en', 'de', 'nl'])

interface FillContext {
  readonly slots: readonly Slot[]
  readonly pattern: RegExp | undefined
  readonly named: Set<Slot> // those that were found
  readonly locale: string
}

function fillText(text: string, { slots, pattern, named, locale }: FillContext): string | { kind: 'refused'; why: FillRefusal } {
  if (!pattern) return text
  let why: FillRefusal | undefined
  let rest = '' // what no slot took
  let last = 0
  const language = languageOf(locale)
  const out = text.replace(pattern, (found: string, ...more: unknown[]) => {
    const at = more.find((one) => typeof one === 'number') as number
    rest += `${text.slice(last, at)} \u0001 `
    last = at + found.length
    const slot = slotOf(slots, found)
    if (!slot || !standsAlone(text, at, last)) {
      why ??= 'inside_a_word'
      return found
    }
    const to = inPlaceOf(found, slot)
    if (to === undefined || !fitsGrammar({ text, at, end: last, found, to, language })) {
      why ??= 'grammar'
      return found
    }
    named.add(slot)
    return to
  })
  if (why) return refused(why)
  rest += text.slice(last)
  if (slots.some((slot) => isHinted(rest, slot))) return refused('inside_a_word')
  return out
}

const compact = (text: string): string => foldText(text).replace(/[\s\u00a0-]+/gu, '')

const slotOf = (slots: readonly Slot[], found: string): Slot | undefined => slots.find(({ from }) => compact(from) === compact(found))

function standsAlone(text: string, start: number, end: number): boolean {
  const [before, after] = [text.slice(Math.max(0, start - 2), start), text.slice(end, end + 2)]
  return !/[\p{L}\p{M}\p{N}]$|[\p{L}\p{N}][-'’.,/+]$|[-+/]$/u.test(before) && !/^[\p{L}\p{M}\p{N}]|^[-'’.,/+][\p{L}\p{N}]/u.test(after)
}

/** Part of what a slot says still stands in the rest of a text: "blackish", "the blue one" of "Dark Blue", "two" for 2. */
function isHinted(rest: string, { from }: Slot): boolean {
  const words = wordsOf(rest).map(({ folded }) => folded)
  const own = wordsOf(from).map(({ folded }) => folded)
  if (own.length === 1 && NUMBER_WORDS[own[0]!]?.some((word) => words.includes(word))) return true
  return own.some((word) => /^\p{L}{3,}$/u.test(word) && words.some((other) => other.startsWith(word)))
}

const NUMBER_WORDS: Readonly<Record<string, readonly string[]>> = {
  '1': ['one', 'single', 'ein', 'eine', 'einem', 'einen', 'een'],
  '2': ['two', 'dual', 'double', 'twin', 'pair', 'zwei', 'doppelt', 'twee'],
  '3': ['three', 'triple', 'drei', 'drie'],
  '4': ['four', 'quad', 'vier'],
  '5': ['five', 'fünf', 'vijf'],
  '6': ['six', 'sechs', 'zes'],
  '7': ['seven', 'sieben', 'zeven'],
  '8': ['eight', 'acht'],
  '9': ['nine', 'neun', 'negen'],
  '10': ['ten', 'zehn', 'tien'],
  '12': ['twelve', 'dozen', 'zwölf', 'twaalf'],
}

/** The follower's word, written as the leader's was: in small letters, in capitals, with its unit apart. */
function inPlaceOf(found: string, { from, to }: Slot): string | undefined {
  const [, , unit] = NUMBER_WITH_UNIT.exec(from) ?? []
  if (unit !== undefined) {
    const [, number, otherUnit] = NUMBER_WITH_UNIT.exec(to) ?? []
    if (number === undefined || otherUnit !== unit) return found === from ? to : undefined
    const between = /^\d[\d.,]*([ \u00a0-]?)/u.exec(found)![1]!
    return `${number}${between}${found.slice(found.length - unit.length)}`
  }
  if (found === from) return to
  const isPlain = (text: string): boolean => /^\p{Lu}?\p{Ll}+(?: \p{Lu}?\p{Ll}+)*$/u.test(text)
  if (found === from.toLowerCase()) return isPlain(to) ? to.toLowerCase() : undefined
  if (found === from.toUpperCase()) return isPlain(to) ? to.toUpperCase() : undefined
  const [first] = from
  if (found === `${first!.toUpperCase()}${from.slice(1).toLowerCase()}` && isPlain(to))
    return `${to[0]!.toUpperCase()}${to.slice(1).toLowerCase()}`
  return undefined
}

function fitsGrammar({
  text,
  at,
  end,
  found,
  to,
  language,
}: {
  text: string
  at: number
  end: number
  found: string
  to: string
  language: string
}): boolean {
  const isWhole = at === 0 && end === text.length
  if (isWhole) return true
  const isWord = !/\d/.test(found) || !/\d/.test(to)
  if (isWord && !UNINFLECTED.has(language)) return false
  // One and many: "1 port", "4 ports".
  if ((/^1(?:\D|$)/.test(found) || /^1(?:\D|$)/.test(to)) && !/^1[.,\d]/.test(found) && !/^1[.,\d]/.test(to)) return false
  if (language !== 'en') return true
  const article = /(?:^|[^\p{L}])(an?)\s+$/iu.exec(text.slice(0, at))?.[1]
  return article === undefined || article.toLowerCase() === articleOf(to)
}

const articleOf = (word: string): string => (/^(?:[aeio]|8|11(?!\d)|18(?!\d)|hour|u(?!ni|se|sb|ti))/i.test(word) ? 'an' : 'a')
