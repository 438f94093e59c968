import { z } from 'zod'
import { defineRoute, idOf, instant, money } from './route.ts'

/** What a model was tried for over a connection; each is one line of its behaviour card. */
export const ABILITIES = [
  'answer',
  'stream',
  'streamed_usage', // what a streamed answer used is told in the stream
  'stream_options', // it may be asked for with `stream_options`
  'tools',
  'streamed_tools',
  'json_schema',
  'vision',
  'max_tokens', // parameters by their names on the wire
  'max_completion_tokens',
  'temperature',
  'seed',
  'stop',
  'reasoning_effort',
  'limit_headers', // answers say how much room there is
  'abort', // an answer that is cancelled ends at once
  'embedding',
] as const
export type Ability = (typeof ABILITIES)[number]

/** What a context asks of the models that serve it. Of contexts that are not here, and of a workspace's own, nothing is known. */
const NEEDS: Readonly<Record<string, readonly Ability[]>> = {
  enrichment: ['answer'],
  compliance: ['answer'],
  copilot: ['answer', 'tools'],
  vision: ['answer', 'vision'],
  chat: ['answer', 'stream'],
  agents: ['answer', 'tools'],
  embeddings: ['embedding'],
}
export const needsOf = (context: string): readonly Ability[] => NEEDS[context] ?? []

export const ABILITY_STATES = ['works', 'does_not', 'unknown'] as const
export type AbilityState = (typeof ABILITY_STATES)[number]

/** Why a finding is what it is, where that is not plain. */
export const FINDING_NOTES = [
  'refused', // the provider refused the request
  'failed', // no answer came: a limit, an overload, a cut connection
  'ignored', // it answered as if nothing of the kind had been asked
  'malformed', // what came cannot be used
  'cut_short', // the output limit ended the answer before it said enough
  'one_piece', // a streamed answer came all at once
  'unforced', // only where the model itself may choose to
  'unasked', // also where nobody asks for it
  'over_before', // the answer was complete before it could be cancelled
  'no_usage', // cancelled: what it used until then was not told
] as const
export type FindingNote = (typeof FINDING_NOTES)[number]

export const findingView = z
  .strictObject({
    ability: z.enum(ABILITIES),
    state: z.enum(ABILITY_STATES),
    note: z.enum(FINDING_NOTES).nullable(),
    said: z.string().nullable().meta({ description: 'The provider’s own words, at most 200 characters, without keys' }),
    at: instant,
  })
  .meta({ id: 'Finding' })
export type FindingView = z.output<typeof findingView>

/** `stopped`: the test could not go on, `problem` says why; `interrupted`: the server ended meanwhile. What was found until then is kept. */
export const CARD_STATES = ['waiting', 'running', 'cancelling', 'finished', 'cancelled', 'stopped', 'interrupted'] as const
export type CardState = (typeof CARD_STATES)[number]

/** A test that has not ended yet. */
export const OPEN_CARD_STATES: readonly CardState[] = ['waiting', 'running', 'cancelling']

/** The kinds of models that are tested; images are not made for a test. */
export const PROBED_KINDS = ['chat', 'embeddings'] as const
export type ProbedKind = (typeof PROBED_KINDS)[number]

export const cardView = z
  .strictObject({
    model: z.string(),
    kind: z.enum(PROBED_KINDS),
    state: z.enum(CARD_STATES),
    asking: z.enum(ABILITIES).nullable().meta({ description: 'What is being tried now' }),
    findings: z
      .array(findingView)
      .meta({ description: 'What was found, newest words; a test that was stopped leaves older ones standing' }),
    limitHeaders: z.record(z.string(), z.string()).meta({ description: 'The headers about limits that answers carried' }),
    outdated: z.boolean().meta({ description: 'The connection went to another destination then' }),
    calls: z.int(),
    cost: money.nullable().meta({ description: 'Of the last test, the calls whose cost is known; null: no cost is known' }),
    unknownCostCalls: z.int(),
    problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
    startedAt: instant,
    endedAt: instant.nullable(),
  })
  .meta({ id: 'BehaviourCard' })
export type CardView = z.output<typeof cardView>

const ofConnection = z.object({ connectionId: idOf('connection') })
const model = z.string().trim().min(1).max(300)
const MOST_MODELS = 20
const cards = z.strictObject({ items: z.array(cardView) })

export const listCards = defineRoute({
  id: 'connections.cards',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/cards',
  summary: 'What the models of a connection were found to do, by model',
  needs: 'connections.read',
  params: ofConnection,
  answer: cards,
})

export const probeQuote = z
  .strictObject({
    model: z.string(),
    kind: z.enum(PROBED_KINDS).nullable().meta({ description: 'null: a model of a kind that is not tested' }),
    callsAtMost: z.int(),
    about: money.nullable().meta({ description: 'What such a test usually costs; null: no price is known, which is not free' }),
    atMost: money.nullable(),
  })
  .meta({ id: 'ProbeQuote' })
export type ProbeQuote = z.output<typeof probeQuote>

export const quoteProbes = defineRoute({
  id: 'connections.probes.quote',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/probes/quote',
  summary: 'What testing models would cost; nothing is asked of the provider',
  needs: 'connections.write',
  params: ofConnection,
  body: z.strictObject({ models: z.array(model).min(1).max(MOST_MODELS) }),
  answer: z.strictObject({ items: z.array(probeQuote) }),
})

export const startProbes = defineRoute({
  id: 'connections.probes.start',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/probes',
  summary: 'Tests models one after another with small calls, each with its ledger entry; what is found is kept on their cards',
  needs: 'connections.write',
  params: ofConnection,
  body: z.strictObject({
    models: z
      .array(
        z.strictObject({
          model,
          agreedCost: money
            .nullable()
            .meta({ description: 'The most it may cost, a hard cap; null: no price is known, and the person agrees to that' }),
        }),
      )
      .min(1)
      .max(MOST_MODELS),
  }),
  answer: cards,
})

export const watchProbes = defineRoute({
  id: 'connections.probes.events',
  method: 'get',
  path: '/api/v1/connections/{connectionId}/probes/events',
  summary: 'The cards of a connection as they fill, until no test is under way',
  needs: 'connections.read',
  params: ofConnection,
  answer: cards,
  gives: 'events',
})

export const cancelProbes = defineRoute({
  id: 'connections.probes.cancel',
  method: 'post',
  path: '/api/v1/connections/{connectionId}/probes/cancel',
  summary: 'Stops the tests of a connection; what was found until then is kept',
  needs: 'connections.write',
  params: ofConnection,
  answer: cards,
})
