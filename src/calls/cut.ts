import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { CallWatch, CutReason, WatchedCall } from './watch.ts'

/** A call that ends early when its caller says so, or when what it stands on is revoked. */
export interface CuttableCall {
  readonly signal: AbortSignal
  cutBy(): CutReason | undefined
  abort(): void
  end(): void
}

export function cuttable(watch: CallWatch, { signal, ...call }: WatchedCall & { readonly signal: AbortSignal }): CuttableCall {
  const controller = new AbortController()
  let reason: CutReason | undefined
  const abort = (): void => controller.abort()
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const unwatch = watch.watch(call, (why) => {
    reason ??= why
    abort()
  })
  return {
    signal: controller.signal,
    cutBy: () => reason,
    abort,
    end() {
      signal.removeEventListener('abort', abort)
      unwatch()
    },
  }
}

/** What the reader of an answer that was cut is told. */
export function cutFailure(reason: CutReason): ProviderFailure {
  switch (reason) {
    case 'connection_revoked':
      return {
        code: 'connection.revoked',
        detail: 'The connection was revoked while it answered. Choose another connection, or add the provider again with a new key.',
        retryable: false,
      }
    case 'virtual_key_revoked':
      return {
        code: 'virtual_key.refused',
        detail: 'The virtual key was revoked, or its owner has left, while it was used.',
        retryable: false,
      }
    case 'database_gone':
      return {
        code: 'database.unavailable',
        detail: 'The database did not answer for five seconds, so that nobody could say whether this call may go on.',
        retryable: true,
      }
  }
}
