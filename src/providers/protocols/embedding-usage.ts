import { defined, objectOf, textOf } from '../../base/json.ts'
import { addUsage, type Usage } from '../../base/usage.ts'
import type { MeteredUsage, UsageReader } from '../wire-protocol.ts'
import { createCountReader, type CountReader } from './counts.ts'

type Block = Readonly<Record<string, unknown>>

/** Where an answer of embeddings says what it used: the block, and its counts in our units. */
export interface EmbeddingCounts {
  /** Undefined: the answer has none. */
  readonly block: Block | undefined
  readonly counts: (block: Block, reader: CountReader) => Usage
  readonly servedModel?: string | undefined
  readonly providerRequestId?: string | undefined
  readonly tookMs?: number | undefined
}

/**
 * Usage of answers that come whole. A count of nothing is unknown, not free: no text has no tokens, and some servers
 * (LM Studio) write 0 where they do not count.
 */
export function embeddingUsage(find: (answer: Block, headers: Readonly<Record<string, string>>) => EmbeddingCounts): UsageReader {
  const whole = (body: unknown, headers: Readonly<Record<string, string>> = {}): MeteredUsage => {
    const { block, counts, ...names } = find(objectOf(body) ?? {}, headers)
    const about = defined<Partial<MeteredUsage>>({ raw: block, ...names })
    if (!block) return { usage: undefined, source: 'reported', doubt: 'the answer has no usage', ...about }
    const reader = createCountReader()
    const usage = counts(block, reader)
    const doubt = reader.doubt ?? doubtOfNothing(usage)
    return doubt === undefined ? { usage, source: 'reported', ...about } : { usage: undefined, source: 'reported', doubt, ...about }
  }
  return wholeAnswers(whole)
}

/** Why a usage cannot be right: texts were read, and nothing is counted. */
export const doubtOfNothing = (usage: Usage): string | undefined =>
  Object.values(addUsage(usage)).some((count) => count > 0) ? undefined : 'texts were read, and no token is counted'

/** A reader for answers that never stream: what came last is the answer. */
export function wholeAnswers(whole: UsageReader['whole']): UsageReader {
  return {
    whole,
    stream: () => {
      let last: unknown
      return { push: (event) => void (last = event), end: () => whole(last) }
    },
  }
}

/** The names under which most answers say which model served them, and which answer this is. */
export const namesIn = (answer: Block): Pick<EmbeddingCounts, 'servedModel' | 'providerRequestId'> => ({
  servedModel: textOf(answer['model']),
  providerRequestId: textOf(answer['id']),
})
