import { AppError } from '../../../base/errors.ts'
import type { CallRequest } from '../../../calls/call.ts'
import type { CallServices } from '../../../calls/services.ts'
import type { ProbedKind } from '../../../contract/behaviour.ts'
import { behaviourCards, type StoredFinding } from '../../../db/schema/index.ts'
import { chatOfferOf, embeddingsOfferOf } from '../../../providers/asked.ts'
import { findProvider } from '../../../providers/registry.ts'
import { eq } from 'drizzle-orm'
import { type Bench, createBench } from './bench.ts'
import { changeOpenCard, countOnCard, withFinding } from './cards.ts'
import { probeChat } from './chat-steps.ts'
import { probeEmbeddings } from './embedding-steps.ts'

/** A model's test that is about to begin: its card is there and waits. */
export interface OpenProbe {
  readonly request: CallRequest // its one budget is the test's
  readonly budgetId: string
  readonly kind: ProbedKind
}

/** Why a server that stops ends a test. */
export const SERVER_STOPS = new AppError('call.interrupted', 'The server stopped during the test. Test the model again.')

/** Tests one model and fills its card. Never throws for what a provider does: whatever ends the test stands on the card. */
export async function runProbe(services: CallServices, { request, budgetId, kind }: OpenProbe): Promise<void> {
  const { database, clock, log } = services
  const { workspaceId, candidate, signal } = request
  const change = (values: Parameters<typeof changeOpenCard>[2]): Promise<boolean> =>
    database.inWorkspace(workspaceId, (tx) => changeOpenCard(tx, budgetId, values))
  const read = async () => {
    const [card] = await database.inWorkspace(workspaceId, (tx) =>
      tx
        .select({ state: behaviourCards.state, findings: behaviourCards.findings, startedAt: behaviourCards.startedAt })
        .from(behaviourCards)
        .where(eq(behaviourCards.budgetId, budgetId)),
    )
    return card
  }
  const card = await read()
  if (card?.state !== 'waiting' || signal.aborted) return void (await change({ state: ended(signal), endedAt: clock.now() }))
  let { findings } = card
  await change({ state: 'running' })
  const bench = createBench({
    services,
    request,
    writes: countOnCard(budgetId, request.currency),
    async checkOpen() {
      if ((await read())?.state !== 'running') throw new AppError('call.interrupted', 'The test was cancelled.')
    },
    trying: async (ability) => void (await change({ asking: ability })),
    async found(ability, verdict) {
      const finding: StoredFinding = { ability, ...verdict, at: clock.now().toISOString() }
      findings = withFinding(findings, finding)
      await change({ findings })
    },
  })
  try {
    await probe(bench, { request, kind })
    const { headers } = bench.limits()
    const ofThisTest = findings.filter(({ at }) => Date.parse(at) >= card.startedAt.getTime())
    await change({ state: 'finished', asking: null, findings: ofThisTest, limitHeaders: { ...headers }, endedAt: clock.now() })
  } catch (error) {
    const isCancelled = signal.aborted || (await read())?.state === 'cancelling'
    const problem = isCancelled && signal.reason !== SERVER_STOPS ? null : problemOf(error, signal)
    const state = isCancelled ? ended(signal) : 'stopped'
    await change({ state, asking: null, limitHeaders: { ...bench.limits().headers }, problem, endedAt: clock.now() })
    if (!isCancelled && !(error instanceof AppError))
      log.error({ workspaceId, connectionId: candidate.connectionId, error }, 'a test of a model ended unexpectedly')
  }
}

async function probe(bench: Bench, { request, kind }: Pick<OpenProbe, 'request' | 'kind'>): Promise<void> {
  const { model, provider: id } = request.candidate
  const provider = findProvider(id)
  if (kind === 'embeddings') await probeEmbeddings(bench, embeddingsOfferOf(provider, model))
  else await probeChat(bench, chatOfferOf(provider, model))
  await bench.found('limit_headers', bench.limits().told ? { state: 'works' } : { state: 'does_not' })
}

const ended = (signal: AbortSignal): 'interrupted' | 'cancelled' => (signal.reason === SERVER_STOPS ? 'interrupted' : 'cancelled')

function problemOf(error: unknown, { reason }: AbortSignal): { code: string; detail: string } {
  const told = reason === SERVER_STOPS ? SERVER_STOPS : error
  if (told instanceof AppError) return { code: told.code, detail: told.detail }
  return { code: 'unexpected', detail: 'Something unexpected ended the test; the server’s log has the reason. Test the model again.' }
}
