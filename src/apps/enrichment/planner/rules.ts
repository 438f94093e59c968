import type { Recipe } from '../../../contract/recipe.ts'
import { isEmptyValue } from '../../../catalogue/current.ts'
import { validateField } from '../validate.ts'
import { type Learned, type LearnedTarget, wordSet } from './learn.ts'
import { loneMeasures } from './measures.ts'
import { entriesOf, type Options } from './option-names.ts'
import { allOptions, indexOptions, oneOption, type OptionIndex } from './options.ts'
import { ruleTargets, type RuleTarget } from './targets.ts'
import { asideOf, nameOfKey, ruleTexts, type RuleTexts, TEXT_SOURCES, type TextSource } from './texts.ts'
import { wordsOf } from './words.ts'

/** Values that stand in a product's own data: found by rules, and asked of no model. Rather none than a wrong one. */

/** Which rule: an option named in a text, a quantity that a text states, or an attribute of the same name. */
export type RuleName = 'option' | 'measure' | 'attribute'

/** A value that a rule found. */
export interface RuleAnswer {
  readonly value: string | number
  readonly rule: RuleName
  readonly source: string // "title", "description", or the attribute that says it
  readonly words: string // as they stand there
  readonly listed: string | null // the options that the structure lists: a hash; null: it lists none
}

type Found = Omit<RuleAnswer, 'listed'>

/** By `RuleTarget.key`: what of a recipe is answered for a product. */
export type RuleAnswers = ReadonlyMap<string, RuleAnswer>

/** Rules of one recipe, made once a run. */
export interface Rules {
  readonly targets: readonly RuleTarget[]
  answer(record: Readonly<Record<string, unknown>>): RuleAnswers
}

interface PreparedTarget {
  readonly target: RuleTarget
  readonly learned: LearnedTarget
  readonly index: OptionIndex
  readonly sources: ReadonlyMap<string, readonly string[]> // of each option: which texts it is taken from
  readonly vetoes: ReadonlySet<string>
}

/** `targets`: of the recipe, with the options that the structure lists; absent: without any. */
export function createRules(recipe: Recipe, learned: Learned, targets: readonly RuleTarget[] = ruleTargets(recipe)): Rules {
  const prepared = targets.map((target): PreparedTarget => {
    const own = learned[target.key]!
    return {
      target,
      learned: own,
      index: indexOptions(own.options),
      sources: new Map(own.options.map(({ option, sources }) => [option, sources])),
      vetoes: new Set(own.vetoes),
    }
  })
  return {
    targets,
    answer(record) {
      const answers = new Map<string, RuleAnswer>()
      if (prepared.length === 0) return answers
      const texts = ruleTexts(record)
      const titleWords = wordSet(texts.texts.title)
      const ownValues = new Map<string, { key: string; value: unknown }[]>()
      for (const [key, value] of Object.entries(record)) {
        const name = nameOfKey(key)
        ownValues.set(name, [...(ownValues.get(name) ?? []), { key, value }])
      }
      for (const one of prepared) {
        const found =
          fromAttribute(one, ownValues) ??
          (isVetoed(one, texts) || !one.learned.kin.belongs(titleWords) ? undefined : (fromTexts(one, texts) ?? fromMeasure(one, texts)))
        if (found && isValid(recipe, one.target, found.value))
          answers.set(one.target.key, { ...found, listed: one.target.list?.hash ?? null })
      }
      return answers
    },
  }
}

const isVetoed = ({ vetoes }: PreparedTarget, { texts }: RuleTexts): boolean =>
  vetoes.size > 0 && TEXT_SOURCES.some((source) => wordsOf(texts[source]).some(({ folded }) => vetoes.has(folded)))

/** The product has it under this name already: one value, of those that are allowed. */
function fromAttribute(
  { target, learned: { called } }: PreparedTarget,
  ownValues: ReadonlyMap<string, readonly { key: string; value: unknown }[]>,
): Found | undefined {
  const own = (ownValues.get(nameOfKey(target.attribute)) ?? []).filter(({ value }) => !isEmptyValue(value))
  const [first] = own
  if (!first || own.length > 1) return undefined
  const { key, value } = first
  const found = { rule: 'attribute', source: key } as const
  if (target.isNumber) {
    const number =
      typeof value === 'number' ? value : typeof value === 'string' && /^\d{1,9}(?:\.\d{1,6})?$/.test(value.trim()) ? Number(value) : NaN
    // Which unit a bare number is in, nobody says.
    return Number.isFinite(number) && target.unit === undefined ? { ...found, value: number, words: String(value).trim() } : undefined
  }
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  if (text === '' || /^(?:true|false)$/i.test(text)) return undefined
  if (!target.options && !target.list) return { ...found, value: text, words: text }
  const option = readOptions(called, text)
  return option === undefined ? undefined : { ...found, value: option, words: text }
}

/** A value as the options that it is: "Schwarz" of another column is "black"; of several all have to be known. */
function readOptions({ optionOf, between }: Options, text: string): string | undefined {
  const whole = optionOf(text)
  if (whole !== undefined || between === undefined) return whole
  const entries = entriesOf(text).map(optionOf)
  return entries.every((entry) => entry !== undefined) && entries.length > 0 ? [...new Set(entries)].join(between) : undefined
}

/** What stands in the title, or in the short description where the title names none. Both must not differ. */
function fromTexts(prepared: PreparedTarget, texts: RuleTexts): Found | undefined {
  if (prepared.index.size === 0) return undefined
  let found: Found | undefined
  for (const source of TEXT_SOURCES) {
    const said = saidIn(prepared, texts, source)
    if (said === 'unclear') return undefined
    if (said === 'none') continue
    if (found) {
      if (found.value !== said.value) return undefined
      continue
    }
    if (!said.options.every((option) => prepared.sources.get(option)?.includes(source))) return undefined
    found = { value: said.value, rule: 'option', source, words: said.words }
  }
  return found
}

interface Said {
  readonly options: readonly string[]
  readonly value: string
  readonly words: string
}

/** One option, or all that an attribute of several may have. */
function saidIn({ target, index, learned: { called } }: PreparedTarget, texts: RuleTexts, source: TextSource): Said | 'none' | 'unclear' {
  const text = texts.texts[source]
  if (text === '') return 'none'
  const aside = asideOf(text, texts, target)
  if (called.between === undefined) {
    const answer = oneOption(index, text, aside)
    return answer.kind === 'one' ? { options: [answer.option], value: answer.option, words: answer.words } : answer.kind
  }
  const all = allOptions(index, text, aside)
  if (!all) return 'unclear'
  if (all.length === 0) return 'none'
  const options = all.map(({ option }) => option)
  return { options, value: options.join(called.between), words: all.map(({ words }) => words).join(', ') }
}

/** The title states one quantity in the unit that the catalogue's known values are in. */
function fromMeasure({ target, learned: { measure } }: PreparedTarget, { texts }: RuleTexts): Found | undefined {
  if (!measure) return undefined
  const found = loneMeasures(texts.title).find(({ unit }) => unit === measure.unit)
  if (!found) return undefined
  const value = target.isNumber ? Number(found.amount) : measure.writes === 'words' ? found.words : found.amount
  return { value, rule: 'measure', source: 'title', words: found.words }
}

/** The same checks as a model's answer passes. */
function isValid(recipe: Recipe, { field: name, name: attribute }: RuleTarget, value: string | number): boolean {
  const field = recipe.fields.find((one) => one.name === name)!
  const checked = validateField(recipe, field, attribute === undefined ? value : { [attribute]: value })
  return 'value' in checked && checked.value !== null
}
