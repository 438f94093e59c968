import { fstatSync, read } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'
import { AppError } from '../../base/errors.ts'
import type { Changes } from '../formats/changes.ts'
import type { XlsxFormat, XmlFormat } from '../formats/format.ts'
import type { Verdict } from '../formats/verdict.ts'
import { openArchive } from './archive.ts'
import type { Write } from './archive-writer.ts'
import { detectFeed } from './feed-detect.ts'
import { openFeed } from './feed.ts'
import { createFeedJudge } from './feed-rows.ts'
import { writeFeed } from './feed-write.ts'
import { readMerges } from './merged-cells.ts'
import { type FromParser, type LeftOut, LIMITS, type ReadProduct, type RowCounts, type Task, type ToParser } from './protocol.ts'
import { openSheet } from './sheet.ts'
import { createSheetJudge } from './sheet-rows.ts'
import { openWorkbook, sheetOf } from './workbook.ts'
import { detectXlsx } from './xlsx-detect.ts'
import { type ChangesFor, writeXlsx, type Written } from './xlsx-write.ts'

/**
 * The program that takes archives and XML apart, in a process of its own (parser-process.ts starts it): without environment,
 * without a path to open, with one file on its standard input. It does one task, a step for each message, and is killed then.
 */
const INPUT = 0
const OUTPUT = 1
const BATCH_ROWS = 500
const BATCH_UNITS = 1 << 20
const BLOCK_BYTES = 1 << 18

const readDescriptor = promisify(read)

process.once('disconnect', () => process.exit()) // whoever asked is gone

const watch = setInterval(() => {
  if (process.memoryUsage.rss() > LIMITS.memoryBytes) process.exit(MEMORY_EXIT)
}, 250)
watch.unref()
/** As a process ends that the system stopped for its memory. */
const MEMORY_EXIT = 137

const messages = incoming()

