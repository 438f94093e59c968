import {
  checkedAt,
  fitsPattern,
  isTokenUnit,
  type ModelFact,
  type PriceAlias,
  type PriceBook,
  type PriceLine,
} from '../../src/prices/book.ts'
import { compareText } from '../../src/base/text.ts'
import { USAGE_UNITS, type UsageUnit } from '../../src/base/usage.ts'
import type { ByHand, Derive } from './by-hand.ts'
import { distance, multiply } from './decimal.ts'
import { conditionKey, type Observation } from './observe.ts'

export interface Gathered {
  /** Sources in order of trust, first wins. */
  readonly trust: readonly string[]
  readonly observations: readonly Observation[]
  readonly aliases: readonly PriceAlias[]
  readonly facts: readonly ModelFact[]
}

/** Where two tables differ by more than a share of the larger price. */
export function disagreements(observations: readonly Observation[], share: number): string[] {
  const groups = Map.groupBy(observations, (one) => `${conditionKey(one)} ${one.unit}`)
  return [...groups.values()].flatMap((group) => {
    const first = group[0]!
    if (!group.some((one) => distance(one.price, first.price) > share)) return []
    const { model, serviceTier, batch, fromInputTokens, unit } = first
    const conditions = [serviceTier, batch ? 'batch' : undefined, fromInputTokens ? `from ${fromInputTokens}` : undefined]
      .filter(Boolean)
      .join(' ')
    return [`${model} ${conditions ? `(${conditions}) ` : ''}${unit}: ${group.map((one) => `${one.source} ${one.price}`).join(', ')}`]
  })
}

/** One provider's book out of tables and by-hand entries. */
export function assembleBook(provider: string, byHand: ByHand, gathered: Gathered): PriceBook {
  const generated = toLines(gathered.observations, gathered.trust)
  const handLines = byHand.prices.flatMap(({ models, ...line }) => models.map((model) => ({ model, ...line }) as PriceLine))
  const aliases = [...gathered.aliases.filter((alias) => !byHand.aliases.some((own) => own.alias === alias.alias)), ...byHand.aliases]
  const aliasNames = new Set(aliases.map((alias) => alias.alias))
  const kept = supersede(
    generated.filter((line) => !aliasNames.has(line.model)),
    handLines,
  )
  let lines: PriceLine[] = [...kept, ...handLines].flatMap((line) => withhold(line, byHand))
  for (const rule of byHand.derive) lines = [...lines, ...derive(lines, rule)]
  lines = joinLines(lines)
  const priced = new Set(lines.map((line) => line.model))
  const facts = mergeFacts(gathered.facts, byHand, priced)
  const usedSources = new Set([...lines, ...aliases, ...facts, ...byHand.sameInRegions].flatMap((entry) => entry.source.split('+')))
  const { currency, tiers, billedAs, sameInRegions, free, namedByPeople } = byHand
  return {
    format: 1,
    provider,
    currency,
    sources: Object.fromEntries(Object.entries(byHand.sources).filter(([key]) => usedSources.has(key))) as PriceBook['sources'],
    tiers,
    billedAs,
    sameInRegions,
    ...(free ? { free } : {}),
    ...(namedByPeople ? { namedByPeople } : {}),
    aliases: aliases.filter((alias) => priced.has(alias.model)).sort((a, b) => compareText(a.alias, b.alias)) as PriceAlias[],
    models: facts,
    prices: lines.sort(
      (a, b) =>
        compareText(a.model, b.model) ||
        compareText(a.currency ?? '', b.currency ?? '') ||
        compareText(a.regions?.join() ?? '', b.regions?.join() ?? '') ||
        Number(a.batch ?? false) - Number(b.batch ?? false) ||
        compareText(a.serviceTier ?? '', b.serviceTier ?? '') ||
        (a.fromInputTokens ?? 0) - (b.fromInputTokens ?? 0) ||
        compareText(a.validFrom ?? '', b.validFrom ?? '') ||
        compareText(a.hours ?? '', b.hours ?? '') ||
        compareText(a.source, b.source),
    ),
  }
}

