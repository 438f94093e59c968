import { AppError } from '../../base/errors.ts'
import type { ExportRequest, ExportSummary } from '../formats/write.ts'
import type { ContainedFormat, FormatOverrides } from '../formats/format.ts'
import { hashFile } from '../formats/hash.ts'
import { openOutput, type Output } from '../formats/output.ts'
import type { ProductRow, ReadOptions, RejectedRow } from '../formats/read.ts'
import { type Parser, withParser } from './parser-process.ts'
import type { FromParser } from './protocol.ts'

/** How a workbook or an XML file is understood. @throws AppError as `detectFormat`, file.refused */
export function detectContained(path: string, overrides: FormatOverrides): Promise<ContainedFormat> {
  return withParser(path, {}, async (parser) => {
    const answer = await parser.ask({ kind: 'detect', file: path, overrides })
    return expected(answer, 'format').format
  })
}

const expected = <Kind extends FromParser['kind']>(answer: FromParser, kind: Kind): Extract<FromParser, { kind: Kind }> => {
  if (answer.kind !== kind) throw new Error(`the parser answered ${answer.kind} in place of ${kind}`)
  return answer as Extract<FromParser, { kind: Kind }>
}

type Rows = (ProductRow | RejectedRow)[]

/** The rows of a workbook's sheet or an XML file, as `readRows` gives them. While one batch is used, the parser makes the next. */
export async function* readContained(
  path: string,
  format: ContainedFormat,
  { limit, signal, onRead, onFinish, bytes }: ReadOptions & { bytes: number },
): AsyncGenerator<Rows, void, undefined> {
  const batches = batchesOf(path, format, limit ?? null, signal)
  try {
    for (;;) {
      const { rows, share, ended } = await batches.next()
      if (rows.length > 0) yield [...rows]
      onRead?.(Math.round(share * bytes))
      signal?.throwIfAborted()
      if (!ended) continue
      await batches.close()
      onFinish?.({ contentHash: await hashFile(path, signal ? { signal } : {}), ...ended })
      return
    }
  } finally {
    await batches.close()
  }
}

/** A parser at work, asked for a batch at a time, one ahead of who takes them. */
function batchesOf(path: string, format: ContainedFormat, limit: number | null, signal: AbortSignal | undefined) {
  const opened = Promise.withResolvers<Parser>()
  const done = Promise.withResolvers<void>()
  const life = withParser(path, { signal }, async (parser) => {
    opened.resolve(parser)
    await done.promise
  })
  life.catch(opened.reject)
  let ahead: Promise<FromParser> | undefined
  return {
    async next(): Promise<Extract<FromParser, { kind: 'rows' }>> {
      const parser = await opened.promise
      const answer = expected(await (ahead ?? parser.ask({ kind: 'read', file: path, format, limit })), 'rows')
      if (!answer.ended) {
        ahead = parser.ask({ kind: 'next' })
        ahead.catch(() => undefined) // whoever takes the batch hears of it
      }
      return answer
    },
    async close(): Promise<void> {
      done.resolve()
      await life.catch(() => undefined)
    },
  }
}

/** Writes a workbook or an XML file again, as `exportFile` does. */
export async function exportContained(request: ExportRequest & { readonly format: ContainedFormat }): Promise<ExportSummary> {
  const { input, output, format, expectedHash, signal, changesFor, columns } = request
  const target = await openOutput(output)
  try {
    const written = await withParser(input, { signal }, async (parser) => {
      const copying = copyOut(parser, target)
      let answer = await parser.ask({ kind: 'write', file: input, format, columns })
      while (answer.kind === 'identifiers') {
        const changes = await changesFor([...answer.identifiers])
        answer = await parser.ask({ kind: 'changes', changes: [...changes] })
      }
      await copying
      return expected(answer, 'written')
    })
    const contentHash = await hashFile(input)
    if (expectedHash !== undefined && contentHash !== expectedHash) {
      throw new AppError(
        'file.changed',
        `${input} was changed after it was imported, so nothing was written. Run the command again with the file as it is now.`,
      )
    }
    await target.commit()
    const { rows, changedCells, unencodable } = written
    return { rows, changedCells, unencodable, contentHash }
  } finally {
    await target.discard()
  }
}

/** What the parser writes, into the file. A disk that will not have it stops the parser, and whoever waits for it hears why. */
async function copyOut(parser: Parser, target: Output): Promise<void> {
  try {
    for await (const bytes of parser.output) await target.write(bytes as Buffer)
  } catch (error) {
    parser.stop(error)
  }
}
