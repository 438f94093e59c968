import { modelsInUse } from '../assignments/assignments.ts'
import type { Database } from '../db/database.ts'
import { addNoticeOnce } from '../people/notices.ts'
import { workspaceIds } from '../people/workspaces.ts'
import { shutdownAhead } from '../prices/models.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'

const LOOK_EVERY_MS = 24 * 3_600_000

interface Watched {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/**
 * Tells the owners and admins of every workspace, once, which of the models they use are shut down within 90 days. However
 * often and by however many servers it is done: a model and its day are one subject. @returns how many notices were written.
 */
export async function tellShutdowns({ database, clock }: Omit<Watched, 'log'>): Promise<number> {
  let written = 0
  for (const workspaceId of await workspaceIds(database)) {
    written += await database.inWorkspace(workspaceId, async (tx) => {
      let told = 0
      for (const { provider, model, standsFor } of await modelsInUse(tx)) {
        const shutdown = shutdownAhead({ provider, model, standsFor, at: clock.now() })
        if (!shutdown) continue
        const subject = `model:${shutdown.date}:${provider}/${model}`
        told += await addNoticeOnce(tx, { workspaceId, roles: ['owner', 'admin'], kind: 'model.shutdown', subject, text: model })
      }
      return told
    })
  }
  return written
}

/** Looks at once and then every day, for as long as the server runs. What fails is logged and tried again the next day. */
export function watchShutdowns(watched: Watched): { close(): Promise<void> } {
  let looking = Promise.resolve()
  const look = (): void => {
    looking = looking
      .then(() => tellShutdowns(watched))
      .then(
        () => undefined,
        (error: unknown) => watched.log.error({ error }, 'models that are shut down could not be looked up'),
      )
  }
  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      return looking
    },
  }
}
