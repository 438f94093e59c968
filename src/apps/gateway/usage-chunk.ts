import { objectOf } from '../../base/json.ts'

/** Hands a stream on without the one event that the gateway asked for and its caller did not. */
export interface UsageChunkFilter {
  /** What of it may go on; empty while an event is not complete. */
  push(bytes: Uint8Array): Uint8Array
  /** What was held back at the end of a stream that broke off inside an event. */
  end(): Uint8Array
}

const NOTHING = new Uint8Array(0)
/** No usage chunk is larger: what comes without an end goes on as it is. */
const MOST_HELD_BYTES = 256 * 1024
const LF = 0x0a
const CR = 0x0d

/**
 * Takes the usage chunk of `stream_options.include_usage` out of OpenAI's server-sent events: the chunk without choices that has
 * a usage. Every other byte stays as it came.
 */
export function createUsageChunkFilter(): UsageChunkFilter {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const complete = endOfLastEvent(all)
      rest = all.subarray(complete)
      if (rest.length > MOST_HELD_BYTES) {
        rest = Buffer.alloc(0)
        return all
      }
      if (complete === 0) return NOTHING
      const events = all.subarray(0, complete)
      return events.includes('"usage"') ? withoutUsageChunk(events) : events
    },
    end: () => rest,
  }
}

/** After the last blank line; 0 where there is none. */
function endOfLastEvent(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(LF); at > 0; at = bytes.lastIndexOf(LF, at - 1)) {
    const before = bytes[at - 1]
    if (before === LF || (before === CR && bytes[at - 2] === LF)) return at + 1
  }
  return 0
}

function withoutUsageChunk(events: Buffer): Uint8Array {
  const kept: Buffer[] = []
  let at = 0
  while (at < events.length) {
    const end = endOfFirstEvent(events, at)
    const event = events.subarray(at, end)
    if (!isUsageChunk(event)) kept.push(event)
    at = end
  }
  return kept.length === 1 ? kept[0]! : Buffer.concat(kept)
}

function endOfFirstEvent(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return bytes.length
}

function isUsageChunk(event: Buffer): boolean {
  if (!event.includes('"usage"')) return false
  const data = event
    .toString('utf8')
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []))
    .join('\n')
  try {
    const chunk = objectOf(JSON.parse(data) as unknown)
    const choices = chunk?.['choices']
    return Array.isArray(choices) && choices.length === 0 && objectOf(chunk?.['usage']) !== undefined
  } catch {
    return false
  }
}
