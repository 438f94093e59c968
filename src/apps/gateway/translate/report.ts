import type { SharedV4Warning } from '@ai-sdk/provider'
import { AppError } from '../../../base/errors.ts'

/**
 * What became of a parameter when the request was said in another dialect. `added` is one that the caller did not send and
 * the provider's own interface demands.
 */
export type Outcome = 'mapped' | 'added' | 'dropped' | 'refused'

/** From the least to the most that a caller has to know: of a parameter said twice, the worse counts. */
const WEIGHT: Readonly<Record<Outcome, number>> = { mapped: 0, added: 1, dropped: 2, refused: 3 }

export interface Fate {
  readonly outcome: Outcome
  /** Why, or into what; for people. */
  readonly note: string | undefined
}

interface Refused {
  readonly parameter: string
  readonly reason: string
  readonly path: string
}

/** Collects the fates while a request is translated, and from what the model then says it could not honour. */
export interface ParameterReport {
  mapped(parameter: string, note?: string): void
  added(parameter: string, note?: string): void
  dropped(parameter: string, note?: string): void
  /** `path` is where in the body, where that says more than the name: "messages[0].content[1]". */
  refused(parameter: string, reason: string, path?: string): void
  readonly fates: ReadonlyMap<string, Fate>
  /** @throws RequestRefusal when something was refused. */
  requireHonoured(): void
}

/** A request that is refused before it costs anything, because it would mean something else in the provider's dialect. */
export class RequestRefusal extends AppError {
  readonly report: ParameterReport
  constructor(refused: readonly Refused[], report: ParameterReport) {
    super('parameter.refused', refused.map(({ path, reason }) => `"${path}" cannot be honoured: ${reason}`).join(' '), {
      issues: refused.map(({ path, reason }) => ({ path, message: reason })),
    })
    this.name = 'RequestRefusal'
    this.report = report
  }
}

/** More than this many reasons help nobody. */
const MAX_REASONS = 5

export function createReport(): ParameterReport {
  const fates = new Map<string, Fate>()
  const refusals: Refused[] = []
  const add = (outcome: Outcome) => (parameter: string, note?: string) => {
    const known = fates.get(parameter)
    if (!known || WEIGHT[outcome] > WEIGHT[known.outcome]) fates.set(parameter, { outcome, note })
    else if (known.outcome === outcome && known.note === undefined) fates.set(parameter, { outcome, note })
  }
  const report: ParameterReport = {
    mapped: add('mapped'),
    added: add('added'),
    dropped: add('dropped'),
    refused: (parameter, reason, path = parameter) => {
      add('refused')(parameter, reason)
      if (refusals.length < MAX_REASONS) refusals.push({ parameter, reason, path })
    },
    fates,
    requireHonoured: () => {
      if (refusals.length > 0) throw new RequestRefusal(refusals, report)
    },
  }
  return report
}

/**
 * Takes up what a model's package says it left out (first part of a stream, or with a whole answer): which parameters one
 * model takes and its neighbour does not, the package knows. `names` are the caller's words for the package's.
 */
export function takeWarnings(
  report: ParameterReport,
  warnings: readonly SharedV4Warning[],
  names: Readonly<Record<string, readonly string[]>>,
): void {
  for (const warning of warnings) {
    if (warning.type !== 'unsupported' && warning.type !== 'compatibility') continue
    const feature = warning.feature.replace(/^providerOptions\.[^.]+\./, '')
    const known = names[feature] ?? names[feature.split(/[ .]/)[0] ?? '']
    const said = known?.filter((name) => report.fates.has(name)) ?? []
    const note = warning.details ?? 'not of this model'
    for (const name of said.length > 0 ? said : (known?.slice(0, 1) ?? [feature])) {
      if (warning.type === 'unsupported') report.dropped(name, note)
      else report.mapped(name, note)
    }
  }
}

/** The response header that carries the report. */
export const PARAMETERS_HEADER = 'x-latchkey-parameters'

const MAX_HEADER_CHARACTERS = 1_500
const MAX_NOTE_CHARACTERS = 120
const MAX_NAME_CHARACTERS = 64

/**
 * The report as a dictionary of structured fields (RFC 9651): `seed=dropped, temperature=mapped;note="lowered to 1"`. What
 * was not simply mapped comes first; what no longer fits is counted (`others=7`).
 */
export function parametersHeader({ fates }: ParameterReport): string {
  const items = [...fates]
    .toSorted(([, a], [, b]) => WEIGHT[b.outcome] - WEIGHT[a.outcome])
    .map(([name, { outcome, note }]) => `${keyOf(name)}=${outcome}${note === undefined ? '' : `;note="${noteOf(note)}"`}`)
  const shown: string[] = []
  let length = 0
  for (const item of items) {
    length += item.length + 2
    if (length > MAX_HEADER_CHARACTERS) break
    shown.push(item)
  }
  const left = items.length - shown.length
  return [...shown, ...(left > 0 ? [`others=${left}`] : [])].join(', ')
}

/** A name may be the caller's own text: only the characters of a key stay. */
function keyOf(name: string): string {
  const key = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.*-]+/g, '_')
    .slice(0, MAX_NAME_CHARACTERS)
  return /^[a-z*]/.test(key) ? key : `*${key}`
}

const noteOf = (note: string): string =>
  note
    .replaceAll('’', "'")
    .replaceAll(/[^\x20-\x7e]|["\\]/g, ' ')
    .slice(0, MAX_NOTE_CHARACTERS)
    .trim()