/** The most trusted price of every unit, gathered into lines of one source each. */
function toLines(observations: readonly Observation[], trust: readonly string[]): PriceLine[] {
  const byUnit = Map.groupBy(observations, (one) => `${conditionKey(one)} ${one.unit}`)
  const chosen = [...byUnit.values()].map((group) => group.toSorted((a, b) => trust.indexOf(a.source) - trust.indexOf(b.source))[0]!)
  const byLine = Map.groupBy(chosen, (one) => `${conditionKey(one)} ${one.source}`)
  return [...byLine.values()].map((group) => {
    const { unit: _unit, price: _price, ...conditions } = group[0]!
    return { ...conditions, prices: sortUnits(Object.fromEntries(group.map((one) => [one.unit, one.price]))) }
  })
}

function sortUnits(prices: PriceLine['prices']): PriceLine['prices'] {
  return Object.fromEntries(USAGE_UNITS.filter((unit) => prices[unit] !== undefined).map((unit) => [unit, prices[unit]!]))
}

/** Joins what rules derived with what they derived it from: one line per set of conditions and origin. */
function joinLines(lines: readonly PriceLine[]): PriceLine[] {
  const groups = Map.groupBy(lines, (line) => `${conditionKey(line)} ${line.source.split('+')[0]}`)
  return [...groups.values()].map((group) => {
    const { model, serviceTier, batch, regions, fromInputTokens, currency, validFrom, validTo, hours } = group[0]!
    const conditions = { model, serviceTier, batch, regions, fromInputTokens, currency, validFrom, validTo, hours }
    return {
      ...Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined)),
      prices: sortUnits(Object.assign({}, ...group.map((line) => line.prices)) as PriceLine['prices']),
      source: [...new Set(group.flatMap((line) => line.source.split('+')))].join('+'),
    } as PriceLine
  })
}

/** What the tables say of a model that has entries by hand holds until the first of them begins; before that it stays. */
function supersede(generated: readonly PriceLine[], byHand: readonly PriceLine[]): PriceLine[] {
  const begins = new Map<string, string>()
  for (const line of byHand) {
    const from = line.validFrom ?? ''
    const earliest = begins.get(line.model)
    if (earliest === undefined || from < earliest) begins.set(line.model, from)
  }
  return generated.flatMap((line) => {
    const from = begins.get(line.model)
    if (from === undefined || (line.validTo !== undefined && line.validTo <= from)) return [line]
    return from === '' || (line.validFrom ?? '') >= from ? [] : [{ ...line, validTo: from }]
  })
}

function withhold(line: PriceLine, byHand: ByHand): PriceLine[] {
  const rules = byHand.withhold.filter((rule) => rule.models.some((pattern) => fitsPattern(line.model, pattern)))
  if (rules.some((rule) => !rule.units)) return []
  const units = new Set<string>(rules.flatMap((rule) => rule.units ?? []))
  const prices = Object.fromEntries(Object.entries(line.prices).filter(([unit]) => !units.has(unit)))
  return Object.keys(prices).length === 0 ? [] : [{ ...line, prices }]
}

const INPUT_UNITS = new Set<UsageUnit>(['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_long_tokens'])

/** The lines that one rule adds. */
function derive(lines: readonly PriceLine[], rule: Derive): PriceLine[] {
  const target = rule.to
  return lines.flatMap((line) => {
    const fits =
      rule.models.some((pattern) => fitsPattern(line.model, pattern)) &&
      (!rule.tiers || rule.tiers.includes(line.serviceTier ?? 'standard'))
    if (!fits) return []
    const source = line.source.split('+').includes(rule.source) ? line.source : `${line.source}+${rule.source}`
    if ('unit' in target) {
      const base = line.prices[target.of]
      if (base === undefined || typeof rule.by !== 'string') return []
      return withoutStated({ ...line, prices: { [target.unit]: multiply(base, rule.by) }, source }, lines)
    }
    const [dimension] = Object.keys(target) as [keyof PriceLine]
    if (line[dimension] !== undefined || (dimension === 'serviceTier' && line.batch)) return []
    const units = Object.entries(line.prices).filter(([unit]) => (rule.units ? rule.units.includes(unit as UsageUnit) : true))
    const prices = Object.fromEntries(
      units.flatMap(([unit, price]) => {
        if (!isTokenUnit(unit as UsageUnit)) return dimension === 'fromInputTokens' ? [] : [[unit, price]]
        const by = typeof rule.by === 'string' ? rule.by : INPUT_UNITS.has(unit as UsageUnit) ? rule.by.input : rule.by.output
        return [[unit, multiply(price, by)]]
      }),
    ) as PriceLine['prices']
    return withoutStated({ ...line, ...target, prices, source }, lines)
  })
}

