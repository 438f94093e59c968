import type { ErrorCode } from '../../base/errors.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import type { CallServices } from '../services.ts'
import { askBatch, type Asked, type BatchAccount, batchOfferOf, FIRST_LOOK_MS, formOf, labelOf } from './ask.ts'
import { discardFiles } from './discard.ts'
import type { BatchInput } from './prepare.ts'
import { changeBatch } from './rows.ts'

/** `unknown`: the provider may have made it. Whether it did is looked up in its list (follow.ts). */
export type Submission =
  | { readonly kind: 'submitted' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not_made'; readonly failure: ProviderFailure }

const TRIES = 4
const PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

/** After these nobody knows whether the provider did what it was asked. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'provider.failed',
  'provider.overloaded',
  'provider.unreachable',
  'provider.timeout',
  'provider.cut_off',
  'provider.answer_malformed',
  'provider.answer_too_large',
  'call.interrupted',
  'connection.revoked',
])

/**
 * Hands a batch to its provider: its file first, where it takes one. That the provider was asked to make it is written before it is
 * asked, and asked once: a second one would be charged a second time.
 */
export async function submitBatch(
  services: CallServices,
  account: Omit<BatchAccount, 'batch'>,
  { batch, lines, path, beta }: BatchInput,
  signal: AbortSignal,
): Promise<Submission> {
  const { database, clock } = services
  const { id, workspaceId, model } = batch
  const form = formOf(account.provider)
  const label = labelOf(id)
  const by: BatchAccount = { ...account, batch }
  const change = (values: Parameters<typeof changeBatch>[2]): Promise<void> =>
    database.inWorkspace(workspaceId, (tx) => changeBatch(tx, id, values))
  let fileId: string | undefined
  if (form.upload) {
    const { upload } = form
    const question = upload.ask({ name: label, lines })
    const uploaded = await untilAnswered(
      services,
      signal,
      (failure) => failure.retryable,
      () => askBatch(services, by, { question, read: (body) => upload.read(body), signal }),
    )
    if (uploaded.kind === 'failed') return { kind: 'not_made', failure: uploaded.failure }
    fileId = uploaded.value
  }
  const at = clock.now()
  await change({ state: 'creating', submittedAt: at, nextLookAt: new Date(at.getTime() + FIRST_LOOK_MS) })
  const question = form.create({ label, model, path, fileId, lines })
  const made = await untilAnswered(
    services,
    signal,
    ({ code }) => code === 'provider.rate_limited',
    () => askBatch(services, by, { question, read: (body) => form.read(body), signal, beta }),
  )
  if (made.kind === 'failed') {
    const { sent, failure } = made
    if (sent === 'maybe' && UNCERTAIN.has(failure.code)) return { kind: 'unknown' }
    if (fileId !== undefined) await discardFiles(services, by, [fileId], signal)
    return { kind: 'not_made', failure }
  }
  const { lastsAtMostMs } = batchOfferOf(account.provider)
  await change({
    state: 'submitted',
    providerBatchId: made.value.id,
    expiresAt: made.value.expiresAt ?? new Date(at.getTime() + lastsAtMostMs),
  })
  services.log.info({ workspaceId, runId: batch.runId, count: batch.requests }, 'a batch was submitted')
  return { kind: 'submitted' }
}

async function untilAnswered<T>(
  { clock }: CallServices,
  signal: AbortSignal,
  mayHelp: (failure: ProviderFailure) => boolean,
  ask: () => Promise<Asked<T>>,
): Promise<Asked<T>> {
  for (let tries = 1; ; tries += 1) {
    const asked = await ask()
    if (asked.kind === 'answered' || tries === TRIES || signal.aborted || !mayHelp(asked.failure)) return asked
    const waitMs = Math.min(asked.failure.retryAfterMs ?? PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS)
    const isOver = await clock.sleep(waitMs, signal).then(
      () => false,
      () => true,
    )
    if (isOver) return asked
  }
}
