import { optionKey } from '../../../catalogue/structure/model.ts'
import type { NamedOption } from './options.ts'
import type { RuleTarget, TargetList } from './targets.ts'
import { foldText, wordsOf } from './words.ts'

/** What a target's options are called, and which of them a value means. */
export interface Options {
  readonly options: readonly NamedOption[]
  /** The option that a value is, letter for letter but for case; undefined: none of them. */
  readonly optionOf: (value: string) => string | undefined
  /** The options that a known value says, by its words: one, where it may not be several. */
  readonly saidBy: (value: string) => readonly string[]
  /** How the catalogue writes several: "red,blue" or "red, blue". Undefined: there is but one. */
  readonly between: string | undefined
}

/**
 * The options that a value may be: those that the recipe allows, else those that the structure lists, else those that `values` of the
 * catalogue have. An option that the structure lists is called by its code and by its labels in all languages; it is written as the
 * catalogue's values are, which are codes where nothing else is known.
 */
export function optionsOf(
  { options: allowed, list }: RuleTarget,
  { values, known }: { values: readonly string[]; known: readonly string[] },
): Options {
  const options = allowed
    ? allowed.map((option) => ({ option, names: namesOf(list, option) }))
    : list
      ? asWritten(list, known)
      : plain(values)
  const several = list?.several === true && !allowed
  const [exactly, byWords] = [indexNames(options, exact), indexNames(options, folded)]
  return {
    options,
    optionOf: (value) => exactly.get(exact(value)),
    saidBy: (value) => (several ? entriesOf(value) : [value]).map((entry) => byWords.get(folded(entry)) ?? entry),
    between: several ? betweenOf(known) : undefined,
  }
}

/** An option's own word before what else it, or another one, is called. */
function indexNames(options: readonly NamedOption[], by: (name: string) => string): Map<string, string> {
  const found = new Map<string, string>()
  const add = (name: string, option: string): void => void (found.has(by(name)) || found.set(by(name), option))
  for (const { option } of options) add(option, option)
  for (const { option, names } of options) for (const name of names) add(name, option)
  return found
}

const exact = (text: string): string => foldText(text.trim())

const plain = (values: readonly string[]): NamedOption[] => values.map((option) => ({ option, names: [] }))

/** A recipe may allow codes or labels. */
function namesOf(list: TargetList | undefined, option: string): readonly string[] {
  const key = optionKey(option)
  const meant = list?.options.filter(({ code, labels }) => [code, ...Object.values(labels)].some((name) => optionKey(name) === key)) ?? []
  return meant.length === 1 ? [meant[0]!.code, ...Object.values(meant[0]!.labels)] : []
}

/** Labels of one language where most known values are such, else codes. */
function asWritten({ options, several }: TargetList, known: readonly string[]): NamedOption[] {
  const entries = new Set(known.flatMap((value) => (several ? entriesOf(value) : [value])).map(optionKey))
  const locales = [...new Set(options.flatMap(({ labels }) => Object.keys(labels)))]
  const count = (name: (option: TargetList['options'][number]) => string | undefined): number =>
    options.filter((option) => entries.has(optionKey(name(option) ?? ''))).length
  const codes = count(({ code }) => code)
  const [best] = locales.map((locale) => ({ locale, fits: count(({ labels }) => labels[locale]) })).toSorted((a, b) => b.fits - a.fits)
  const locale = best && best.fits > codes ? best.locale : undefined
  const written = options.map(({ code, labels }) => (locale === undefined ? code : (labels[locale] ?? code)))
  const isClear = new Set(written).size === written.length
  return options.map(({ code, labels }, index) => ({ option: isClear ? written[index]! : code, names: [code, ...Object.values(labels)] }))
}

/** The entries of a value of several. */
export const entriesOf = (value: string): string[] => value.split(/[,;|\n]/).flatMap((entry) => entry.trim() || [])

function betweenOf(known: readonly string[]): string {
  const [most] = Map.groupBy(
    known.flatMap((value) => /\s*[,;|]\s*/.exec(value)?.[0] ?? []),
    (each) => each,
  )
  return most?.[0] ?? ','
}

/** A value by its words alone. */
export const folded = (text: string): string => {
  const words = wordsOf(text)
  return words.length === 0 ? foldText(text) : words.map((word) => word.folded).join(' ')
}