/** Drops from a derived line what some line already states for the same conditions. */
function withoutStated(line: PriceLine, lines: readonly PriceLine[]): PriceLine[] {
  const key = conditionKey({ ...line, validFrom: '', validTo: '' })
  const stated = lines.filter((other) => conditionKey({ ...other, validFrom: '', validTo: '' }) === key && overlaps(line, other))
  const prices = Object.fromEntries(
    Object.entries(line.prices).filter(([unit]) => !stated.some((other) => other.prices[unit as UsageUnit] !== undefined)),
  )
  return Object.keys(prices).length === 0 ? [] : [{ ...line, prices }]
}

/** Whether two lines hold on some same day. */
export function overlaps(a: PriceLine, b: PriceLine): boolean {
  return (a.validFrom ?? '') < (b.validTo ?? '9999') && (b.validFrom ?? '') < (a.validTo ?? '9999')
}

function mergeFacts(facts: readonly ModelFact[], byHand: ByHand, priced: ReadonlySet<string>): ModelFact[] {
  const merged = new Map<string, ModelFact>()
  const stated = byHand.models.flatMap(({ ids, ...fact }) => ids.map((id) => ({ id, ...fact }) as ModelFact))
  for (const fact of [...facts, ...stated]) {
    const known = merged.get(fact.id)
    merged.set(fact.id, { ...known, ...fact, source: known ? `${known.source}+${fact.source}` : fact.source })
  }
  return [...merged.values()]
    .filter((fact) => priced.has(fact.id) || fact.id.endsWith(':free') || byHand.free)
    .sort((a, b) => compareText(a.id, b.id))
}

/** Lines that begin after the day on which the source of their price was read: announcements, not facts. */
export function futureDated(book: PriceBook): string[] {
  return book.prices.flatMap((line) => {
    const [origin = ''] = line.source.split('+') // what follows are rules; a rule is older than the models it covers
    const read = checkedAt(book, origin)
    return line.validFrom !== undefined && line.validFrom > read
      ? [`${line.model} from ${line.validFrom}, checked ${read} (${origin})`]
      : []
  })
}

function bracket(open: string, close: string, entries: readonly string[]): string {
  return entries.length === 0 ? open + close : `${open}\n${entries.map((entry) => `    ${entry}`).join(',\n')}\n  ${close}`
}

/** JSON with one line per entry, so that a change reads as a change. */
export function serialiseBook(book: PriceBook): string {
  const parts = Object.entries(book).map(([key, value]: [string, unknown]) => {
    const text = Array.isArray(value)
      ? bracket(
          '[',
          ']',
          value.map((entry) => JSON.stringify(entry)),
        )
      : typeof value === 'object' && value !== null
        ? bracket(
            '{',
            '}',
            Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}: ${JSON.stringify(entry)}`),
          )
        : JSON.stringify(value)
    return `  ${JSON.stringify(key)}: ${text}`
  })
  return `{\n${parts.join(',\n')}\n}\n`
}

/** Prices in force on a day that moved by more than a share of the larger one between two books. */
export function jumps({ before, after, day, share }: { before: PriceBook; after: PriceBook; day: string; share: number }): string[] {
  const pricesOf = (book: PriceBook): Map<string, string> =>
    new Map(
      book.prices
        .filter((line) => (line.validFrom ?? '') <= day && day < (line.validTo ?? '9999'))
        .flatMap((line) =>
          Object.entries(line.prices).map(
            ([unit, price]) => [`${conditionKey({ ...line, validFrom: '', validTo: '' })} ${unit}`, price] as const,
          ),
        ),
    )
  const old = pricesOf(before)
  return [...pricesOf(after)].flatMap(([key, price]) => {
    const was = old.get(key)
    return was !== undefined && distance(was, price) > share ? [`${key}: ${was} -> ${price}`] : []
  })
}
