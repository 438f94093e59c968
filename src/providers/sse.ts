import { createParser } from 'eventsource-parser'
import { AppError } from '../base/errors.ts'
import { createUtf8Decoder } from './utf8.ts'

/** One event may be a whole answer's usage and metadata, hardly more. */
export const MAX_EVENT_CHARACTERS = 1024 * 1024

export interface ServerSentEvent {
  /** The event's name, undefined when the server gives none. */
  readonly event: string | undefined
  readonly data: string
}

/**
 * Reads server-sent events from bytes as they arrive: characters and lines split anywhere, LF, CRLF or CR, BOM, comments
 * and unknown fields ignored. Feed every chunk to `push`; `end` also gives the last event when its blank line is missing.
 * @throws AppError provider.answer_malformed (not UTF-8), provider.answer_too_large (one event over 1 Mi characters).
 */
export function createEventReader(onEvent: (event: ServerSentEvent) => void): { push(bytes: Uint8Array): void; end(): void } {
  const decode = createUtf8Decoder()
  let isTooLarge = false
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: ({ event, data }) => onEvent({ event, data }),
    onError: (error) => {
      isTooLarge ||= error.type === 'max-buffer-size-exceeded'
    },
  })
  const feed = (text: string): void => {
    if (text !== '') parser.feed(text)
    if (isTooLarge) throw new AppError('provider.answer_too_large', 'The provider sent one event of more than a million characters.')
  }
  return {
    push: (bytes) => feed(decode(bytes)),
    end: () => feed(`${decode()}\n\n`),
  }
}
