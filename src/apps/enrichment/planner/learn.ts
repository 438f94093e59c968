import { createKin, type Kin } from './kin.ts'
import { indexOptions, oneOption, type OptionIndex } from './options.ts'
import { loneMeasures, readMeasure } from './measures.ts'
import type { RuleTarget } from './targets.ts'
import { asideOf, nameOfKey, type RuleTexts, ruleTexts, TEXT_SOURCES, type TextSource } from './texts.ts'
import { foldText, wordsOf } from './words.ts'

/**
 * What the catalogue itself teaches rules: which values an attribute has, and how often each was right where a product's text
 * names it and its value is known. An option that is often something else (a "Silver" edition, "Black" ink) is not taken.
 */
export interface LearnedTarget {
  /** Values that products have, or that the recipe allows, with the texts in which they may be believed. */
  readonly options: readonly LearnedOption[]
  /** The unit in which a text states the attribute's number, when it states one quantity of that kind. */
  readonly measure: { readonly unit: string; readonly writes: 'number' | 'words' } | null
  /** Texts with one of these words speak of something else: the colour of a toner is that of its ink. */
  readonly vetoes: readonly string[]
  /** Which products have it at all. */
  readonly kin: Kin
}

export interface LearnedOption {
  readonly option: string
  readonly sources: readonly TextSource[] // none: it is known, so that it is not taken for another one
}

/** By `RuleTarget.key`. */
export type Learned = Readonly<Record<string, LearnedTarget>>

/** A text that names a value, of a product whose value is known. */
interface Mention {
  readonly of: string // the option, or the unit
  readonly source: TextSource
  readonly right: boolean
  readonly words: ReadonlySet<string>
  readonly inWords?: boolean // the known value has a unit
}

/** A product whose value is known. */
interface Example {
  readonly texts: RuleTexts
  readonly value: string
}

const MOST_OPTIONS = 2_000
const MOST_VETOES = 200
const LONGEST_OPTION = 60 // characters
/** Mentions that say enough for an option by itself. */
const ENOUGH = 12
/** Mentions of all options together that say enough for those that are rarely mentioned. */
const ENOUGH_TOGETHER = 40
const TRUSTED = 0.985
/** A word is a veto when texts with it were wrong so often. */
const WRONG_ENOUGH = 2
const DOUBTED = 0.9

/** Products that are learned from; a catalogue of more is learned from in part. */
export const MOST_EXAMPLES = 10_000

export interface Learner {
  /** One product of the catalogue, with what its source or a person says. */
  add(values: Readonly<Record<string, unknown>>): void
  learned(): Learned
}

