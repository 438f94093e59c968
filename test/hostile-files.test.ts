import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS } from '../src/catalogue/containers/protocol.ts'
import * as contract from '../src/contract/catalogue.ts'
import type { FileView, ImportView } from '../src/contract/catalogue.ts'
import { HOSTILE_FILES, type HostileFile } from './support/hostile-files.ts'
import { canSeeProcesses, parsersOf } from './support/parsers.ts'
import { startTestServer, type TestClient, type TestServer } from './support/server.ts'

/** Looking and importing begin alike: a few show it for all. */
const ALSO_IMPORTED = new Set(['bomb.xlsx', 'cut.xlsx', 'xxe.xlsx', 'xxe.xml'])

describe(`OUT-6: ${HOSTILE_FILES.length} hostile files`, () => {
  let server: TestServer
  let editor: TestClient
  let asked = 0
  let slowestMs = 0
  let largest = 0
  const seen = new Set<number>()
  const stop = new AbortController()
  let others: Promise<unknown>
  beforeAll(async () => {
    server = await startTestServer({ on: 'pglite' })
    editor = await server.member('editor')
    const reader = await server.member('viewer')
    const asking = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const began = performance.now()
        await reader.call(contract.listSources)
        slowestMs = Math.max(slowestMs, performance.now() - began)
        asked += 1
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
    others = Promise.all([asking(), watching()])
  })
  afterAll(async () => {
    stop.abort()
    await others
    await server.close()
    process.stdout.write(
      `hostile-files: ${asked} other requests, the slowest ${Math.round(slowestMs)} ms; ${seen.size} parsers seen, the largest ${Math.round(largest / 2 ** 20)} MiB\n`,
    )
  })

  const upload = ({ name, bytes }: HostileFile): Promise<FileView> =>
    editor.call(contract.uploadFile, { query: { name }, bytes: bytes() } as never)
  async function imported(file: FileView): Promise<ImportView> {
    const { id } = await editor.call(contract.startImport, { body: { fileId: file.id, reading: { identifier: file.look!.columns[0]! } } })
    let last: ImportView | undefined
    for await (const view of editor.events(contract.watchImport, { params: { importId: id } })) last = view
    return last!
  }

  it.each(HOSTILE_FILES)('$name: $what', async (hostile) => {
    const { fate, name } = hostile
    const before = asked
    const file = await upload(hostile)
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
    while (asked === before) await sleep(5) // others are answered meanwhile
    expect(parsersOf(process.pid).size).toBe(0)
  })

  it.runIf(canSeeProcesses)('were taken apart in processes of their own, none of which took more memory than it may', () => {
    expect(seen.size).toBeGreaterThan(40)
    expect(largest).toBeGreaterThan(0)
    expect(largest).toBeLessThan(LIMITS.memoryBytes * 1.5) // it is looked at ten times a second
  })
})
