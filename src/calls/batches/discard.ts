import type { ProviderBatch } from '../../providers/batch.ts'
import type { ProviderFailure } from '../../providers/wire-protocol.ts'
import type { CallServices } from '../services.ts'
import { askBatch, type BatchAccount, formOf } from './ask.ts'

const TRIES = 3
const PAUSE_MS = 2_000
const AT_MOST_MS = 30_000 // the run goes on then

/** After a batch has ended and every result of it is settled: nothing of what was asked and answered stays in the provider's files. */
export const discardBatch = (
  services: CallServices,
  account: BatchAccount,
  { inputs = [], files }: ProviderBatch,
  signal: AbortSignal,
): Promise<void> => discardFiles(services, account, [...inputs, ...files], signal)

/** Deletes files of a batch at its provider. What cannot be deleted in a while is told in the log. */
export async function discardFiles(
  services: CallServices,
  account: BatchAccount,
  fileIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { discard } = formOf(account.provider)
  if (!discard) return
  const { workspaceId, runId } = account.batch
  const within = AbortSignal.any([signal, AbortSignal.timeout(AT_MOST_MS)])
  let left = 0
  for (const fileId of fileIds) {
    const failure = await tried(services, within, async () => {
      const asked = await askBatch(services, account, { question: discard(fileId), read: () => true, signal: within })
      return asked.kind === 'failed' ? asked.failure : undefined
    })
    if (failure) left += 1
  }
  if (left > 0) services.log.warn({ workspaceId, runId, count: left }, 'files of a batch could not be deleted at its provider')
}

/** @returns why it failed; undefined: it did not. */
async function tried(
  { clock }: CallServices,
  signal: AbortSignal,
  work: () => Promise<ProviderFailure | undefined>,
): Promise<ProviderFailure | undefined> {
  for (let tries = 1; ; tries += 1) {
    const failure = await work()
    if (!failure?.retryable || tries === TRIES || signal.aborted) return failure
    await clock.sleep(failure.retryAfterMs ?? PAUSE_MS, signal).catch(() => undefined)
  }
}
