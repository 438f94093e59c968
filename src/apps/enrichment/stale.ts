import type { KeptMaking, KeptRecord } from '../../catalogue/makings.ts'
import { textsOf } from '../../catalogue/words.ts'
import type { GlossaryEntry } from '../../contract/recipe.ts'
import type { StaleCause } from '../../contract/stale.ts'
import { canonicalJson } from '../../base/json.ts'
import { changedAttributes, type Making } from './makings.ts'
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
/** A correction of another product is reason enough to write new values better, and none to pay for all others again. */
const KEEPS: readonly StaleCause[] = ['examples']

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
  const own = now.makings.find(({ parts }) => isSameServer(parts, before)) ?? now.makings[0]!
  const after = own.parts
  const causes: StaleCause[] = []
  if (before.rules !== after.rules) causes.push('rules')
  if (concerns(changedEntries(before.glossary, after.glossary), { lines: now.lines, value: made.value })) causes.push('glossary')
  let changed: string[] = []
  if (made.record !== now.record.id) {
    if (before.show !== after.show) {
      if (!causes.includes('rules')) causes.push('rules')
    } else {
      const lines = made.record === null ? undefined : kept.record(made.record)
      changed = lines ? changedAttributes(lines, now.lines, knownAttributes) : []
      causes.push('source')
    }
  }
  if (!isSameServer(before, after)) causes.push('model')
  if (before.examples !== after.examples) causes.push('examples')
  return { causes, changed }
}

const isSameServer = (a: Making, b: Making): boolean => a.provider === b.provider && a.model === b.model && a.destination === b.destination

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
