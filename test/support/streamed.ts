import type { MeteredUsage, UsageReader } from '../../src/providers/wire-protocol.ts'

/** What a reader finds in a stream of these events. */
export function streamed({ usage }: { readonly usage: UsageReader }, events: readonly unknown[]): MeteredUsage {
  const stream = usage.stream()
  for (const event of events) stream.push(event)
  return stream.end()
}
