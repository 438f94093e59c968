import { createGunzip, type Gunzip } from 'node:zlib'
import type { Dispatcher, Pool } from 'undici'
import { ProviderCallError } from './failure.ts'
import { storedHeaders } from './headers.ts'
import { networkError } from './network-errors.ts'
import type { ProviderFailure } from './wire-protocol.ts'
import { createKeyFilter } from './without-key.ts'

/** How long each part of a call may take, in milliseconds. */
export interface Timeouts {
  /** Name resolution, TCP and TLS of a new connection. */
  readonly connectMs: number
  /** From the request's first byte to the answer's headers: a model may think this long before it answers. */
  readonly headersMs: number
  /** From the headers to the first byte of the body. */
  readonly firstByteMs: number
  /** Between two pieces of the body. Waiting for a slow reader of ours does not count. */
  readonly idleMs: number
  /** The whole call, waiting for a connection included. */
  readonly totalMs: number
}

/** An answer whose headers have come. Read it once, with `readAll` or `chunks`, or `cancel` it. */
export interface ProviderAnswer {
  readonly status: number
  /** Those that may be stored and shown, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly sentAt: Date
  /** When the first byte of the body came; undefined before. */
  readonly firstByteAt: Date | undefined
  /** The whole body. @throws ProviderCallError. */
  readAll(): Promise<Uint8Array>
  /** The body as it comes; leaving the loop early cancels. @throws ProviderCallError. */
  chunks(): AsyncIterable<Uint8Array>
  /** Gives the answer up and closes its connection, so that nothing of it reaches another call. */
  cancel(): void
}

export interface ExchangeOptions {
  readonly pool: Pool
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: string | Uint8Array | null
  readonly keyText: string | undefined
  readonly signal: AbortSignal | undefined
  readonly timeouts: Timeouts
  readonly maxBodyBytes: number
}

const HIGH_WATER_BYTES = 256 * 1024

