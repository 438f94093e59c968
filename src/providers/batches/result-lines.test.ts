import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { anthropicBatch } from './anthropic.ts'
import { geminiBatch } from './gemini.ts'
import { mistralBatch } from './mistral.ts'
import { openAiBatch } from './openai.ts'
import { LONGEST_LINE_BYTES, resultLines } from './result-lines.ts'

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let from = 0, nth = 0; from < bytes.byteLength; nth += 1) {
    const size = sizes[nth % sizes.length]!
    yield bytes.subarray(from, from + size)
    from += size
  }
}

async function read(text: string, sizes: readonly number[] = [1_000_000]): Promise<{ values: unknown[]; broken: number }> {
  let broken = 0
  const values: unknown[] = []
  for await (const value of resultLines(inPieces(Buffer.from(text), sizes), () => (broken += 1))) values.push(value)
  return { values, broken }
}

const value = fc.oneof(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), fc.array(fc.integer()), fc.string({ unit: 'binary' }))
const line = fc.oneof(
  value.map((good) => ({ text: JSON.stringify(good), good: [good] as unknown[], broken: 0 })),
  fc.constantFrom('{"custom_id": "', '{]', 'undefined', '{"a":1}}').map((text) => ({ text, good: [] as unknown[], broken: 1 })),
  fc.constantFrom('', '  ', '\r').map((text) => ({ text, good: [] as unknown[], broken: 0 })),
)

describe('the lines of a file of results', () => {
  test.prop([fc.array(line), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), fc.boolean()])(
    'give the same values wherever the bytes are cut, and a broken one takes no other with it',
    async (lines, sizes, endsWithLine) => {
      const found = await read(lines.map(({ text }) => text).join('\n') + (endsWithLine ? '\n' : ''), sizes)
      expect(found.values).toEqual(lines.flatMap(({ good }) => good))
      expect(found.broken).toBe(lines.reduce((sum, { broken }) => sum + broken, 0))
    },
  )

  it('a line that is too long is read past, and those around it are not', async () => {
    const long = JSON.stringify('x'.repeat(LONGEST_LINE_BYTES))
    expect(await read(`{"a":1}\n${long}\n{"b":2}\n`, [65_536])).toEqual({ values: [{ a: 1 }, { b: 2 }], broken: 1 })
  })
})

describe('what no provider says is no result', () => {
  const forms = [openAiBatch, mistralBatch, anthropicBatch, geminiBatch]
  test.prop([fc.jsonValue()])('any JSON at all throws nowhere, and a result names its request', (json) => {
    for (const form of forms) {
      const result = form.readResult(json)
      if (result) expect(result.customId).not.toBe('')
      for (const attempt of [() => form.read(json), () => form.readList(json)]) expect(attempt).not.toThrow()
    }
  })

  it('ids of providers are one step of a path, whatever they hold', () => {
    for (const form of forms) {
      for (const { path } of [form.look('../../admin?x=1#y'), form.cancel('../../admin?x=1#y')]) {
        expect(path).toContain(encodeURIComponent('../../admin?x=1#y'))
        expect(path).not.toContain('../')
      }
    }
  })
})
