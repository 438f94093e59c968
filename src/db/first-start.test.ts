import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { openEngine } from './open.ts'
import { runStatement } from './session.ts'

const silent = { debug: (): void => undefined, warn: (): void => undefined }

/** Stands for an initdb whose parent was killed: it goes on writing to its folder. */
const WRITER = `
  const { mkdirSync, writeFileSync } = require('node:fs')
  for (let n = 0; ; n++) {
    try {
      mkdirSync(process.argv[1] + '/base', { recursive: true })
      writeFileSync(process.argv[1] + '/base/' + (n % 1000), 'x')
    } catch {} // its folder was removed under it
  }`

it('a first start that was killed hinders no later one, even while the initdb it left is still writing', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-first-'))
  const folder = join(dataDir, 'pgdata.new')
  const orphan = spawn(process.execPath, ['-e', WRITER, folder], { stdio: 'ignore' })
  const ended = once(orphan, 'exit')
  try {
    while (!existsSync(join(folder, 'base'))) await sleep(5)
    const first = await openEngine({ dataDir, databaseUrl: undefined, log: silent })
    expect((await runStatement(first, 'select 1 as one')).rows).toEqual([{ one: 1 }])
    await first.close()
  } finally {
    orphan.kill('SIGKILL')
    await ended
  }
  const second = await openEngine({ dataDir, databaseUrl: undefined, log: silent })
  await second.close()
  expect(readdirSync(dataDir).filter((name) => name.startsWith('pgdata'))).toEqual(['pgdata']) // what was left is gone
  rmSync(dataDir, { recursive: true })
})
