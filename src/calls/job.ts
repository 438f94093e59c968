import { bodyFailureOf, ProviderCallError } from '../providers/failure.ts'
import { type ImageFile, readImage } from '../providers/image-file.ts'
import { parseJson } from '../providers/parse-json.ts'
import type { Protocol, ProviderFailure } from '../providers/wire-protocol.ts'
import type { Clock } from '../runtime/clock.ts'
import { MALFORMED } from './attempt.ts'
import type { Follow } from './follow.ts'

/** Work that a provider took on and gave a ticket for. */
export interface Job {
  readonly follow: Follow
  readonly protocol: Protocol
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Where it can be cancelled, where that is possible. */
  readonly cancelUrl?: string | undefined
}

/** Between two questions, to twice as long: those who wait together do not ask together. */
const POLL_MS = 1_000
/** Images take seconds to minutes, a busy queue longer; then it is given up. */
const PATIENCE_MS = 15 * 60_000
/** In a row; a provider that stumbles for a minute does not cost the image that it is making. */
const FAILURES_AT_MOST = 30
const LONGEST_PAUSE_MS = 30_000
/** Telling a provider that nobody waits any more is worth this long. */
const CANCEL_MS = 10_000

/**
 * Does the work that follows a ticket. Whatever fails in it is not tried again with another ticket: what was begun may be finished, and
 * charged, all the same. When nobody waits any more, the provider is told.
 */
export async function withTicket<T>(job: Job, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (job.signal.aborted || isOurTimeout(error)) await cancel(job)
    if (!(error instanceof ProviderCallError)) throw error
    throw new ProviderCallError({ ...error.failure, retryable: false }, 'maybe', error.reason)
  }
}

async function cancel({ follow, cancelUrl }: Job): Promise<void> {
  if (cancelUrl === undefined) return
  // it may be done by now, or unknown: there is nothing to be done about either
  await follow({ method: 'PUT', url: cancelUrl, signal: AbortSignal.timeout(CANCEL_MS) }).catch(() => undefined)
}

const isOurTimeout = (error: unknown): boolean => error instanceof ProviderCallError && error.reason === 'PATIENCE'

/** Asks how a job is getting on until `read` finds it done. @throws ProviderCallError when it failed, or nothing came for 15 minutes. */
export async function untilDone<T>(
  { follow, protocol, clock, signal }: Job,
  url: string,
  read: (body: unknown) => T | undefined,
): Promise<T> {
  const untilMs = clock.now().getTime() + PATIENCE_MS
  let failures = 0
  let pauseMs = 0
  while (clock.now().getTime() < untilMs) {
    await clock.sleep(Math.max(pauseMs, POLL_MS + Math.random() * POLL_MS), signal)
    pauseMs = 0
    try {
      const { headers, bytes } = await follow({ method: 'GET', url })
      const body = bodyOf(bytes)
      failures = 0
      const failure = bodyFailureOf({ protocol, headers, body })
      if (failure) throw new ProviderCallError({ ...failure, retryable: false }, 'maybe')
      const done = read(body)
      if (done !== undefined) return done
    } catch (error) {
      if (!(error instanceof ProviderCallError) || !error.retryable || (failures += 1) >= FAILURES_AT_MOST) throw error
      pauseMs = Math.min(error.failure.retryAfterMs ?? 0, LONGEST_PAUSE_MS)
    }
  }
  throw new ProviderCallError(TOO_SLOW, 'maybe', 'PATIENCE')
}

/** What a follow-up's answer holds. @throws ProviderCallError when it is not JSON. */
export function bodyOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes)
  } catch {
    throw new ProviderCallError(MALFORMED, 'maybe')
  }
}

const FILE_BYTES_AT_MOST = 64 * 1024 * 1024
const DOWNLOADS_AT_MOST = 4

/** Fetches an image that an answer names. @throws ProviderCallError also for what is none, whatever it says of itself. */
export async function download({ follow, clock, signal }: Pick<Job, 'follow' | 'clock' | 'signal'>, url: string): Promise<ImageFile> {
  for (let number = 1; ; number += 1) {
    try {
      const { headers, bytes } = await follow({ method: 'GET', url, isFile: true, bytesAtMost: FILE_BYTES_AT_MOST })
      const type = headers['content-type'] ?? ''
      if (!/^(?:image\/|(?:application|binary)\/octet-stream)/i.test(type)) throw new ProviderCallError(NO_IMAGE, 'maybe')
      return imageOf(bytes)
    } catch (error) {
      if (!(error instanceof ProviderCallError) || !error.retryable || number >= DOWNLOADS_AT_MOST) throw error
      await clock.sleep(number * POLL_MS, signal)
    }
  }
}

/** @throws ProviderCallError for bytes that are no PNG, JPEG or WebP. */
export function imageOf(bytes: Uint8Array): ImageFile {
  const image = readImage(bytes)
  if (!image) throw new ProviderCallError(NO_IMAGE, 'maybe')
  return image
}

const TOO_SLOW: ProviderFailure = {
  code: 'provider.timeout',
  detail: 'The provider did not finish within 15 minutes. It was told to stop where that is possible; what it did may be charged.',
  retryable: false,
}

/** The call was made and may have been charged: asking again would be another one. */
export const NO_IMAGE: ProviderFailure = {
  code: 'provider.answer_malformed',
  detail: 'The provider answered, but what came is no PNG, JPEG or WebP image.',
  retryable: false,
}
