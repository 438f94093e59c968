import type { AssignedCandidate } from '../../assignments/resolve.ts'
import { modelFacts } from '../../prices/models.ts'
import { type TokenCounter, tokenCounter } from '../../providers/tokenizers.ts'
import type { Clock } from '../../runtime/clock.ts'
import { reasoningOf } from './reasoning.ts'
import { learningBounds } from './token-bounds.ts'

/** A candidate of a run, with all that is needed to ask it and what its answers taught. One for each run. */
export interface Server {
  readonly candidate: AssignedCandidate
  readonly counter: TokenCounter
  readonly bounds: ReturnType<typeof learningBounds>
  readonly model: ReturnType<typeof modelFacts>
}

/** Who serves a run: its candidates, in their order. */
export const openServers = (candidates: readonly AssignedCandidate[], { clock }: { clock: Clock }): Promise<Server[]> =>
  Promise.all(
    candidates.map(async (candidate) => {
      const { connection, model } = candidate
      const { provider, models } = connection
      const standsFor = models?.[model]
      return {
        candidate,
        counter: await tokenCounter(provider, standsFor ?? model),
        bounds: learningBounds({ thinkingTokens: reasoningOf({ model: standsFor ?? model }).room }),
        model: modelFacts({ provider, model, standsFor, at: clock.now() }),
      }
    }),
  )
