import { type AssignmentRules, type AssignmentView, type CandidateInput, type FallbackClass } from '../../../contract/assignments.ts'

/** A candidate while it is being edited; `key` stays the same when it moves. */
export interface CandidateDraft {
  readonly key: number
  readonly connectionId: string | null
  readonly model: string
  readonly rules: AssignmentRules
  readonly fallbackOn: readonly FallbackClass[]
}

let keys = 0
export const newCandidate = (connectionId: string | null = null): CandidateDraft => ({
  key: (keys += 1),
  connectionId,
  model: '',
  rules: {},
  fallbackOn: [],
})

export const draftOf = ({ candidates }: AssignmentView): CandidateDraft[] =>
  candidates.map(({ connection, model, rules, fallbackOn }) => ({ ...newCandidate(connection.id), model, rules, fallbackOn }))

/** As the server takes it; undefined while something is not chosen yet. Nobody takes over from the last one. */
export function inputOf(drafts: readonly CandidateDraft[]): CandidateInput[] | undefined {
  const inputs = drafts.map(({ connectionId, model, rules, fallbackOn }, index) => ({
    connectionId: connectionId ?? '',
    model: model.trim(),
    rules,
    fallbackOn: index === drafts.length - 1 ? [] : [...fallbackOn],
  }))
  return inputs.every(({ connectionId, model, rules }) => connectionId !== '' && model !== '' && areWhole(rules)) ? inputs : undefined
}

/** Whether each rule says something: names at least one name, gives bounds the right way round. The server checks the same. */
function areWhole({ families, missing, inputCharacters }: AssignmentRules): boolean {
  if (families?.length === 0 || missing?.length === 0) return false
  if (!inputCharacters) return true
  const { atLeast, atMost } = inputCharacters
  return (atLeast !== undefined || atMost !== undefined) && (atLeast ?? 0) <= (atMost ?? Number.POSITIVE_INFINITY)
}

/** Whether there is something to save. */
export const differs = (drafts: readonly CandidateDraft[], view: AssignmentView): boolean =>
  JSON.stringify(plain(drafts)) !== JSON.stringify(plain(draftOf(view)))

const plain = (drafts: readonly CandidateDraft[]) =>
  drafts.map(({ connectionId, model, rules, fallbackOn }) => [
    connectionId,
    model,
    Object.entries(rules).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    [...fallbackOn].toSorted(),
  ])

/** The list with one of it at another place. */
export function moved<Item>(items: readonly Item[], from: number, to: number): Item[] {
  const rest = items.filter((_, index) => index !== from)
  return [...rest.slice(0, to), items[from]!, ...rest.slice(to)]
}
