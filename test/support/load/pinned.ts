import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** What stands between a benchmark's numbers and a neighbour's work: the gateway has core 0, all that surrounds it core 1. */
export const GATEWAY_CORE = 0
export const LOAD_CORE = 1

/** Whether programs can be kept on one core here. */
export const canPin = spawnSync('taskset', ['-V']).status === 0

/** Moves this process with all its threads; what it starts from now on is there too. */
export function pinSelf(core: number): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}

/** A program in a process, and where it is pinned on a core, of its own, that is asked things over IPC. */
export interface Program {
  readonly pid: number
  /** Sends a message, and waits for the next one that comes back. */
  ask<Answer>(question: string): Promise<Answer>
  /** Lets it end by itself: its parent is gone, as far as it knows. */
  stop(): Promise<void>
  kill(): Promise<void>
}

/** Starts `file` with Node, on `core` or anywhere. @returns what it said first, and the program; throws when it ends before that. */
export async function startPinned<Greeting>(
  file: string,
  {
    core,
    args = [],
    nodeFlags = [],
    env = process.env,
  }: { core?: number | undefined; args?: readonly string[]; nodeFlags?: readonly string[]; env?: NodeJS.ProcessEnv },
): Promise<{ program: Program; greeting: Greeting }> {
  const own = [process.execPath, ...nodeFlags, file, ...args]
  const [command, ...rest] = canPin && core !== undefined ? ['taskset', '-c', String(core), ...own] : own
  const child = spawn(command!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env })
  const greeting = await next<Greeting>(child, file)
  const gone = (): Promise<unknown> => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve())
  const program: Program = {
    pid: child.pid!,
    ask: (question) => {
      const answer = next(child, file)
      child.send(question)
      return answer as never
    },
    async stop() {
      const ended = gone()
      if (child.connected) child.disconnect()
      await ended
    },
    async kill() {
      const ended = gone()
      child.kill('SIGKILL')
      await ended
    },
  }
  return { program, greeting }
}

async function next<Message>(child: ChildProcess, file: string): Promise<Message> {
  const waiting = new AbortController()
  const message = once(child, 'message', { signal: waiting.signal })
  const ended = once(child, 'exit', { signal: waiting.signal }).then(() => {
    throw new Error(`${file} ended before it answered`)
  })
  try {
    return ((await Promise.race([message, ended])) as [Message])[0]
  } finally {
    waiting.abort()
    void Promise.allSettled([message, ended])
  }
}
