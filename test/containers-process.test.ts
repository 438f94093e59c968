import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withParser } from '../src/catalogue/containers/parser-process.ts'
import type { ContainedFormat } from '../src/catalogue/formats/format.ts'
import { readRows } from '../src/catalogue/formats/read.ts'
import { makeWorkbook } from './support/archives.ts'
import { readBytes } from './support/contained.ts'
import { canSeeProcesses, isThere, parsersOf } from './support/parsers.ts'
import { until } from './support/until.ts'

let folder: string
let path: string
let format: ContainedFormat
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-parser-'))
  const rows = [['sku', 'title'], ...Array.from({ length: 5_000 }, (_, index) => [`P${index}`, `Product ${index}`])]
  const whole = await readBytes(folder, 'rows.xlsx', makeWorkbook([{ name: 'S', rows }]))
  path = whole.path
  format = whole.format as ContainedFormat
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.runIf(canSeeProcesses)('the process that takes a file apart', () => {
  it('gets nothing of this one’s environment, and may read Latchkey’s code and the file alone', async () => {
    process.env['LATCHKEY_CANARY'] = 'canary-4711'
    try {
      await withParser(path, {}, async (parser) => {
        await parser.ask({ kind: 'read', file: path, format, limit: null })
        const [pid] = parsersOf(process.pid).keys()
        expect(await readFile(`/proc/${pid}/environ`, 'latin1')).not.toContain('canary-4711')
        const words = (await readFile(`/proc/${pid}/cmdline`, 'latin1')).split('\0')
        expect(words).toContain('--permission')
        const allowed = words.filter((word) => word.startsWith('--allow-')).map((word) => word.replace(/.*?=/, ''))
        expect(allowed.length).toBe(4)
        for (const place of allowed) expect(place).toMatch(/\/(?:src|node_modules)\/$|\/package\.json$/)
        expect(allowed.some((place) => path.startsWith(place))).toBe(false)
      })
    } finally {
      delete process.env['LATCHKEY_CANARY']
    }
  })

  it('ends at its time, and whoever waits hears why', async () => {
    const task = withParser(path, { workMs: 1 }, (parser) => parser.ask({ kind: 'read', file: path, format, limit: null }))
    await expect(task).rejects.toMatchObject({
      code: 'file.refused',
      detail: expect.stringContaining('to be read. Save it as CSV') as unknown,
    })
    expect(parsersOf(process.pid).size).toBe(0)
  })

  it('ends when whoever reads stops, by leaving or by a signal', async () => {
    for await (const rows of readRows(path, format)) {
      expect(rows.length).toBe(500)
      break
    }
    expect(parsersOf(process.pid).size).toBe(0)
    const stop = new AbortController()
    const reading = async (): Promise<void> => {
      for await (const rows of readRows(path, format, { signal: stop.signal })) if (rows.length > 0) stop.abort(new Error('stopped'))
    }
    await expect(reading()).rejects.toThrow('stopped')
    expect(parsersOf(process.pid).size).toBe(0)
  })

  it('ends when the process that started it is killed', async () => {
    const program = fileURLToPath(new URL('support/programs/hold-parser.ts', import.meta.url))
    const parent = spawn(process.execPath, [program, path, JSON.stringify(format)], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(parent.stdout, 'data')
    const [pid] = parsersOf(parent.pid!).keys()
    expect(isThere(pid!)).toBe(true)
    parent.kill('SIGKILL')
    await until(() => !isThere(pid!))
    expect(isThere(pid!)).toBe(false)
  })

  it('is one of four at most; others wait for their turn, or leave the queue', async () => {
    const hold = Promise.withResolvers<void>()
    const holding = Array.from({ length: 4 }, () => withParser(path, {}, () => hold.promise))
    await until(() => parsersOf(process.pid).size === 4)
    const stop = new AbortController()
    const leaving = withParser(path, { signal: stop.signal }, async () => 'read')
    const waiting = withParser(path, {}, async () => 'read')
    stop.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    expect(parsersOf(process.pid).size).toBe(4)
    hold.resolve()
    expect(await waiting).toBe('read')
    await Promise.all(holding)
    expect(parsersOf(process.pid).size).toBe(0)
  })
})
