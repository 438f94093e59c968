import type { CliResult, RunningCli } from './cli.ts'
import type { Installation } from './installation.ts'

/** `latchkey serve` on an installation, as a process of its own. */
export interface Serving {
  readonly child: RunningCli['child']
  readonly origin: string
  readonly claimToken: string
  /** From now on: waits until its log has these texts, one after another. */
  willLog(...texts: readonly string[]): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<CliResult>
}

export async function startServing({ start }: Pick<Installation, 'start'>): Promise<Serving> {
  const { child, result } = start(['serve'], { LATCHKEY_PORT: '0' })
  let out = ''
  let log = ''
  let look = (): void => undefined
  const until = (isThere: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (isThere()) resolve()
      }
      void result.then(({ stderr }) => reject(new Error(`the server ended: ${stderr.slice(-2_000)}`)))
      look()
    })
  child.stdout!.on('data', (part: string) => {
    out += part
    look()
  })
  child.stderr!.on('data', (part: string) => {
    log += part
    look()
  })
  await until(() => out.includes('/claim#'))
  return {
    child,
    origin: /Latchkey is at (\S+)/.exec(out)![1]!,
    claimToken: /\/claim#(\S+)/.exec(out)![1]!,
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
