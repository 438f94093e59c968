import type { AssignedCandidate } from '../../assignments/resolve.ts'
import type { ChatCandidate } from '../../calls/chat.ts'
import { modelFacts } from '../../prices/models.ts'
import { type TokenCounter, tokenCounter } from '../../providers/tokenizers.ts'
import type { Clock } from '../../runtime/clock.ts'
import { reasoningOf } from './reasoning.ts'
import { learningBounds } from './token-bounds.ts'

/** A connection and model that a run asks, with all that it needs to ask and what its answers taught. One for each run. */
export interface Server {
  readonly candidate: ChatCandidate
  readonly connectionSlug: string
  readonly counter: TokenCounter
  readonly bounds: ReturnType<typeof learningBounds>
  readonly model: ReturnType<typeof modelFacts>
}

/** A candidate, as the path of a call takes it. */
export const chatCandidate = ({ connection, model }: Pick<AssignedCandidate, 'connection' | 'model'>): ChatCandidate => ({
  connectionId: connection.id,
  provider: connection.provider,
  model,
  rateCard: connection.rateCard,
})

/** Who serves a run: its candidates, in their order. */
export const openServers = (
  candidates: readonly Pick<AssignedCandidate, 'connection' | 'model'>[],
  { clock }: { clock: Clock },
): Promise<Server[]> =>
  Promise.all(
    candidates.map(async ({ connection, model }) => ({
      candidate: chatCandidate({ connection, model }),
      connectionSlug: connection.slug,
      counter: await tokenCounter(connection.provider, model),
      bounds: learningBounds({ thinkingTokens: reasoningOf({ model }).room }),
      model: modelFacts({ provider: connection.provider, model, at: clock.now() }),
    })),
  )
