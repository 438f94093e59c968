import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Workplace } from './command.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** `npm start` as a process of its own, from the moment it was typed. */
export interface Served {
  readonly url: string
  readonly claimToken: string | undefined
  readonly startedMs: number // performance.now()
  readonly listeningMs: number // since then, until it says its address
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()

export async function npmStart({ environment }: Workplace): Promise<Served> {
  const startedMs = performance.now()
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    env: { ...environment, LATCHKEY_PORT: '0', LATCHKEY_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // npm, its shell and the server are one group, which is stopped together
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const complaints: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line))
  const lines: string[] = []
  const said = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      if (line.startsWith('Latchkey is at ')) setTimeout(resolve, 20) // the link comes with it
    })
    child.once('exit', () => reject(new Error(`npm start ended: ${[...lines, ...complaints].join('\n')}`)))
  })
  await said
  const listeningMs = performance.now() - startedMs - 20
  const text = lines.join('\n')
  return {
    url: /Latchkey is at (\S+)/.exec(text)![1]!,
    claimToken: /\/claim#(\S+)/.exec(text)?.[1],
    startedMs,
    listeningMs,
    stop: () => stop(child),
  }
}

/** Whatever was started and not stopped, when something failed between. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => stop(child)))
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  process.kill(-child.pid!, 'SIGTERM')
  await gone
}