export function createLearner(targets: readonly RuleTarget[]): Learner {
  const examples = new Map<string, Example[]>(targets.map(({ key }) => [key, []]))
  const kin = new Map(targets.map((target) => [target, createKin()]))
  const wanted = Map.groupBy(targets, ({ attribute }) => nameOfKey(attribute))
  return {
    add(values) {
      const texts = ruleTexts(values)
      const having = new Set<RuleTarget>()
      for (const [key, value] of Object.entries(values)) {
        const known = wanted.get(nameOfKey(key))
        const text = known && textOf(value)
        if (text === undefined) continue
        for (const target of known!) {
          examples.get(target.key)!.push({ texts, value: text })
          having.add(target)
        }
      }
      const words = wordSet(texts.texts.title)
      for (const target of targets) kin.get(target)!.add(words, having.has(target))
    },
    learned: () =>
      Object.fromEntries(
        targets.map((target) => [target.key, { ...learnTarget(target, examples.get(target.key)!), kin: kin.get(target)! }]),
      ),
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text === '' || text.length > LONGEST_OPTION || /^(?:true|false|yes|no|n\/a)$/i.test(text) ? undefined : text
}

function learnTarget(target: RuleTarget, examples: readonly Example[]): Omit<LearnedTarget, 'kin'> {
  const options = target.isNumber ? [] : (target.options ?? frequent(examples))
  const named = mentionsOfOptions(target, indexOptions(options), examples)
  const measured = target.options ? [] : mentionsOfMeasures(examples)
  const ofOptions = vetoesOf(named)
  const sources = trustedSources(named, ofOptions, { isGiven: target.options !== undefined, examples: examples.length })
  const { measure, vetoes } = learnMeasure(target, measured)
  return {
    options: options.map((option) => ({ option, sources: sources(option) })),
    measure,
    vetoes: [...new Set([...ofOptions, ...vetoes])],
  }
}

/** The values that products have, the most frequent first. */
function frequent(examples: readonly Example[]): string[] {
  const counts = new Map<string, { readonly option: string; products: number }>()
  for (const { value } of examples) {
    if (readMeasure(value)?.unit !== undefined) continue // a quantity is read as one
    const key = folded(value)
    const count = counts.get(key)
    if (count) count.products += 1
    else counts.set(key, { option: value, products: 1 })
  }
  return [...counts.values()]
    .sort((a, b) => b.products - a.products)
    .slice(0, MOST_OPTIONS)
    .map(({ option }) => option)
}

function mentionsOfOptions(target: RuleTarget, index: OptionIndex, examples: readonly Example[]): Mention[] {
  if (index.size === 0) return []
  return examples.flatMap(({ texts, value }) =>
    TEXT_SOURCES.flatMap((source): Mention[] => {
      const text = texts.texts[source]
      const answer = text === '' ? undefined : oneOption(index, text, asideOf(text, texts, target))
      if (answer?.kind !== 'one') return []
      return [{ of: answer.option, source, right: folded(value) === folded(answer.option), words: wordSet(text) }]
    }),
  )
}

function mentionsOfMeasures(examples: readonly Example[]): Mention[] {
  return examples.flatMap(({ texts: { texts }, value }) => {
    const known = readMeasure(value)
    if (!known) return []
    return loneMeasures(texts.title).map(({ amount, unit }): Mention => {
      const right = known.amount === amount && (known.unit === undefined || known.unit === unit)
      return { of: unit, source: 'title', right, words: wordSet(texts.title), inWords: known.unit !== undefined }
    })
  })
}

/** The words of a title that can say something. */
export const wordSet = (text: string): Set<string> =>
  new Set(wordsOf(text).flatMap(({ folded: word }) => (/\p{L}{2}/u.test(word) ? [word] : [])))

/** Words whose company makes a mention doubtful. What is mentioned is no company of its own. */
function vetoesOf(mentions: readonly Mention[]): string[] {
  const company = new Map<string, { mentions: number; right: number }>()
  for (const { of, right, words } of mentions) {
    const own = new Set(wordsOf(of).map(({ folded: word }) => word))
    for (const word of words) {
      if (own.has(word)) continue
      const seen = company.get(word) ?? { mentions: 0, right: 0 }
      company.set(word, { mentions: seen.mentions + 1, right: seen.right + (right ? 1 : 0) })
    }
  }
  return [...company]
    .map(([word, { mentions: all, right }]) => ({ word, wrong: all - right, share: right / all }))
    .filter(({ wrong, share }) => wrong >= WRONG_ENOUGH && share < DOUBTED)
    .sort((a, b) => b.wrong - a.wrong)
    .slice(0, MOST_VETOES)
    .map(({ word }) => word)
}

/** Which texts an option is believed in: each option by its own record, those that are rarely mentioned by that of all such. */
function trustedSources(
  mentions: readonly Mention[],
  vetoes: readonly string[],
  { isGiven, examples }: { isGiven: boolean; examples: number },
): (option: string) => TextSource[] {
  const believed = mentions.filter(({ words }) => !vetoes.some((word) => words.has(word)))
  const records = new Map(TEXT_SOURCES.map((source) => [source, recordsOf(believed.filter((mention) => mention.source === source))]))
  const rare = new Map(TEXT_SOURCES.map((source) => [source, areRareTrusted(records.get(source)!)]))
  return (option) =>
    TEXT_SOURCES.filter((source) => {
      // Nothing is known of any product: what the recipe allows is taken at its word, in titles.
      if (examples === 0) return isGiven && source === 'title'
      const own = records.get(source)!.get(option)
      if (own && own.mentions >= ENOUGH) return own.right / own.mentions >= TRUSTED
      return rare.get(source)! && (!own || own.right === own.mentions)
    })
}

type Records = ReadonlyMap<string, { readonly mentions: number; readonly right: number }>

const recordsOf = (mentions: readonly Mention[]): Records =>
  new Map(
    [...Map.groupBy(mentions, ({ of }) => of)].map(([of, own]) => [
      of,
      { mentions: own.length, right: own.filter(({ right }) => right).length },
    ]),
  )

function areRareTrusted(records: Records): boolean {
  const all = [...records.values()].filter(({ mentions }) => mentions < ENOUGH)
  const mentions = all.reduce((sum, each) => sum + each.mentions, 0)
  const right = all.reduce((sum, each) => sum + each.right, 0)
  return mentions >= ENOUGH_TOGETHER && right / mentions >= TRUSTED
}

/** In which unit titles state a number, if those that state one are right. */
function learnMeasure({ unit: wanted }: RuleTarget, mentions: readonly Mention[]): Pick<LearnedTarget, 'measure' | 'vetoes'> {
  const byUnit = [...Map.groupBy(mentions, ({ of }) => of)].sort((a, b) => rightOf(b[1]) - rightOf(a[1]))
  for (const [unit, own] of byUnit.slice(0, 3)) {
    if (wanted !== undefined && wanted !== unit) continue
    const vetoes = vetoesOf(own)
    const believed = own.filter(({ words }) => !vetoes.some((word) => words.has(word)))
    if (believed.length < ENOUGH || rightOf(believed) / believed.length < TRUSTED) continue
    const withUnit = believed.filter(({ inWords }) => inWords).length
    return { measure: { unit, writes: withUnit * 2 > believed.length ? 'words' : 'number' }, vetoes }
  }
  return { measure: null, vetoes: [] }
}

const rightOf = (mentions: readonly Mention[]): number => mentions.filter(({ right }) => right).length

const folded = (text: string): string => {
  const words = wordsOf(text)
  return words.length === 0 ? foldText(text) : words.map((word) => word.folded).join(' ')
}
