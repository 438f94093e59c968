import { and, inArray, ne } from 'drizzle-orm'
import { providerBatches } from '../../db/schema/index.ts'
import type { ProviderBatch } from '../../providers/batch.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import type { CallServices } from '../services.ts'
import { askBatch, type BatchAccount, batchOfferOf, FIRST_LOOK_MS, formOf, labelOf } from './ask.ts'
import { type Batch, changeBatch } from './rows.ts'

/** What a look at a batch came to. */
export type Look =
  | { readonly kind: 'under_way' }
  /** It has ended at its provider: what came of it is there. */
  | { readonly kind: 'over'; readonly word: ProviderBatch }
  /** Nobody knows it: it was never made, or it is gone with its results. */
  | { readonly kind: 'lost' }
  /** It cannot be followed before somebody mends this. It goes on at the provider. */
  | { readonly kind: 'trouble'; readonly failure: ProviderFailure }

const LONGEST_BETWEEN_MS = 5 * 60_000
/** Between two looks passes a fifth of the time that it has taken so far. */
const SHARE = 5
/** What was made is in the provider's list by then. */
const FOUND_WITHIN_MS = 2 * 60_000
/** Clocks differ. */
const SKEW_MS = 5 * 60_000
const PAGES_AT_MOST = 20
/** Results are kept for days; a provider that cannot be asked for so long after the end has none any more. */
const GIVEN_UP_AFTER_MS = 3 * 24 * 3_600_000

/** Asks how a batch is getting on, or whether it was made at all where that is not known. */
export async function lookAtBatch(services: CallServices, account: BatchAccount, signal: AbortSignal): Promise<Look> {
  const { batch } = account
  return batch.providerBatchId === null ? find(services, account, signal) : look(services, account, batch.providerBatchId, signal)
}

/** Asks the provider to end a batch early. What it has finished can be collected, and is charged. @returns whether it was told. */
export async function cancelBatch(services: CallServices, account: BatchAccount, signal: AbortSignal): Promise<boolean> {
  const { batch, provider } = account
  if (batch.providerBatchId === null || batch.state !== 'submitted') return batch.state === 'cancelling'
  const question = formOf(provider).cancel(batch.providerBatchId)
  const asked = await askBatch(services, account, { question, read: () => true, signal })
  // one that has ended meanwhile refuses: the next look shows it
  const isOver = asked.kind === 'answered' || asked.failure.code === 'provider.request_refused'
  if (isOver) await change(services, batch, { state: 'cancelling', nextLookAt: services.clock.now() })
  return isOver
}

async function look(services: CallServices, account: BatchAccount, id: string, signal: AbortSignal): Promise<Look> {
  const { batch, provider } = account
  const form = formOf(provider)
  const asked = await askBatch(services, account, { question: form.look(id), read: (body) => form.read(body), signal })
  if (asked.kind === 'failed') return afterFailure(services, batch, asked.failure, signal)
  const word = asked.value
  const { done = batch.done, failed = batch.failed, expiresAt = batch.expiresAt } = word
  const nextLookAt = new Date(services.clock.now().getTime() + betweenMs(services, batch, asked.retryAfterMs))
  await change(services, batch, { done, failed, expiresAt, nextLookAt, problem: null })
  return word.state === 'working' || word.state === 'cancelling' ? { kind: 'under_way' } : { kind: 'over', word }
}

/** The provider was asked to make it, and its answer was never stored: it is in the provider's list, or was not made. */
async function find(services: CallServices, account: BatchAccount, signal: AbortSignal): Promise<Look> {
  const { clock } = services
  const { batch, provider } = account
  const form = formOf(provider)
  const sinceMs = batch.submittedAt!.getTime() - SKEW_MS
  const alike: ProviderBatch[] = []
  let after: string | undefined
  for (let page = 1; page <= PAGES_AT_MOST; page += 1) {
    const asked = await askBatch(services, account, { question: form.list(after), read: (body) => form.readList(body), signal })
    if (asked.kind === 'failed') return afterFailure(services, batch, asked.failure, signal)
    const { batches, next } = asked.value
    alike.push(...batches.filter((other) => isAlike(batch, other, { keepsLabels: form.keepsLabels, sinceMs })))
    const oldestMs = batches.at(-1)?.createdAt?.getTime()
    if (alike.length > 0 || next === undefined || (oldestMs !== undefined && oldestMs < sinceMs)) break
    after = next
  }
  const [found, ...others] = await unknownOf(services, batch, alike)
  if (found && others.length === 0) {
    const { lastsAtMostMs } = batchOfferOf(provider)
    const expiresAt = found.expiresAt ?? new Date(batch.submittedAt!.getTime() + lastsAtMostMs)
    await change(services, batch, { state: 'submitted', providerBatchId: found.id, expiresAt, nextLookAt: clock.now(), problem: null })
    return { kind: 'under_way' }
  }
  const nowMs = clock.now().getTime()
  if (nowMs - batch.submittedAt!.getTime() > FOUND_WITHIN_MS) return { kind: 'lost' }
  await change(services, batch, { nextLookAt: new Date(nowMs + betweenMs(services, batch, undefined)) })
  return { kind: 'under_way' }
}

/** By its label; where none is kept, by when it was made and how many requests it has: what it holds shows when it has ended. */
function isAlike(batch: Batch, other: ProviderBatch, { keepsLabels, sinceMs }: { keepsLabels: boolean; sinceMs: number }): boolean {
  if (keepsLabels) return other.label === labelOf(batch.id)
  return other.requests === batch.requests && (other.createdAt?.getTime() ?? 0) >= sinceMs
}

/** Those that are no other batch of ours. */
async function unknownOf({ database }: CallServices, batch: Batch, found: readonly ProviderBatch[]): Promise<ProviderBatch[]> {
  if (found.length === 0) return []
  const ids = found.map(({ id }) => id)
  const known = await database.inWorkspace(batch.workspaceId, (tx) =>
    tx
      .select({ id: providerBatches.providerBatchId })
      .from(providerBatches)
      .where(and(inArray(providerBatches.providerBatchId, ids), ne(providerBatches.id, batch.id))),
  )
  return found.filter(({ id }) => !known.some((other) => other.id === id))
}

async function afterFailure(services: CallServices, batch: Batch, failure: ProviderFailure, signal: AbortSignal): Promise<Look> {
  const nowMs = services.clock.now().getTime()
  const { code, detail, retryable, retryAfterMs } = failure
  if (signal.aborted) return { kind: 'under_way' }
  if (nowMs > (batch.expiresAt ?? batch.submittedAt!).getTime() + GIVEN_UP_AFTER_MS) return { kind: 'lost' }
  await change(services, batch, {
    problem: { code, detail },
    nextLookAt: new Date(nowMs + betweenMs(services, batch, retryAfterMs)),
  })
  return retryable ? { kind: 'under_way' } : { kind: 'trouble', failure }
}

/** Looks become fewer the longer it takes; a provider that names a time is asked no sooner. */
function betweenMs({ clock }: CallServices, { submittedAt }: Batch, retryAfterMs = 0): number {
  const takenMs = clock.now().getTime() - submittedAt!.getTime()
  return Math.max(retryAfterMs, Math.min(LONGEST_BETWEEN_MS, Math.max(FIRST_LOOK_MS, takenMs / SHARE)))
}

const change = ({ database }: CallServices, { id, workspaceId }: Batch, values: Parameters<typeof changeBatch>[2]): Promise<void> =>
  database.inWorkspace(workspaceId, (tx) => changeBatch(tx, id, values))
