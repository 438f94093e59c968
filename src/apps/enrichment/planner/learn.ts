import { isObject } from '../../../base/json.ts'
import { unitOf } from '../../../base/units.ts'
import { createKin, type Kin } from './kin.ts'
import { folded, type Options, optionsOf } from './option-names.ts'
import { indexOptions, type NamedOption, oneOption } from './options.ts'
import { loneMeasures, readMeasure } from './measures.ts'
import type { RuleTarget } from './targets.ts'
import { asideOf, nameOfKey, type RuleTexts, ruleTexts, TEXT_SOURCES, type TextSource } from './texts.ts'
import { wordsOf } from './words.ts'

/**
 * What the catalogue itself teaches rules: which values an attribute has, and how often each was right where a product's text
 * names it and its value is known. An option that is often something else (a "Silver" edition, "Black" ink) is not taken.
 */
export interface LearnedTarget {
  /** Values that products have, or that the recipe allows, with the texts in which they may be believed. */
  readonly options: readonly LearnedOption[]
  readonly called: Options
  /** The unit in which a text states the attribute's number, when it states one quantity of that kind. */
  readonly measure: { readonly unit: string; readonly writes: 'number' | 'words' } | null
  /** Texts with one of these words speak of something else: the colour of a toner is that of its ink. */
  readonly vetoes: readonly string[]
  /** Which products have it at all. */
  readonly kin: Kin
}

export interface LearnedOption extends NamedOption {
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
  if (isObject(value)) return typeof value['unit'] === 'string' ? textOf(`${String(value['amount'])} ${value['unit']}`) : undefined
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text === '' || text.length > LONGEST_OPTION || /^(?:true|false|yes|no|n\/a)$/i.test(text) ? undefined : text
}

function learnTarget(target: RuleTarget, examples: readonly Example[]): Omit<LearnedTarget, 'kin'> {
  const values = target.isNumber || target.options || target.list ? [] : frequent(examples)
  const called = target.isNumber ? NO_OPTIONS : optionsOf(target, { values, known: examples.map(({ value }) => value) })
  const named = mentionsOfOptions(target, called, examples)
  const isGiven = target.options !== undefined || target.list !== undefined
  const measured = isGiven ? [] : mentionsOfMeasures(examples)
  const ofOptions = vetoesOf(named)
  const sources = trustedSources(named, ofOptions, { isGiven, examples: examples.length })
  const { measure, vetoes } = learnMeasure(target, measured)
  return {
    options: called.options.map(({ option, names }) => ({ option, names, sources: sources(option) })),
    called,
    measure,
    vetoes: [...new Set([...ofOptions, ...vetoes])],
  }
}

const NO_OPTIONS: Options = { options: [], optionOf: () => undefined, saidBy: () => [], between: undefined }

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

function mentionsOfOptions(target: RuleTarget, { options, saidBy }: Options, examples: readonly Example[]): Mention[] {
  const index = indexOptions(options)
  if (index.size === 0) return []
  return examples.flatMap(({ texts, value }) =>
    TEXT_SOURCES.flatMap((source): Mention[] => {
      const text = texts.texts[source]
      const answer = text === '' ? undefined : oneOption(index, text, asideOf(text, texts, target))
      if (answer?.kind !== 'one') return []
      return [{ of: answer.option, source, right: isSaid(saidBy(value), answer.option), words: wordSet(text) }]
    }),
  )
}

const isSaid = (said: readonly string[], option: string): boolean => said.length === 1 && said[0] === option

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

/**
 * Words whose company makes a mention doubtful, the worst first. What one of them explains is no reason to doubt another: "Xeon Silver"
 * says nothing against the notebooks whose titles name a processor too. What is mentioned is no company of its own.
 */
function vetoesOf(mentions: readonly Mention[]): string[] {
  const company = new Map<string, Company>()
  const words = mentions.map(({ of, words: all }) => {
    const own = new Set(wordsOf(of).map(({ folded: word }) => word))
    return [...all].filter((word) => !own.has(word))
  })
  for (const [at, { right }] of mentions.entries())
    for (const word of words[at]!) {
      let seen = company.get(word)
      if (!seen) company.set(word, (seen = { at: [], right: 0, wrong: 0 }))
      seen.at.push(at)
      seen[right ? 'right' : 'wrong'] += 1
    }
  const doubted = new Map([...company].filter(([, seen]) => seen.wrong >= WRONG_ENOUGH))
  const explained = new Set<number>()
  const vetoes: string[] = []
  while (vetoes.length < MOST_VETOES) {
    const word = worst(doubted)
    if (word === undefined) break
    vetoes.push(word)
    for (const at of doubted.get(word)!.at) {
      if (explained.has(at)) continue
      explained.add(at)
      const outcome = mentions[at]!.right ? 'right' : 'wrong'
      for (const other of words[at]!) {
        const seen = doubted.get(other)
        if (seen) seen[outcome] -= 1
      }
    }
    doubted.delete(word)
  }
  return vetoes
}

interface Company {
  readonly at: number[]
  right: number
  wrong: number
}

/** The word that explains the most wrong mentions for the fewest right ones; undefined: none is doubtful any more. */
function worst(company: ReadonlyMap<string, Company>): string | undefined {
  let found: string | undefined
  let most = 0
  for (const [word, { right, wrong }] of company) {
    const all = right + wrong
    if (wrong < WRONG_ENOUGH || right / all >= DOUBTED) continue
    const weight = (wrong * wrong) / all
    if (weight > most) [found, most] = [word, weight]
  }
  return found
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
  const own = wanted === undefined ? undefined : (unitOf(wanted)?.name ?? wanted)
  const byUnit = [...Map.groupBy(mentions, ({ of }) => of)].sort((a, b) => rightOf(b[1]) - rightOf(a[1]))
  for (const [unit, ofUnit] of byUnit.slice(0, 3)) {
    if (own !== undefined && own !== unit) continue
    const vetoes = vetoesOf(ofUnit)
    const believed = ofUnit.filter(({ words }) => !vetoes.some((word) => words.has(word)))
    if (believed.length < ENOUGH || rightOf(believed) / believed.length < TRUSTED) continue
    const withUnit = believed.filter(({ inWords }) => inWords).length
    return { measure: { unit, writes: withUnit * 2 > believed.length ? 'words' : 'number' }, vetoes }
  }
  return { measure: null, vetoes: [] }
}

const rightOf = (mentions: readonly Mention[]): number => mentions.filter(({ right }) => right).length
