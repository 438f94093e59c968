import { sessionKey } from '../people/session-key.ts'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import type { RunCommand } from './command-request.ts'
import { createCommandSocket } from './command-socket.ts'
import type { Serve } from './create-server.ts'
import type { Listening } from './listen.ts'
import { openServices, type Services } from './services.ts'
import { watchShutdowns } from './watch-shutdowns.ts'

export interface RunningServer extends Listening {
  readonly services: Services
  /** Stops listening, lets what is under way end, closes the database and gives the data folder up. */
  close(): Promise<void>
}

/**
 * Opens everything and listens. `pages` answers what is no route: the built pages. `runCommand` does what command lines ask for
 * that find this server holding their data folder; without it they are told who holds it.
 */
export async function startServer({
  config,
  log,
  pages,
  runCommand,
}: {
  config: Config
  log: Log
  pages: readonly Serve[]
  runCommand?: RunCommand
}): Promise<RunningServer> {
  const secret = sessionKey(config)
  const commands = runCommand && createCommandSocket({ run: runCommand, config, log })
  // The database opens in its worker while this thread loads what answers requests: a third of a start.
  const [services, loaded] = await Promise.allSettled([
    openServices({ config, log, purpose: `the server on port ${config.port}`, onConnection: commands?.accept }),
    import('./listen.ts'),
  ])
  if (services.status === 'rejected') {
    await commands?.close()
    throw services.reason
  }
  const { value: opened } = services
  try {
    if (loaded.status === 'rejected') throw loaded.reason
    const listening = await loaded.value.listen({ services: opened, secret, config, log, pages })
    commands?.open(opened)
    const shutdowns = watchShutdowns(opened)
    return {
      ...listening,
      services: opened,
      async close() {
        await Promise.all([commands?.close(), listening.close(), shutdowns.close()])
        await opened.close()
      },
    }
  } catch (error) {
    await commands?.close()
    await opened.close()
    throw error
  }
}
