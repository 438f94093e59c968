import type { Secret } from '../base/secret.ts'
import { createEventStreamReader, eventOf } from '../providers/aws-event-stream.ts'
import { bodyFailureOf } from '../providers/failure.ts'
import { createLineReader } from '../providers/json-lines.ts'
import { parseJson } from '../providers/parse-json.ts'
import type { Framing, MeteredUsage, Protocol, ProviderFailure } from '../providers/wire-protocol.ts'
import { createEventReader } from '../providers/sse.ts'

/** What a streamed answer's bytes said on their way through. */
export interface Tapped {
  readonly metered: MeteredUsage
  /** An error that the stream carried in an event. */
  readonly failure?: ProviderFailure
  /** What the model wrote: text, thinking, arguments of tools; the beginning of it, where that is very much. */
  readonly said: string
}

/** Reads usage and errors from a streamed answer while its bytes pass. It never throws: what it cannot read makes the usage doubtful, not the answer. */
export interface AnswerTap {
  push(bytes: Uint8Array): void
  /** What is known of the usage by now. */
  metered(): MeteredUsage
  /** An error that has come in an event. */
  failure(): ProviderFailure | undefined
  /** Whether anything that a model says has come. */
  hasSaid(): boolean
  /** Call it once, also for a stream that broke. */
  end(): Tapped
}

/** Characters; no model writes more in one answer. */
const MOST_SAID = 4 * 1024 * 1024

export function createAnswerTap({
  protocol,
  headers,
  key,
}: {
  protocol: Protocol
  headers: Readonly<Record<string, string>>
  key: Secret | undefined
}): AnswerTap {
  const usage = protocol.usage.stream()
  let failure: ProviderFailure | undefined
  let isReadable = true
  const said: string[] = []
  let saidCharacters = 0
  const onEvent = (event: unknown): void => {
    failure ??= bodyFailureOf({ protocol, headers, body: event, key })
    usage.push(event)
    const words = protocol.said?.(event)
    if (words && saidCharacters < MOST_SAID) {
      said.push(words)
      saidCharacters += words.length
    }
  }
  const reader = READERS[protocol.framing ?? 'sse'](onEvent)
  const guarded = (read: () => void): void => {
    if (!isReadable) return
    try {
      read()
    } catch {
      isReadable = false
    }
  }
  const metered = (): MeteredUsage =>
    isReadable ? usage.end() : { ...usage.end(), usage: undefined, doubt: 'the stream could not be read to its end' }
  return {
    push: (bytes) => guarded(() => reader.push(bytes)),
    metered,
    failure: () => failure,
    hasSaid: () => saidCharacters > 0,
    end: () => {
      guarded(() => reader.end())
      return { metered: metered(), said: said.join(''), ...(failure ? { failure } : {}) }
    },
  }
}

interface FrameReader {
  push(bytes: Uint8Array): void
  end(): void
}

const READERS: Readonly<Record<Framing, (onEvent: (event: unknown) => void) => FrameReader>> = {
  sse: (onEvent) =>
    createEventReader(({ data }) => {
      if (data !== '' && data !== '[DONE]') onEvent(parseJson(data))
    }),
  'aws-event-stream': (onEvent) => createEventStreamReader((message) => onEvent(eventOf(message))),
  'json-lines': (onEvent) => createLineReader((line) => onEvent(parseJson(line))),
}
