import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { readRateLimits } from '../providers/rate-limits.ts'
import type { WireRecord } from './attempt.ts'
import type { PaceReport } from './pace.ts'
import { asksForLess } from './retry.ts'

type Made =
  | { readonly kind: 'answered'; readonly wire: WireRecord }
  | { readonly kind: 'failed'; readonly failure: ProviderFailure; readonly wire: WireRecord }
  | { readonly kind: 'no_room' }
  | { readonly kind: 'refused' }

/** What a call says of the provider to those that wait for theirs. `isCutOff`: whoever asked left before it ended. */
export function reportOf(made: Made, { isCutOff, nowMs }: { isCutOff: boolean; nowMs: number }): PaceReport {
  if (made.kind === 'no_room' || made.kind === 'refused') return { kind: 'nothing' }
  const { headers, sent } = made.wire
  const limits = headers ? readRateLimits(headers, nowMs) : []
  if (made.kind === 'failed') {
    const { failure } = made
    if (isCutOff) return { kind: 'nothing', wasSent: sent !== 'no' }
    if (failure.retryable) return { kind: asksForLess(failure) ? 'limited' : 'failed', failure, limits }
    if (sent === 'no') return { kind: 'nothing' }
  }
  return { kind: 'succeeded', limits } // a refusal of this one request is an answer too
}
