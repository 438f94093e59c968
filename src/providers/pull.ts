import type { ErrorCode } from '../base/errors.ts'
import type { ProviderAnswer, SendRequest } from './send.ts'

/** How a server of one's own is asked to fetch a model that it does not have yet. */
export interface PullOffer {
  /** Where people find the names of models. */
  readonly library: string
  /** How such a name looks. */
  readonly example: string
  /** Whether the server would take this for a model of its own library: a name that leads it to another host is refused. */
  readonly isName: (model: string) => boolean
  /**
   * What its own stopping means. 'kept': who leaves stops the pull, and what was fetched waits for the next one.
   * 'goes_on': nothing stops it but the server itself.
   */
  readonly whenLeft: 'kept' | 'goes_on'
  /** Asks for it, and tells how far it is until it is there. @throws AppError with why it ended. */
  readonly pull: (ask: PullAsk, model: string) => AsyncGenerator<PullStep>
}

/** One request of a pull, on the path of calls; statuses other than success are thrown. */
export type PullAsk = (
  request: Pick<SendRequest, 'method' | 'path'> & {
    readonly body?: unknown
    /** An end of the base URL that this path does not have before it. */
    readonly beside?: string
  },
) => Promise<ProviderAnswer>

/** How far a pull is. */
export interface PullStep {
  readonly doing: 'looking_up' | 'fetching' | 'checking' | 'writing' | 'done'
  /** Of all that the server has named so far, in bytes; undefined before it names anything. */
  readonly totalBytes?: number
  readonly completedBytes?: number
  /** Fetched since this request began: what was there before it counts in `completedBytes` alone. */
  readonly fetchedBytes?: number
}

/** Why a pull ended, from the server's own words; undefined: they say nothing that people could act on. */
export function pullFailureCode(message: string): ErrorCode | undefined {
  return WORDS.find(([words]) => words.test(message))?.[1]
}

/** @see https://github.com/ollama/ollama, server/images.go and server/download.go: errors as the operating system and the registry word them */
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no space left|not enough (?:disk )?space|disk quota|disk is full/i, 'pull.no_space'],
  [/newer version|\b412\b/i, 'pull.outdated'],
  [/file does not exist|manifest unknown|invalid model name|name unknown|not found|\b404\b/i, 'provider.model_missing'],
  [/unauthori[sz]ed|access denied|forbidden|\b40[13]\b/i, 'provider.no_permission'],
  [
    /no such host|dial tcp|lookup |network is unreachable|connection (?:refused|reset)|timeout|timed out|max retries|unexpected EOF|tls|\b5\d\d\b/i,
    'pull.offline',
  ],
]
