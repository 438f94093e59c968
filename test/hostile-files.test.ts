import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS } from '../src/catalogue/containers/protocol.ts'
import * as contract from '../src/contract/catalogue.ts'
import type { FileView, ImportView } from '../src/contract/catalogue.ts'
import { HOSTILE_FILES } from './support/hostile-files.ts'
import { canSeeProcesses, parsersOf } from './support/parsers.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

/** Looking and importing begin alike: a few show it for all. */
const ALSO_IMPORTED = new Set(['bomb.xlsx', 'cut.xlsx', 'xxe.xlsx', 'xxe.xml'])

/** Milliseconds of one clock. */
interface Span {
  readonly began: number
  readonly ended: number
}

const lengthOf = ({ began, ended }: Span): number => ended - began
const isWithin = (inner: Span, outer: Span): boolean => inner.began >= outer.began && inner.ended <= outer.ended

function percentiles(spans: readonly Span[]): string {
  const sorted = spans.map(lengthOf).toSorted((a, b) => a - b)
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the slowest ${at(1)} ms`
}

describe(`OUT-6: ${HOSTILE_FILES.length} hostile files`, () => {
  let server: TestServer
  let editor: TestClient
  const quiet: Span[] = [] // other requests before the first file
  const others: Span[] = []
  const inHand: (Span & { readonly name: string })[] = [] // files, from their first byte sent to the end of what came of them
  let largest = 0
  const seen = new Set<number>()
  const stop = new AbortController()
  let beside: Promise<unknown>
  beforeAll(async () => {
    server = await startTestServer({ on: 'pglite' })
    editor = await server.member('editor')
    const reader = await server.member('viewer')
    const ask = async (): Promise<Span> => {
      const began = performance.now()
      await reader.call(contract.listSources)
      return { began, ended: performance.now() }
    }
    const asking = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        others.push(await ask())
        await sleep(20)
      }
    }
    const watching = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        for (const [pid, bytes] of parsersOf(process.pid)) {
          seen.add(pid)
          largest = Math.max(largest, bytes)
        }
        await sleep(50)
      }
    }
    for (let n = 0; n < 50; n += 1) await ask()
    for (let n = 0; n < 100; n += 1) quiet.push(await ask())
    beside = Promise.all([asking(), watching()])
  })
  afterAll(async () => {
    stop.abort()
    await beside
    await server.close()
    const during = inHand.flatMap((file) => others.filter((other) => isWithin(other, file)))
    process.stdout.write(
      `hostile-files: ${quiet.length} other requests before, ${percentiles(quiet)}; ${during.length} while a file was in hand, ${percentiles(during)}; ${seen.size} parsers seen, the largest ${Math.round(largest / 2 ** 20)} MiB\n`,
    )
  })

  const upload = (name: string, bytes: Buffer): Promise<FileView> => editor.call(contract.uploadFile, { query: { name }, bytes } as never)
  async function imported(file: FileView): Promise<ImportView> {
    const { id } = await editor.call(contract.startImport, { body: { fileId: file.id, reading: { identifier: file.look!.columns[0]! } } })
    let last: ImportView | undefined
    for await (const view of editor.events(contract.watchImport, { params: { importId: id } })) last = view
    return last!
  }

  it.each(HOSTILE_FILES)('$name: $what', async (hostile) => {
    const { fate, name } = hostile
    const bytes = hostile.bytes() // made here, in the process that answers: before the others are looked at
    await sleep(1)
    const before = others.length
    const began = performance.now()
    const file = await upload(name, bytes)
    if ('refused' in fate) {
      expect(file).toMatchObject({ look: null, problem: { code: fate.refused, detail: expect.stringContaining(fate.says) as unknown } })
      expect(file.problem!.detail).toContain(`"${name}"`)
      expect(file.problem!.detail).not.toContain(server.folder)
      if (ALSO_IMPORTED.has(name))
        expect(await editor.refused(contract.startImport, { body: { fileId: file.id } })).toMatchObject({ status: 422, code: fate.refused })
    } else {
      expect(file.problem).toBeNull()
      const end = await imported(file)
      if ('fails' in fate)
        expect(end).toMatchObject({ state: 'failed', error: { code: fate.fails, detail: expect.stringContaining(fate.says) as unknown } })
      else expect(end).toMatchObject({ state: 'finished', read: fate.products, rejected: fate.rejected ?? 0 })
    }
    inHand.push({ name, began, ended: performance.now() })
    while (others.length === before) await sleep(5)
    expect(parsersOf(process.pid).size).toBe(0)
  })

  it('kept nobody waiting: others were answered again and again while a file was in hand, and not only when it was done with', () => {
    // One asks at a time: had a file kept them waiting, each would have seen a single answer.
    const answered = inHand.map((file) => others.filter((other) => isWithin(other, file)).length)
    expect(answered.reduce((sum, count) => sum + count, 0) / inHand.length).toBeGreaterThan(3)
    const early = inHand.flatMap((file) =>
      others.filter(({ began }) => began >= file.began && began < file.began + lengthOf(file) / 2).map(({ ended }) => ended > file.ended),
    )
    expect(early.filter(Boolean).length / early.length).toBeLessThan(0.1)
  })

  it.runIf(canSeeProcesses)('were taken apart in processes of their own, none of which took more memory than it may', () => {
    expect(seen.size).toBeGreaterThan(40)
    expect(largest).toBeGreaterThan(0)
    expect(largest).toBeLessThan(LIMITS.memoryBytes * 1.5) // it is looked at ten times a second
  })
})
