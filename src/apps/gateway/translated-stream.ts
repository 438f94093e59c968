import type { AttemptFetch } from '../../calls/chat-model.ts'
import type { AfterPost } from '../../calls/call.ts'
import type { Forwarded } from '../../calls/forward.ts'
import { DRAIN_BYTES, DRAIN_MS, type ForwardedStream } from '../../calls/forwarded-stream.ts'
import type { CallServices } from '../../calls/services.ts'
import { ProviderCallError } from '../../providers/failure.ts'
import { findProvider } from '../../providers/registry.ts'
import { type AnswerChannel, createAnswerChannel } from './answer-channel.ts'
import { askTranslated, failedFrom, failureIn, headOf, receiptOf, settlementIn, type Translation } from './translated-call.ts'
import { takeWarnings } from './translate/report.ts'
import { CUT_OFF, failureOfFinish } from './translate/stream.ts'

/** What is known of an answer while it comes. */
interface Progress {
  callId: string
  sentAtMs: number
  /** The model has said all: what becomes of the connection then is not the program's affair. */
  isComplete: boolean
}

/**
 * A translated answer as it comes. It is handed out when its first words are there: until then a failure has a status of its
 * own, and somebody else may still be asked.
 */
export async function streamTranslated(services: CallServices, translation: Translation): Promise<Forwarded> {
  const { call } = translation
  const channel = createAnswerChannel()
  const given = new AbortController()
  const giveUp = (): void => given.abort()
  const { left } = translation.one.request
  const drop = (): void => {
    if (findProvider(call.candidate.provider).afterDisconnect === 'stops') giveUp()
  }
  if (call.signal.aborted) giveUp()
  call.signal.addEventListener('abort', giveUp, { once: true })
  left.addEventListener('abort', drop, { once: true }) // before the first word too
  const progress: Progress = { callId: '', sentAtMs: 0, isComplete: false }
  const asking = askTranslated(services, translation, given.signal, (fetch, after) =>
    writeParts({ services, translation, channel, progress, fetch, after, signal: given.signal }),
  ).finally(() => {
    call.signal.removeEventListener('abort', giveUp)
    left.removeEventListener('abort', drop)
  })
  asking.then(
    (asked) => channel.close(progress.isComplete ? undefined : new ProviderCallError(failureIn(asked) ?? CUT_OFF, 'maybe')),
    (error: unknown) => channel.close(error as Error),
  )
  const early = await Promise.race([channel.begun, asking])
  if (early && !progress.isComplete) return failedFrom(early)
  const { callId, sentAtMs } = progress
  const head = { callId, status: 200, headers: STREAM_HEADERS, sentAtMs }
  return { kind: 'stream', ...head, stream: streamOf({ services, translation, channel, asking, giveUp, progress }) }
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream; charset=utf-8' }

/** Writes the model's answer into the channel, part by part. @throws what the provider, or the package that reads it, failed with. */
async function writeParts({
  services,
  translation,
  channel,
  progress,
  fetch,
  after,
  signal,
}: {
  services: CallServices
  translation: Translation
  channel: AnswerChannel
  progress: Progress
  fetch: AttemptFetch
  after: AfterPost
  signal: AbortSignal
}): Promise<void> {
  const { dialect, translated, modelOver } = translation
  const { options, report, includesUsage } = translated
  progress.callId = after.callId
  const model = await modelOver((url, init) => {
    progress.sentAtMs = performance.now()
    return fetch(url, init)
  })
  const { stream } = await model.doStream({ ...options, abortSignal: signal })
  const encoder = dialect.stream({
    ...headOf(translation, { callId: after.callId, createdAt: services.clock.now() }),
    includesUsage,
    usage: () => after.metered()?.usage,
  })
  for await (const part of stream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'stream-start') takeWarnings(report, part.warnings, dialect.names)
    const failure = part.type === 'finish' ? failureOfFinish(part.finishReason) : undefined
    if (failure) throw new ProviderCallError(failure, 'maybe')
    const text = encoder.push(part)
    if (part.type === 'finish') progress.isComplete = true
    if (text !== '') await channel.put(text)
  }
  if (!progress.isComplete) throw new ProviderCallError(CUT_OFF, 'maybe')
}

function streamOf({
  services: { log },
  translation: { call },
  channel,
  asking,
  giveUp,
  progress: { callId },
}: {
  services: CallServices
  translation: Translation
  channel: AnswerChannel
  asking: ReturnType<typeof askTranslated>
  giveUp: () => void
  progress: Progress
}): ForwardedStream {
  const provider = findProvider(call.candidate.provider)
  const ended = asking.then(
    (asked) => receiptOf(settlementIn(asked)!, failureIn(asked)),
    (error: unknown) => {
      log.error({ error, callId }, 'a translated stream ended unexpectedly')
      return { callId, outcome: 'failed' as const, servedModel: undefined, usage: undefined, cost: undefined }
    },
  )
  return {
    next: () => channel.next(),
    leave() {
      if (provider.afterDisconnect === 'stops') giveUp()
      const tooLong = setTimeout(giveUp, DRAIN_MS)
      void ended.finally(() => clearTimeout(tooLong))
      let dropped = 0
      channel.release((bytes) => {
        dropped += bytes
        if (dropped > DRAIN_BYTES) giveUp()
      })
    },
    ended,
  }
}