/** One request and its answer on a pool's connection. Settles at once when the signal aborts. @throws ProviderCallError. */
export function exchange(options: ExchangeOptions): Promise<ProviderAnswer> {
  const { pool, signal, timeouts, maxBodyBytes } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new ProviderCallError(CANCELLED, 'no'))

    let controller: Dispatcher.DispatchController | undefined
    let answer: ProviderAnswer | undefined
    let failure: ProviderCallError | undefined
    let isComplete = false
    let sentAt = new Date(0)
    let firstByteAt: Date | undefined
    let gunzip: Gunzip | undefined
    let wireBytes = 0
    let bodyBytes = 0
    let queue: Uint8Array[] = []
    let queuedBytes = 0
    let isCollecting = false
    let isPaused = false
    let wakeReader: (() => void) | undefined
    let phaseTimer: NodeJS.Timeout | undefined
    let isIdleTimer = false
    const withoutKey = createKeyFilter(options.keyText)

    const stopTimers = (): void => {
      clearTimeout(phaseTimer)
      clearTimeout(totalTimer)
      signal?.removeEventListener('abort', onAbort)
    }
    const fail = (error: ProviderCallError): void => {
      if (failure || isComplete) return
      failure = error
      stopTimers()
      queue = []
      gunzip?.destroy()
      // destroys the connection: what is left of this answer must not meet the next request
      controller?.abort(ABANDONED)
      if (answer) wakeReader?.()
      else reject(error)
    }
    const failWith = (reason: ProviderFailure, symbol?: string): void =>
      fail(new ProviderCallError(reason, controller ? 'maybe' : 'no', symbol))
    const onAbort = (): void => failWith(CANCELLED)
    const startPhase = (ms: number, symbol: string): void => {
      clearTimeout(phaseTimer)
      phaseTimer = setTimeout(failWith, ms, TIMED_OUT, symbol)
    }
    const touchIdle = (): void => {
      if (isIdleTimer) phaseTimer!.refresh()
      else startPhase(timeouts.idleMs, 'IDLE')
      isIdleTimer = true
    }
    const totalTimer = setTimeout(failWith, timeouts.totalMs, TIMED_OUT, 'TOTAL')
    signal?.addEventListener('abort', onAbort, { once: true })

    const complete = (): void => {
      if (failure) return
      if (withoutKey) enqueue(withoutKey.end())
      isComplete = true
      stopTimers()
      wakeReader?.()
    }
    const deliver = (chunk: Uint8Array): void => {
      if (failure) return
      bodyBytes += chunk.byteLength
      if (bodyBytes > maxBodyBytes) return failWith(TOO_LARGE)
      enqueue(withoutKey ? withoutKey.push(chunk) : chunk)
      if (!isCollecting && queuedBytes > HIGH_WATER_BYTES) pause()
      wakeReader?.()
    }
    const enqueue = (chunk: Uint8Array): void => {
      if (chunk.byteLength === 0) return
      queue.push(chunk)
      queuedBytes += chunk.byteLength
    }
    const pause = (): void => {
      if (isPaused || isComplete) return
      isPaused = true
      // a slow reader is not a slow provider; the total time still counts
      clearTimeout(phaseTimer)
      isIdleTimer = false
      gunzip?.pause()
      controller!.pause()
    }
    const resume = (): void => {
      if (!isPaused || failure) return
      isPaused = false
      touchIdle()
      gunzip?.resume()
      controller!.resume()
    }
    const startGunzip = (): Gunzip => {
      const stream = createGunzip()
      stream.on('data', deliver)
      stream.on('end', complete)
      // bytes that are no gzip, or too few of them
      stream.on('error', (error: NodeJS.ErrnoException) =>
        failWith(error.code === 'Z_BUF_ERROR' ? CUT_OFF : MALFORMED_ENCODING, error.code),
      )
      return stream
    }

    const nextChunk = async (): Promise<Uint8Array | undefined> => {
      for (;;) {
        if (failure) throw failure
        const chunk = queue.shift()
        if (chunk) {
          queuedBytes -= chunk.byteLength
          if (queuedBytes < HIGH_WATER_BYTES / 2) resume()
          return chunk
        }
        if (isComplete) return undefined
        await new Promise<void>((wake) => {
          wakeReader = wake
        })
        wakeReader = undefined
      }
    }
    const readAll = async (): Promise<Uint8Array> => {
      isCollecting = true
      resume()
      while (!isComplete) {
        if (failure) throw failure
        await new Promise<void>((wake) => {
          wakeReader = wake
        })
      }
      wakeReader = undefined
      const body = queue
      queue = []
      return body.length === 1 ? body[0]! : Buffer.concat(body)
    }
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        for (let chunk = await nextChunk(); chunk; chunk = await nextChunk()) yield chunk
      } finally {
        failWith(CANCELLED)
      }
    }

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: (started) => {
        // cancelled while it waited for a connection: nothing has been written
        if (failure) return started.abort(ABANDONED)
        controller = started
        sentAt = new Date()
        startPhase(timeouts.headersMs, 'HEADERS')
      },
      onResponseStart: (_, status, headers) => {
        if (status < 200 || failure) return
        if (status < 400 && status >= 300) return failWith(REDIRECTED)
        const encoding = headers['content-encoding']
        if (encoding === 'gzip' || encoding === 'x-gzip') gunzip = startGunzip()
        else if (encoding !== undefined && encoding !== '' && encoding !== 'identity') return failWith(MALFORMED_ENCODING)
        if (Number(headers['content-length']) > maxBodyBytes) return failWith(TOO_LARGE)
        startPhase(timeouts.firstByteMs, 'FIRST_BYTE')
        const kept = storedHeaders(headers, options.keyText)
        answer = {
          status,
          headers: kept,
          sentAt,
          get firstByteAt() {
            return firstByteAt
          },
          readAll,
          chunks,
          cancel: () => failWith(CANCELLED),
        }
        resolve(answer)
      },
      onResponseData: (_, chunk) => {
        if (failure) return
        firstByteAt ??= new Date()
        touchIdle()
        if (!gunzip) return deliver(chunk)
        wireBytes += chunk.byteLength
        if (wireBytes > maxBodyBytes) return failWith(TOO_LARGE)
        if (!gunzip.write(chunk)) {
          // one piece at a time: a bomb is unpacked no faster than it is counted
          controller!.pause()
          gunzip.once('drain', () => {
            if (!failure && !isPaused) controller!.resume()
          })
        }
      },
      onResponseEnd: () => {
        if (gunzip) gunzip.end()
        else complete()
      },
      onResponseError: (_, error) => fail(networkError(error, controller ? 'maybe' : 'no')),
    }
    try {
      pool.dispatch({ method: options.method, path: options.path, headers: options.headers, body: options.body }, handler)
    } catch (error) {
      fail(networkError(error, 'no'))
    }
  })
}

/** Given to the library to end a request; it never leaves this file. */
const ABANDONED = new Error('abandoned')

export const CANCELLED: ProviderFailure = { code: 'call.interrupted', detail: 'The call was cancelled.', retryable: false }
const TIMED_OUT: ProviderFailure = {
  code: 'provider.timeout',
  detail: 'The provider took too long. Try again later.',
  retryable: true,
}
const TOO_LARGE: ProviderFailure = {
  code: 'provider.answer_too_large',
  detail: 'The provider’s answer is too large. Ask for less in one call.',
  retryable: false,
}
const CUT_OFF: ProviderFailure = {
  code: 'provider.cut_off',
  detail: 'The provider’s answer broke off. Try again.',
  retryable: true,
}
const MALFORMED_ENCODING: ProviderFailure = {
  code: 'provider.answer_malformed',
  detail: 'The provider’s answer is compressed in a way that is not accepted. Check the base URL.',
  retryable: false,
}
const REDIRECTED: ProviderFailure = {
  code: 'provider.redirected',
  detail: 'The provider’s address redirects elsewhere. Enter the final address as base URL; keys are never sent along a redirect.',
  retryable: false,
}