async function main(): Promise<void> {
  const task = (await messages.next()) as Task
  try {
    if (task.kind === 'detect') await detect(task)
    else if (task.kind === 'read') await readAll(task)
    else await writeAll(task)
  } catch (error) {
    if (error instanceof AppError) send({ kind: 'failed', code: error.code, detail: error.detail })
    else send({ kind: 'failed', code: null, detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
}

const send = (message: FromParser): void => void process.send!(message)

function incoming(): { next(): Promise<ToParser> } {
  const queue: ToParser[] = []
  let waiting: ((message: ToParser) => void) | undefined
  process.on('message', (message) => {
    const arrived = message as ToParser
    if (waiting) waiting(arrived)
    else queue.push(arrived)
    waiting = undefined
  })
  return {
    next: () =>
      new Promise((resolve) => {
        const arrived = queue.shift()
        if (arrived) resolve(arrived)
        else waiting = resolve
      }),
  }
}

async function detect({ file, overrides }: Extract<Task, { kind: 'detect' }>): Promise<void> {
  const head = Buffer.alloc(4)
  await readDescriptor(INPUT, head, 0, 4, 0)
  if (head.toString('latin1', 0, 2) === 'PK') {
    const archive = await openArchive(file, INPUT)
    send({ kind: 'format', format: await detectXlsx(file, archive, await openWorkbook(file, archive), overrides) })
    return
  }
  const { size } = fstatSync(INPUT)
  const bytes = Buffer.alloc(Math.min(size, SAMPLE_BYTES))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await readDescriptor(INPUT, bytes, filled, bytes.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  send({ kind: 'format', format: await detectFeed(file, { bytes: bytes.subarray(0, filled), whole: filled >= size }, overrides) })
}

const SAMPLE_BYTES = 4 << 20

async function* content(onBytes: (share: number) => void = () => undefined): AsyncGenerator<Uint8Array, void, undefined> {
  const { size } = fstatSync(INPUT)
  let position = 0
  for (;;) {
    const block = Buffer.alloc(BLOCK_BYTES)
    const { bytesRead } = await readDescriptor(INPUT, block, 0, block.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    onBytes(size === 0 ? 1 : position / size)
    yield block.subarray(0, bytesRead)
  }
}

type Judged = { readonly verdict: Verdict; readonly values: Record<string, unknown>; readonly share: number }

async function readAll({ file, format, limit }: Extract<Task, { kind: 'read' }>): Promise<void> {
  const counts = { products: 0, rejected: 0, continuations: 0, blankRows: 0 }
  let rows: (ReadProduct | LeftOut)[] = []
  let units = 0
  let share = 0
  let owed = true // the task asks for the first batch itself
  const flush = async (ended: RowCounts | null): Promise<void> => {
    if (!owed) await messages.next()
    owed = false
    send({ kind: 'rows', rows, share, ended })
    rows = []
    units = 0
  }
  reading: for await (const some of format.kind === 'xlsx' ? sheetRows(file, format) : feedRows(file, format)) {
    for (const { verdict, values, share: at } of some) {
      if (limit !== null && counts.products >= limit) break reading
      share = at
      if (verdict.kind === 'product') {
        counts.products += 1
        const { row, line, identifier } = verdict
        rows.push({ row, line, identifier, values: { ...values } })
        units += JSON.stringify(values).length
      } else if (verdict.kind === 'rejected') {
        counts.rejected += 1
        rows.push({ row: verdict.row, line: verdict.line, reason: verdict.reason })
      } else if (verdict.kind === 'continuation') counts.continuations += 1
      else if (verdict.kind === 'blank') counts.blankRows += 1
      if (rows.length >= BATCH_ROWS || units >= BATCH_UNITS) await flush(null)
    }
  }
  await flush(counts)
}

async function* sheetRows(file: string, format: XlsxFormat): AsyncGenerator<readonly Judged[], void, undefined> {
  const archive = await openArchive(file, INPUT)
  const book = await openWorkbook(file, archive)
  const { part } = sheetOf(file, book, format.sheet)
  const judge = createSheetJudge(file, format, await readMerges(file, archive, part))
  const sheet = openSheet(file, { archive, part, book })
  for await (const rows of sheet.rows()) {
    const share = part.uncompressedSize === 0 ? 1 : Math.min(1, sheet.parser.keptEnd() / part.uncompressedSize)
    yield rows.map((row) => ({ ...judge.judge(row), share }))
    sheet.parser.forget(sheet.parser.keptEnd() - 1)
  }
  judge.end()
}

async function* feedRows(file: string, format: XmlFormat): AsyncGenerator<readonly Judged[], void, undefined> {
  let share = 0
  const feed = openFeed(
    file,
    format,
    content((at) => (share = at)),
  )
  const judge = createFeedJudge(file, format)
  for await (const items of feed.items()) {
    yield items.map((item) => ({ ...judge.judge(item), share }))
    feed.parser.forget(items.at(-1)?.end ?? 0)
  }
  judge.end()
}

async function writeAll({ file, format, columns }: Extract<Task, { kind: 'write' }>): Promise<void> {
  const changesFor: ChangesFor = async (identifiers) => {
    send({ kind: 'identifiers', identifiers })
    const answer = await messages.next()
    return answer.kind === 'changes' ? new Map<string, Changes>(answer.changes) : new Map()
  }
  const output = new Socket({ fd: OUTPUT, readable: false, writable: true })
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => output.write(bytes, (error) => (error ? reject(error) : resolve())))
  const written =
    format.kind === 'xml'
      ? await writeFeed(file, { format, content: content(), changesFor, write })
      : await writeSheet(file, { format, columns, changesFor, write })
  await new Promise<void>((resolve) => output.end(resolve)) // whoever copies it knows then that it is whole
  send({ kind: 'written', ...written })
}

async function writeSheet(
  file: string,
  order: { format: XlsxFormat; columns: readonly string[]; changesFor: ChangesFor; write: Write },
): Promise<Written> {
  const archive = await openArchive(file, INPUT)
  return writeXlsx(file, { archive, book: await openWorkbook(file, archive), ...order })
}

await main()
