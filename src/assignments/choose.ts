import type { AssignmentRules, CandidateVerdict, FallbackClass, RuleCheck } from '../contract/assignments.ts'
import type { RateCard } from '../prices/rate-card.ts'
import type { Destination } from '../providers/provider.ts'
import type { Found } from './abilities.ts'

/** A candidate with all that a call needs to know of it. Plain JSON: a run keeps a copy as it was when it started. */
export interface AssignedCandidate {
  readonly position: number // 0 is asked first
  readonly connection: {
    readonly id: string
    readonly slug: string
    readonly provider: string
    readonly destination: Destination
    readonly rateCard: RateCard | null
    /** Which model each name stands for, where people name what they call. */
    readonly models?: Readonly<Record<string, string>> | null
  }
  readonly model: string
  /** What its card said when it was chosen. */
  readonly found?: Found | undefined
  readonly rules: AssignmentRules
  /** On which of its failures the next candidate takes over; empty: on none. */
  readonly fallbackOn: readonly FallbackClass[]
}

/** What rules can ask of a record. `missing`: attributes without a value; `inputCharacters`: the record as the model would see it. */
export interface RecordFacts {
  readonly family: string | null
  readonly missing: readonly string[]
  readonly inputCharacters: number
}

type Ruled = Pick<AssignedCandidate, 'rules' | 'fallbackOn'>

/**
 * Who serves a record: the first candidate whose rules fit it, then those that may take over from it, in their order. A
 * candidate takes over only when its own rules fit too, and the one before it names a failure that allows it. Candidates
 * for flagged records are left out (`candidatesForFlagged`). Empty: nobody serves this record, and nobody else is asked.
 */
export function candidatesFor<C extends Ruled>(candidates: readonly C[], facts: RecordFacts): C[] {
  return chainOf(candidates.filter(({ rules }) => !rules.flaggedByFirst && fits(rules, facts)))
}

/**
 * Who looks again at a record whose values, written by the candidate at `servedAt` in this list, the checks flagged or
 * refused: the first later candidate with the rule `flaggedByFirst` whose other rules fit, then those that may take over.
 */
export function candidatesForFlagged<C extends Ruled>(candidates: readonly C[], facts: RecordFacts, servedAt: number): C[] {
  return chainOf(candidates.filter(({ rules }, at) => at > servedAt && rules.flaggedByFirst && fits(rules, facts)))
}

/** The first, and each next one for as long as the one before it lets go of anything. */
function chainOf<C extends Ruled>(fitting: readonly C[]): C[] {
  const end = fitting.findIndex(({ fallbackOn }) => fallbackOn.length === 0)
  return end === -1 ? [...fitting] : fitting.slice(0, end + 1)
}

const fits = (rules: AssignmentRules, facts: RecordFacts): boolean => checkRules(rules, facts).every((check) => check.fits)

/** Each rule held against the record, for a text that says why. That a record was flagged cannot be known before: it is left out. */
export function checkRules(rules: AssignmentRules, { family, missing, inputCharacters }: RecordFacts): RuleCheck[] {
  const checks: RuleCheck[] = []
  if (rules.families) {
    checks.push({ rule: 'families', fits: family !== null && rules.families.includes(family), family, wanted: rules.families })
  }
  if (rules.missing) {
    const lacking = rules.missing.filter((attribute) => missing.includes(attribute))
    checks.push({ rule: 'missing', fits: lacking.length > 0, missing: lacking, wanted: rules.missing })
  }
  if (rules.inputCharacters) {
    const { atLeast, atMost } = rules.inputCharacters
    const isInside = inputCharacters >= (atLeast ?? 0) && inputCharacters <= (atMost ?? Infinity)
    checks.push({ rule: 'inputCharacters', fits: isInside, characters: inputCharacters, atLeast: atLeast ?? null, atMost: atMost ?? null })
  }
  return checks
}

/** The same decision as `candidatesFor` and `candidatesForFlagged`, told for each candidate with its reasons. */
export function explainChoice(candidates: readonly AssignedCandidate[], facts: RecordFacts): CandidateVerdict[] {
  const chain = candidatesFor(candidates, facts)
  const again = chain[0] ? candidatesForFlagged(candidates, facts, candidates.indexOf(chain[0])) : []
  return candidates.map((candidate) => {
    const checks = checkRules(candidate.rules, facts)
    const verdict = ((): CandidateVerdict['verdict'] => {
      if (chain[0] === candidate) return 'chosen'
      if (chain.includes(candidate)) return 'takes_over'
      if (again[0] === candidate) return 'second_look'
      return checks.every((check) => check.fits) ? 'spare' : 'does_not_fit'
    })()
    return {
      position: candidate.position,
      verdict,
      checks: candidate.rules.flaggedByFirst ? [...checks, { rule: 'flaggedByFirst', fits: verdict === 'second_look' }] : checks,
    }
  })
}
