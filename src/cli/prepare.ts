import { loadConfig } from '../runtime/config.ts'
import { createLog } from '../runtime/log.ts'
import { guardProcess } from '../runtime/process.ts'
import { secretFrom } from '../server/remote-terminal.ts'
import type { CommandContext } from './command.ts'

type Prepared = Pick<CommandContext, 'config' | 'log' | 'takeSecret' | 'openServices'>

/** What a command in a process of its own works with: loaded only for one that runs, so that help is quick. */
export function prepare(environment: Readonly<Record<string, string | undefined>>): Prepared {
  const config = loadConfig(environment)
  const log = createLog({ level: config.logLevel })
  guardProcess({ log })
  return {
    config,
    log,
    takeSecret: (variable) => secretFrom(environment[variable]),
    openServices: async (asked) => (await import('../server/services.ts')).openServices({ config, log, ...asked }),
  }
}
