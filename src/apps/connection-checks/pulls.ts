import { recordAudit } from '../../audit/audit.ts'
import { AppError } from '../../base/errors.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Connection } from '../../connections/connections.ts'
import type { PullView } from '../../contract/local-models.ts'
import { storedPulls } from './stored-pulls.ts'
import { type Pull, startPull } from './pull.ts'

/** The pulls of this process, which go on without the page that began them. */
export interface Pulls {
  /** @throws AppError pull.running, pull.refused, connection.revoked. */
  start(request: { actor: string; connection: Connection; model: string }): Promise<PullView>
  /** @throws AppError pull.missing: it has ended, or another instance has it in hand. */
  cancel(connectionId: string, model: string): Promise<PullView>
  /** Those of a connection, the newest first: of this process, and what the ledger knows of others. */
  list(connection: Connection): Promise<PullView[]>
  /** The same, at once and at most once a second when something changed, until nothing is being fetched. */
  watch(connection: Connection, signal: AbortSignal): AsyncGenerator<PullView[]>
  /** Cuts those that run, and waits for their last word in the ledger. */
  close(): Promise<void>
}

const LOOK_EVERY_MS = 1_000
/** Of those that have ended, in memory; the ledger knows the rest. */
const KEPT_PER_CONNECTION = 20

const isGoingOn = ({ state }: PullView): boolean => state === 'running' || state === 'waiting'

export function createPulls(services: CallServices): Pulls {
  const { database, clock } = services
  const byConnection = new Map<string, Map<string, Pull>>()
  let isClosed = false

  const ofConnection = (id: string): Map<string, Pull> => {
    const pulls = byConnection.get(id) ?? new Map<string, Pull>()
    byConnection.set(id, pulls)
    return pulls
  }
  const audit = (pull: Pull, { id, workspaceId }: Connection, action: 'model.pull_started' | 'model.pull_ended' | 'model.pulled') => {
    const { model, state, problem, totalBytes } = pull.view()
    const detail = {
      model,
      ...(action === 'model.pull_started' ? {} : { state, bytes: totalBytes, ...(problem ? { code: problem.code } : {}) }),
    }
    return database.inWorkspace(workspaceId, (tx) =>
      recordAudit(tx, { workspaceId, actor: pull.actor, action, subject: `connection:${id}`, detail }),
    )
  }
  const list = async (connection: Connection): Promise<PullView[]> => {
    const own = [...ofConnection(connection.id).values()].map((pull) => pull.view())
    const here = new Set(own.map(({ model }) => model))
    const stored = await database.inWorkspace(connection.workspaceId, (tx) =>
      storedPulls(tx, { connectionId: connection.id, now: clock.now() }),
    )
    return [...own, ...stored.filter(({ model }) => !here.has(model))].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  }

  return {
    async start({ actor, connection, model }) {
      if ((await list(connection)).some((pull) => pull.model === model && isGoingOn(pull))) throw alreadyRunning(model)
      const pulls = ofConnection(connection.id)
      const before = pulls.get(model)
      if (isClosed || (before && isGoingOn(before.view()))) throw alreadyRunning(model)
      const pull = startPull(services, { workspaceId: connection.workspaceId, actor, connection, model })
      pulls.delete(model)
      pulls.set(model, pull)
      for (const [name, old] of pulls) if (pulls.size > KEPT_PER_CONNECTION && !isGoingOn(old.view())) pulls.delete(name)
      await audit(pull, connection, 'model.pull_started')
      void pull.ended
        .then(({ state }) => audit(pull, connection, state === 'done' ? 'model.pulled' : 'model.pull_ended'))
        .catch((error: unknown) => services.log.error({ error, connectionId: connection.id }, 'the end of a pull is not in the audit log'))
      return pull.view()
    },
    async cancel(connectionId, model) {
      const pull = byConnection.get(connectionId)?.get(model)
      if (!pull || !isGoingOn(pull.view())) {
        throw new AppError('pull.missing', `${model} is not being fetched by this server process at the moment. Load the page again.`)
      }
      pull.cancel()
      return pull.ended
    },
    list,
    async *watch(connection, signal) {
      let before = ''
      for (;;) {
        const items = await list(connection)
        const now = JSON.stringify(items)
        if (now !== before) yield items
        before = now
        if (!items.some(isGoingOn)) return
        try {
          await clock.sleep(LOOK_EVERY_MS, signal)
        } catch {
          return
        }
      }
    },
    async close() {
      isClosed = true
      const all = [...byConnection.values()].flatMap((pulls) => [...pulls.values()])
      for (const pull of all) pull.interrupt()
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}

const alreadyRunning = (model: string): AppError => new AppError('pull.running', `${model} is being fetched already.`)
