import { setTimeout as sleep } from 'node:timers/promises'
import type { Secret } from '../base/secret.ts'
import { ProviderCallError } from '../providers/failure.ts'
import type { Provider } from '../providers/provider.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import type { ProviderAnswer } from '../providers/send.ts'
import type { Clock } from '../runtime/clock.ts'
import { valueScrubber } from '../runtime/scrub-value.ts'
import { createAnswerTap } from './answer-tap.ts'
import { failureFrom, type WireRecord } from './attempt.ts'
import { type CuttableCall, cutFailure } from './cut.ts'
import { estimateBroken } from './estimate.ts'
import type { CallReceipt, ForwardRequest } from './forward.ts'

/** A streamed answer on its way. Read it to its end, or leave. */
export interface ForwardedStream {
  /** The next bytes as they came; undefined at the end. @throws ProviderCallError where it breaks or is cut. */
  next(): Promise<Uint8Array | undefined>
  /** Nobody reads on: the provider's work is cancelled where that stops its bill, and read to its end and metered where it does not. */
  leave(): void
  /** What it came to, whichever way it ended. Never rejects. */
  readonly ended: Promise<CallReceipt>
}

/** How long, and how much, an answer that nobody reads any more is read on for its usage. */
export const DRAIN_MS = 60_000
export const DRAIN_BYTES = 4 * 1024 * 1024

/** So long is held back what comes before a model's first word, so that a failure still has a status, and somebody else may be asked. */
const HOLD_MS = 1_000

interface Streaming {
  readonly answer: ProviderAnswer
  readonly request: ForwardRequest
  readonly provider: Provider
  readonly wire: WireRecord
  readonly key: Secret | undefined
  readonly call: CuttableCall
  readonly clock: Clock
  /** Step 7. `cut`: it ended early, and not by itself. */
  readonly settle: (ending?: { cut?: true }) => CallReceipt
}

/**
 * A stream whose first bytes have come, or the failure that came instead; its call is settled then. Bytes pass as they came,
 * and what they say of usage and errors is noted on their way.
 */
export async function openStream(streaming: Streaming): Promise<ForwardedStream | ProviderFailure> {
  const { answer, request, wire, key, call, clock, settle } = streaming
  const { protocol } = request.offer
  const tap = createAnswerTap({ protocol, headers: answer.headers, key })
  const chunks = answer.chunks()[Symbol.asyncIterator]()
  const { promise: ended, resolve } = Promise.withResolvers<CallReceipt>()
  let isOver = false
  let hasLeft = false
  let held: Uint8Array[] = []
  let reading: Promise<Uint8Array | undefined> | undefined

  const end = async (ending: { cut?: true; early?: true } = {}): Promise<void> => {
    if (isOver) return
    isOver = true
    const { metered, failure, said } = tap.end()
    wire.metered = metered
    wire.streamed = { body: request.body, said }
    if (failure) wire.failure ??= failure
    wire.endedAt = clock.now()
    if (ending.early) await estimateBroken(wire, request.candidate)
    resolve(settle(ending.cut ? { cut: true } : {}))
  }
  const read = async (): Promise<Uint8Array | undefined> => {
    try {
      const { value, done } = (await chunks.next()) as IteratorResult<Uint8Array, undefined>
      if (answer.firstByteAt) wire.firstByteAt ??= answer.firstByteAt
      if (done) {
        await end()
        return undefined
      }
      tap.push(value)
      return key && tap.failure() ? withoutKeyIn(value, key) : value
    } catch (error) {
      const cut = call.cutBy()
      wire.failure ??= cut ? cutFailure(cut) : failureFrom(error)
      await end({ early: true, ...(call.signal.aborted ? { cut: true } : {}) })
      throw new ProviderCallError(wire.failure, 'maybe')
    }
  }
  const next = (): Promise<Uint8Array | undefined> => {
    const kept = held.shift()
    if (kept) return Promise.resolve(kept)
    const now = reading ?? read()
    reading = undefined
    return now
  }
  const drain = async (): Promise<void> => {
    const tooLong = setTimeout(() => call.abort(), DRAIN_MS)
    held = []
    try {
      for (let bytes = 0, chunk = await next(); chunk; chunk = await next()) {
        bytes += chunk.byteLength
        if (bytes > DRAIN_BYTES) call.abort()
      }
    } catch {
      // it broke, or was cut after all: `read` has settled it
    } finally {
      clearTimeout(tooLong)
    }
  }

  /** Reads on until the model has said something, for a second at most. */
  const hold = async (): Promise<void> => {
    const untilMs = performance.now() + HOLD_MS
    for (let waitMs = HOLD_MS; waitMs > 0 && !tap.hasSaid() && !tap.failure(); waitMs = untilMs - performance.now()) {
      const timer = new AbortController()
      reading ??= read()
      const chunk = await Promise.race([reading, sleep(waitMs, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)])
      timer.abort()
      if (chunk === 'late') return
      reading = undefined
      if (!chunk) return
      held.push(chunk)
    }
  }

  try {
    const first = await read()
    if (first) held.push(first)
    if (first && protocol.said && !tap.hasSaid()) await hold()
  } catch (error) {
    return failureFrom(error)
  }
  const failure = tap.failure()
  if (failure && failure.code !== 'provider.content_refused' && !tap.hasSaid()) {
    answer.cancel()
    await end()
    return failure
  }
  reading?.catch(() => undefined) // whoever reads next is told
  return {
    next,
    leave() {
      if (isOver || hasLeft) return
      hasLeft = true
      if (streaming.provider.afterDisconnect === 'stops') call.abort()
      void drain()
    },
    ended,
  }
}

/** From an error on, a stream's bytes pass without the key in any of its forms. Latin-1: every other byte stays what it was. */
function withoutKeyIn(bytes: Uint8Array, key: Secret): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const scrubbed = valueScrubber(key)(text)
  return scrubbed === text ? bytes : Buffer.from(scrubbed, 'latin1')
}
