import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../../test/support/test-folder.ts'

const CANARY = 'canary.wombat.saxophone'
const room = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href)

/** Runs `script` in a guarded process that may write diagnostic reports; what it printed and wrote. */
function runGuarded(script: string, flags: readonly string[] = []) {
  const folder = testFolder()
  const prelude = `
    import { guardProcess } from ${room('./process.ts')}
    import { createLog } from ${room('./log.ts')}
    guardProcess({ log: createLog({ level: 'warn' }) })`
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--report-on-fatalerror',
      '--report-uncaught-exception',
      `--report-directory=${folder}`,
      ...flags,
      '--input-type=module',
      '-e',
      `${prelude}\n${script}`,
    ],
    { encoding: 'utf8', cwd: folder, env: { ...process.env, OPENAI_API_KEY: CANARY, NODE_OPTIONS: '' } },
  )
  const reports = readdirSync(folder).filter((name) => name.startsWith('report'))
  return { status, signal, output: stdout + stderr, reports: reports.map((name) => readFileSync(join(folder, name), 'utf8')) }
}

describe('KEY-10: a crash tells no secret', () => {
  it.each([
    ['an object that was thrown', `setTimeout(() => { throw { headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY } } })`],
    [
      'an error with a response in it',
      `setTimeout(() => { throw Object.assign(new Error('failed'), { response: { key: process.env.OPENAI_API_KEY } }) })`,
    ],
    ['an error whose cause tells it', `setTimeout(() => { throw new Error('failed', { cause: new Error(process.env.OPENAI_API_KEY) }) })`],
    ['a rejection that nothing handled', `void Promise.reject(Object.assign(new Error('failed'), { key: process.env.OPENAI_API_KEY }))`],
    [
      'a thrown request',
      `setTimeout(() => { throw new Request('http://localhost', { headers: { 'x-api-key': process.env.OPENAI_API_KEY } }) })`,
    ],
  ])('%s', (_, script) => {
    const { status, output, reports } = runGuarded(script)
    expect(status).toBe(1)
    expect(output).toMatch(/"msg":"(an error was not caught|a promise was rejected and nothing handled it)"/)
    expect(output + reports.join('')).not.toContain('wombat')
  })

  const OUT_OF_MEMORY = `const all = []; for (;;) all.push(new Array(1000).fill(0))`

  it('running out of memory, as the launcher starts it, writes its report without the environment', () => {
    const { status, output, reports } = runGuarded(OUT_OF_MEMORY, ['--max-old-space-size=32', '--report-exclude-env'])
    expect(status).not.toBe(0)
    expect(reports).toHaveLength(1)
    expect(output + reports.join('')).not.toContain('wombat')
  })

  it('running out of memory, started otherwise, writes none', () => {
    const { status, output, reports } = runGuarded(OUT_OF_MEMORY, ['--max-old-space-size=32'])
    expect(status).not.toBe(0)
    expect(reports).toEqual([])
    expect(output).not.toContain('wombat')
  })

  it('a report that is asked for leaves the environment out', () => {
    const { output, reports } = runGuarded(`process.report.writeReport()`)
    expect(reports).toHaveLength(1)
    expect(output + reports.join('')).not.toContain('wombat')
  })
})
