import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CliResult, RunningCli } from './cli.ts'
import type { Installation } from './installation.ts'

/** `latchkey serve` on an installation, as a process of its own. */
export interface Serving {
  readonly child: RunningCli['child']
  /** What it prints when its pages are there, which a build may delay. */
  welcome(): Promise<{ origin: string; claimToken: string }>
  /** From now on: waits until its log has these texts, one after another. */
  willLog(...texts: readonly string[]): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<CliResult>
}

/** Starts it, and waits until it holds the data folder. */
export async function startServing({ start, home }: Pick<Installation, 'start' | 'home'>): Promise<Serving> {
  const { child, result } = start(['serve'], { LATCHKEY_PORT: '0' })
  let out = ''
  let log = ''
  let ended: CliResult | undefined
  void result.then((end) => (ended = end))
  child.stdout!.on('data', (part: string) => (out += part))
  child.stderr!.on('data', (part: string) => (log += part))
  const until = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) {
      if (ended) throw new Error(`the server ended: ${ended.stderr.slice(-2_000)}`)
      await sleep(20)
    }
  }
  const holder = join(home.folder, 'data', 'holder.json')
  await until(() => existsSync(holder) && readFileSync(holder, 'utf8').includes(`"pid":${child.pid},`))
  return {
    child,
    async welcome() {
      await until(() => out.includes('/claim#'))
      return { origin: /Latchkey is at (\S+)/.exec(out)![1]!, claimToken: /\/claim#(\S+)/.exec(out)![1]! }
    },
    async willLog(...texts) {
      let from = log.length
      for (const text of texts) {
        await until(() => log.includes(text, from))
        from = log.indexOf(text, from) + text.length
      }
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return result
    },
  }
}
