import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { createUsageChunkFilter } from './usage-chunk.ts'

const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1}}'
const KEPT = [
  'data: {"choices":[{"delta":{"content":"\\"usage\\" é"}}],"usage":null}',
  'data: {"choices":[],"prompt_filter_results":[]}',
  'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}',
  ': a comment about "usage"',
  'event: usage\ndata: {"choices":[]}',
  'data: [DONE]',
  'data: "usage" is no JSON',
]

function filtered(bytes: Uint8Array, cuts: readonly number[]): string {
  const filter = createUsageChunkFilter()
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  const parts = at.slice(1).map((end, index) => Buffer.from(filter.push(bytes.subarray(at[index], end))))
  return Buffer.concat([...parts, filter.end()]).toString('utf8')
}

test.prop([
  fc.array(fc.constantFrom(USAGE, ...KEPT), { maxLength: 8 }),
  fc.constantFrom('\n', '\r\n'),
  fc.array(fc.nat(2_000), { maxLength: 20 }),
])('wherever a stream is split, the usage chunk is taken out and no other byte is', (list, line, cuts) => {
  const written = (events: readonly string[]): string => events.map((one) => `${one.replaceAll('\n', line)}${line}${line}`).join('')
  expect(filtered(Buffer.from(written(list)), cuts)).toBe(written(list.filter((one) => one !== USAGE)))
})

it('an event without an end is not held for ever', () => {
  const filter = createUsageChunkFilter()
  let given = 0
  for (let chunk = 0; chunk < 100; chunk += 1) given += filter.push(Buffer.alloc(64 * 1024, 'x')).byteLength
  expect(given).toBeGreaterThan(99 * 64 * 1024 - 512 * 1024)
  expect(given + filter.end().byteLength).toBe(100 * 64 * 1024)
})
