import { z } from 'zod'
import { instant } from './route.ts'

/** One limit of a provider's, as its answers tell it. */
const learnedLimit = z
  .strictObject({
    model: z.string(),
    kind: z.string().meta({ description: 'requests, tokens, input-tokens, output-tokens, or the provider’s own word' }),
    windowSeconds: z.number().nullable().meta({ description: 'Of how much time; null: the provider does not say' }),
    limit: z.number().nullable(),
    remaining: z.number().nullable().meta({ description: 'As told, and what has filled up since; null: not said, or renewed since then' }),
    resetsAt: instant.nullable(),
    at: instant.meta({ description: 'When it was told' }),
  })
  .meta({ id: 'LearnedLimit' })
export type LearnedLimit = z.output<typeof learnedLimit>

/** What was learned of a connection from the answers to its calls, by all instances together. */
export const paceView = z
  .strictObject({
    inFlight: z.int().meta({ description: 'Calls under way' }),
    waiting: z.int().meta({ description: 'Calls held until they may start' }),
    mostInFlight: z.int().nullable().meta({ description: 'More at the same time met a limit or failed; null: no bound was met' }),
    held: z
      .strictObject({ until: instant, code: z.string() })
      .nullable()
      .meta({ description: 'The provider asked for no calls until then, with this error' }),
    circuit: z
      .strictObject({ openSince: instant, nextProbeAt: instant })
      .nullable()
      .meta({ description: 'Its calls failed: they wait, and one goes out as a probe now and then; null: it is closed' }),
    limits: z.array(learnedLimit),
    at: instant.meta({ description: 'When any of this was last heard of' }),
  })
  .meta({ id: 'ConnectionPace' })
export type PaceView = z.output<typeof paceView>
