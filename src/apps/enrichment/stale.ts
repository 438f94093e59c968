import type { KeptMaking, KeptRecord } from '../../catalogue/makings.ts'
import { textsOf } from '../../catalogue/words.ts'
import type { GlossaryEntry } from '../../contract/recipe.ts'
import { STALE_CAUSES, type StaleCause } from '../../contract/stale.ts'
import { canonicalJson } from '../../base/json.ts'
import { type AskedMaking, changedAttributes, isAsked, type Making } from './makings.ts'
import type { RulesPart } from './rule-making.ts'
import type { ShownLine } from './show.ts'

/** What a value was made from, as far as it was kept, and what it says. */
export interface MadeValue {
  readonly workHash: string | null
  readonly making: string | null
  readonly record: string | null
  readonly value: unknown
}

/** What it would be made from today. Several hashes and servers where one of several may be asked: any of them is as before. */
export interface MakingNow {
  readonly hashes: readonly string[]
  readonly makings: readonly KeptMaking<Making>[]
  readonly record: KeptRecord
  readonly lines: readonly ShownLine[]
}

/** What was kept of makings and records, by their ids. */
export interface Kept {
  readonly making: (id: string) => Making | undefined
  readonly record: (id: string) => Uint8Array | undefined
}

export interface Staleness {
  readonly causes: readonly StaleCause[] // none: it would be the same
  readonly changed: readonly string[] // attributes of its product
}

const FRESH: Staleness = { causes: [], changed: [] }
/**
 * A correction of another product, an option more of a list, another text of a sibling are reasons enough to write new values better,
 * and none to pay for all of a product again. A refresh is free to write again what is stale for them.
 */
export const KEEPS: readonly StaleCause[] = ['examples', 'options', 'sibling']

/** Whether a value is there already: a run that would pay for it again leaves it. */
export const isThere = ({ causes }: Staleness): boolean => causes.every((cause) => KEEPS.includes(cause))

/**
 * Why a value would be made from something else today. A change of the glossary concerns it only where its product's record or its own
 * text holds the term or the word to write: both are at hand, and a text that holds neither would be written alike.
 */
export function stalenessOf(made: MadeValue, now: MakingNow, kept: Kept, knownAttributes: Iterable<string> = []): Staleness {
  if (now.makings.some(({ id }) => id === made.making) && made.record === now.record.id) return FRESH
  const before = made.making === null ? undefined : kept.making(made.making)
  if (!before || now.makings.length === 0) {
    const isSame = made.workHash !== null && now.hashes.includes(made.workHash)
    return isSame ? FRESH : { causes: ['unknown'], changed: [] }
  }
  const causes = new Set<StaleCause>()
  const after = (isAsked(before) && now.makings.find(({ parts }) => isSameServer(parts, before))?.parts) || now.makings[0]!.parts
  if (isAsked(before) && isAsked(after)) askedCauses(before, after, { made, now, causes })
  if (before.byRules) ruleCauses(before.byRules, after.byRules, { made, causes })
  let changed: string[] = []
  if (made.record !== now.record.id && !showsOther(before, after)) {
    const lines = made.record === null ? undefined : kept.record(made.record)
    changed = lines ? changedAttributes(lines, now.lines, knownAttributes) : []
    causes.add('source')
  }
  return { causes: STALE_CAUSES.filter((cause) => causes.has(cause)), changed }
}

export const withCause = ({ causes, changed }: Staleness, cause: StaleCause): Staleness => ({
  causes: STALE_CAUSES.filter((one) => one === cause || causes.includes(one)),
  changed,
})

interface Comparison {
  readonly made: MadeValue
  readonly causes: Set<StaleCause>
}

function askedCauses(before: AskedMaking, after: AskedMaking, { made, now, causes }: Comparison & { now: MakingNow }): void {
  if (before.rules !== after.rules || (made.record !== now.record.id && showsOther(before, after))) causes.add('rules')
  const entries = changedEntries(before.glossary, after.glossary)
  if (concerns(entries, { lines: now.lines, value: made.value })) causes.add('glossary')
  if (!isSameServer(before, after)) causes.add('model')
  if (before.examples !== after.examples) causes.add('examples')
}

function ruleCauses(before: RulesPart, after: RulesPart | undefined, { made, causes }: Comparison): void {
  const avoided = after?.avoided.filter((term) => !before.avoided.includes(term)).map((term) => ({ term })) ?? []
  if (concerns(avoided, { lines: [], value: made.value })) causes.add('glossary')
  const listed = ({ targets }: RulesPart): string => canonicalJson(targets)
  if (before.allows !== after?.allows) causes.add('rules')
  else if (before.version !== after.version || listed(before) !== listed(after)) causes.add('options')
}

/** Another choice of what is shown makes another record: that is the recipe's doing, not the source's. */
const showsOther = (before: Making, after: Making): boolean => isAsked(before) && isAsked(after) && before.show !== after.show

const isSameServer = (a: Making, b: AskedMaking): boolean =>
  isAsked(a) && a.provider === b.provider && a.model === b.model && a.destination === b.destination

/** Entries that are in one glossary and not in the other. */
function changedEntries(before: readonly GlossaryEntry[], after: readonly GlossaryEntry[]): GlossaryEntry[] {
  const [had, has] = [new Set(before.map(canonicalJson)), new Set(after.map(canonicalJson))]
  return [...before.filter((entry) => !has.has(canonicalJson(entry))), ...after.filter((entry) => !had.has(canonicalJson(entry)))]
}

function concerns(entries: readonly GlossaryEntry[], { lines, value }: { lines: readonly ShownLine[]; value: unknown }): boolean {
  if (entries.length === 0) return false
  const text = [...lines.map(({ line }) => line), ...textsOf(value)].join('\n').toLowerCase()
  return entries.some(({ term, use }) => text.includes(term.toLowerCase()) || (use !== undefined && text.includes(use.toLowerCase())))
}
