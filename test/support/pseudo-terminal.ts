import { spawn, spawnSync } from 'node:child_process'
import { describe } from 'vitest'
import { type Home, MAIN } from './cli.ts'
import { requireAll } from './shared.ts'

/** A suite that needs a pseudo terminal: skipped with the reason where nothing makes one. */
export function describeOnTerminal(name: string, suite: () => void): void {
  const absence = spawnSync('script', ['--version']).status === 0 ? undefined : 'there is no program "script" to make a pseudo terminal'
  describe.skipIf(absence !== undefined && !requireAll)(`${name}${absence ? ` (skipped: ${absence})` : ''}`, suite)
}

/** Runs the command on a terminal of its own, and types `answer` when it asks. */
export function runOnTerminal(args: readonly string[], answer: string, home: Home): Promise<{ code: number | null; screen: string }> {
  return new Promise((resolve, reject) => {
    const quoted = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN, ...args].map((word) => `'${word}'`).join(' ')
    const child = spawn('script', ['--quiet', '--return', '--command', quoted, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home.folder, TERM: 'xterm', COLUMNS: '160', ...home.environment },
    })
    let screen = ''
    let answered = false
    child.stdout.on('data', (part: Buffer) => {
      screen += part.toString()
      if (!answered && screen.includes('[y/N]')) {
        answered = true
        child.stdin.write(answer)
      }
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, screen }))
  })
}
