import type { ErrorCode } from '../../base/errors.ts'
import type { ResultWrite, Settlement } from '../../ledger/settlement.ts'
import type { BatchResult, ProviderBatch } from '../../providers/batch.ts'
import { resultLines } from '../../providers/batches/result-lines.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import { eq } from 'drizzle-orm'
import { providerBatchRequests } from '../../db/schema/index.ts'
import { refusesAll } from '../retry.ts'
import type { CallServices } from '../services.ts'
import { settleCall } from '../settle-call.ts'
import { type BatchAccount, batchOfferOf, formOf, readFile } from './ask.ts'
import { type Asking, type BatchAnswer, judge, type Judged } from './judge.ts'
import { openRequests, type OpenRequest } from './rows.ts'

/** Reads what answers give: for each, the results to commit with its ledger entry. */
export type ReadAnswers = (answers: readonly BatchAnswer[]) => Promise<readonly (readonly ResultWrite<never>[])[]>

/** How collecting ended. */
export type Collected =
  /** Every request is settled. `refusal`: one was refused in a way that all would be. */
  | { readonly kind: 'all'; readonly refusal: ProviderFailure | undefined }
  /** A file broke off: what came is settled, the rest is collected later. */
  | { readonly kind: 'some'; readonly failure: ProviderFailure }
  /** It is somebody else's batch: none of its results is of a request of ours. */
  | { readonly kind: 'foreign' }

/** So many answers are read at a time, and go into the same commits. */
const AT_A_TIME = 64

/**
 * Settles the requests of a batch that has ended at its provider, each once, whatever the order of its results, and however often this is
 * begun: a request that is settled has no intent any more. Results of unknown requests and lines that are no result are left out.
 */
export async function collectBatch(
  services: CallServices,
  {
    account,
    asking,
    word,
    read,
    signal,
  }: { account: BatchAccount; asking: Asking; word: ProviderBatch; read: ReadAnswers; signal: AbortSignal },
): Promise<Collected> {
  const { database, log } = services
  const { batch, provider } = account
  const form = formOf(provider)
  const known = await database.inWorkspace(batch.workspaceId, (tx) =>
    tx.select({ id: providerBatchRequests.id }).from(providerBatchRequests).where(eq(providerBatchRequests.batchId, batch.id)),
  )
  const isOurs = new Set(known.map(({ id }) => id))
  const open = await database.inWorkspace(batch.workspaceId, (tx) => openRequests(tx, batch.id))
  let ours = 0
  let strange = 0
  let broken = 0
  let refusal: ProviderFailure | undefined
  let pending: { readonly request: OpenRequest; readonly result: BatchResult }[] = []

  const settlePending = async (): Promise<void> => {
    const judged = await Promise.all(pending.map((one) => judge(services, { ...one, batch, asking, signal })))
    pending = []
    refusal ??= judged.find(({ failure }) => failure && refusesAll(failure))?.failure
    await settleAnswers(services, { judged, read })
  }
  const take = async (line: unknown): Promise<void> => {
    const result = form.readResult(line)
    if (!result) return void (broken += 1)
    if (!isOurs.has(result.customId)) return void (strange += 1)
    ours += 1
    const request = open.get(result.customId)
    if (!request) return // settled before, or its second line
    open.delete(result.customId)
    pending.push({ request, result })
    if (pending.length >= AT_A_TIME) await settlePending()
  }

  for (const line of word.inline ?? []) await take(line)
  for (const question of form.results(word)) {
    const asked = await readFile(services, account, {
      question,
      signal,
      use: async (chunks) => {
        for await (const line of resultLines(chunks, () => (broken += 1))) await take(line)
      },
    })
    if (asked.kind === 'failed') {
      await settlePending()
      return { kind: 'some', failure: asked.failure }
    }
  }
  await settlePending()
  if (strange + broken > 0)
    log.warn({ workspaceId: batch.workspaceId, runId: batch.runId, count: strange + broken }, 'a batch has results that are none of ours')
  if (ours === 0 && strange > 0 && !form.keepsLabels) return { kind: 'foreign' }
  await settleRest(services, { account, asking, requests: [...open.values()], end: restOf(word, provider), read })
  return { kind: 'all', refusal }
}

/** How requests of a batch end that have no result. `cost` undefined: unknown. */
export interface RestEnd {
  readonly outcome: Settlement['outcome']
  readonly errorCode?: ErrorCode
  readonly isCharged: boolean | undefined // undefined: nobody knows
}

/** What the batch's own end says of requests without a result. */
function restOf({ state }: ProviderBatch, provider: string): RestEnd {
  const isCharged = batchOfferOf(provider).unfinished === 'not billed' ? false : undefined
  switch (state) {
    case 'refused':
      return { outcome: 'failed', errorCode: 'batch.refused', isCharged: false }
    case 'expired':
      return { outcome: 'failed', errorCode: 'batch.expired', isCharged }
    case 'cancelled':
      return { outcome: 'cancelled', errorCode: 'batch.cancelled', isCharged }
    case 'working':
    case 'cancelling':
    case 'completed':
      return { outcome: 'failed', errorCode: 'batch.answer_missing', isCharged: undefined }
  }
}

/** Nothing of these can have reached the provider. */
export const NOT_SENT: RestEnd = { outcome: 'not_sent', isCharged: false }
/** Nobody can say any more what became of these. */
export const LOST: RestEnd = { outcome: 'interrupted', errorCode: 'batch.lost', isCharged: undefined }

/** Nobody may ask about these any more. */
export const REVOKED: RestEnd = { outcome: 'interrupted', errorCode: 'connection.revoked', isCharged: undefined }

/** Settles requests that no result will come for: their items wait again. */
export async function settleRest(
  services: CallServices,
  {
    account,
    asking: { currency },
    requests,
    end: { outcome, errorCode, isCharged },
    read,
  }: { account: BatchAccount; asking: Pick<Asking, 'currency'>; requests: readonly OpenRequest[]; end: RestEnd; read: ReadAnswers },
): Promise<void> {
  const { batch } = account
  const sent = outcome === 'not_sent' ? {} : { sentAt: batch.submittedAt ?? undefined, serviceTier: 'batch' }
  for (let from = 0; from < requests.length; from += AT_A_TIME) {
    const judged = requests.slice(from, from + AT_A_TIME).map((request): Judged => {
      const { intent, intendedAt, keyVersion, inputParts } = request
      return {
        request,
        outcome: { kind: 'unanswered' },
        settlement: {
          intent,
          intendedAt,
          keyVersion,
          outcome,
          errorCode,
          inputParts: inputParts ?? undefined,
          cost: isCharged === false ? { nano: 0n, currency, source: 'not_billed', rowIds: [] } : undefined,
          endedAt: services.clock.now(),
          ...sent,
        },
      }
    })
    await settleAnswers(services, { judged, read })
  }
}

async function settleAnswers(services: CallServices, { judged, read }: { judged: readonly Judged[]; read: ReadAnswers }): Promise<void> {
  if (judged.length === 0) return
  const writes = await read(judged)
  await Promise.all(
    judged.map(({ settlement, failure }, index) =>
      settleCall(services, {
        request: settlement.intent,
        settlement: { ...settlement, writes: writes[index]! },
        failure: failure && untold(failure),
        sent: () => '',
      }),
    ),
  )
}

/** The provider's words may repeat the request, which is not at hand to tell: none of them is. */
const untold = ({ code, detail, retryable }: ProviderFailure): ProviderFailure => ({ code, detail, retryable })
