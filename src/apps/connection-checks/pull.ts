import { AppError, type ErrorCode, connectionRevoked } from '../../base/errors.ts'
import { backoffMs } from '../../calls/backoff.ts'
import { freeCall, SERVER_STOPS } from '../../calls/free-request.ts'
import type { CallServices } from '../../calls/services.ts'
import type { Connection } from '../../connections/connections.ts'
import type { PullView } from '../../contract/local-models.ts'
import { ProviderCallError } from '../../providers/failure.ts'
import { findProvider } from '../../providers/registry.ts'
import type { PullOffer, PullStep } from '../../providers/pull.ts'
import { createByteRate } from './byte-rate.ts'

/** The origin of a connection's pulls in the ledger. */
export const pullOrigin = (connectionId: string): string => `pull:${connectionId}`

/** What is fetched in one call; the next call goes on from there, and no call of the ledger stays open for hours. */
const PIECE_MS = 10 * 60_000
/** Checking what was fetched takes a server minutes of silence. */
const TIMEOUTS = { headersMs: 60_000, firstByteMs: 60_000, idleMs: 30 * 60_000, totalMs: 60 * 60_000 }
/** Its progress comes in lines of a hundred bytes, several each second. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const TRIES_WITHOUT_PROGRESS = 5

/** A pull of this process: how far it is, and what ends it. */
export interface Pull {
  readonly actor: string
  view(): PullView
  /** @throws AppError pull.refused where the server goes on whoever leaves. */
  cancel(): void
  /** Cuts it because the server stops. */
  interrupt(): void
  /** Settles when it has ended, however; never rejects. */
  readonly ended: Promise<PullView>
}

/**
 * Asks a connection's server to fetch a model, along the path of calls, and again where it broke off, until the model is there
 * or trying on is no use: 5 times without a byte more. @throws AppError pull.refused before anything is asked.
 */
export function startPull(
  services: CallServices,
  { workspaceId, actor, connection, model }: { workspaceId: string; actor: string; connection: Connection; model: string },
): Pull {
  const { clock, log } = services
  const offer = requirePull(connection, model)
  const stop = new AbortController()
  const rate = createByteRate()
  const nowMs = (): number => clock.now().getTime()
  const startedAt = clock.now().toISOString()
  let state: PullView['state'] = 'running'
  let step: PullStep | undefined
  let problem: PullView['problem'] = null
  let endedAt: string | null = null

  const view = (): PullView => {
    const { doing = null, totalBytes = null, completedBytes = null } = step ?? {}
    const bytesPerSecond = state === 'running' && doing === 'fetching' ? rate.perSecond(nowMs()) : null
    const left = totalBytes !== null && completedBytes !== null ? totalBytes - completedBytes : null
    const secondsLeft = bytesPerSecond && left !== null ? Math.ceil(left / bytesPerSecond) : null
    return { model, state, doing, totalBytes, completedBytes, bytesPerSecond, secondsLeft, problem, elsewhere: false, startedAt, endedAt }
  }
  const end = (how: PullView['state']): PullView => {
    state = how
    endedAt = clock.now().toISOString()
    return view()
  }

  /** One call. @returns whether the model is there now. */
  const fetchPiece = (): Promise<boolean> => {
    const endsAtMs = nowMs() + PIECE_MS
    rate.restart()
    const { id: connectionId, provider } = connection
    const call = { workspaceId, connectionId, provider, actor, origin: pullOrigin(connectionId), signal: stop.signal, model }
    return freeCall(services, call, async (ask) => {
      const steps = offer.pull((question) => ask({ ...question, timeouts: TIMEOUTS, maxBodyBytes: MAX_ANSWER_BYTES }), model)
      for await (const next of steps) {
        step = next
        state = 'running'
        problem = null
        if (next.doing === 'done') return true
        if (next.fetchedBytes !== undefined) rate.observe(nowMs(), next.fetchedBytes)
        if (next.doing === 'fetching' && offer.whenLeft === 'kept' && nowMs() >= endsAtMs) return false
      }
      return false
    })
  }

  const run = async (): Promise<PullView> => {
    let failures = 0
    for (;;) {
      const before = step?.completedBytes ?? 0
      try {
        if (await fetchPiece()) return end('done')
        failures = 0
      } catch (error) {
        if (stop.signal.aborted) return end(stop.signal.reason === SERVER_STOPS ? 'interrupted' : 'cancelled')
        if (!(error instanceof AppError)) throw error
        const { code, detail } = error
        const excerpt = error instanceof ProviderCallError ? error.failure.excerpt : undefined
        problem = { code, detail }
        failures = (step?.completedBytes ?? 0) > before ? 1 : failures + 1
        log.info(
          { connectionId: connection.id, model, code, attempt: failures, ...(excerpt === undefined ? {} : { excerpt }) },
          'a pull broke off',
        )
        if (!MAY_GO_ON.has(code) || failures >= TRIES_WITHOUT_PROGRESS) return end('failed')
        state = 'waiting'
        await clock.sleep(backoffMs(failures), stop.signal).catch(() => undefined)
        if (stop.signal.aborted) return end(stop.signal.reason === SERVER_STOPS ? 'interrupted' : 'cancelled')
      }
    }
  }
  const ended = run().catch((error: unknown) => {
    log.error({ error, connectionId: connection.id, model }, 'a pull failed for a reason of ours')
    problem = { code: 'provider.failed', detail: 'The pull failed for a reason of ours; the server’s log has it. Pull again.' }
    return end('failed')
  })
  const cancel = (): void => {
    if (offer.whenLeft === 'goes_on')
      throw new AppError('pull.refused', 'This server cannot be told to stop. Stop the download in its own window.')
    stop.abort()
  }
  return { actor, view, cancel, interrupt: () => stop.abort(SERVER_STOPS), ended }
}

/** What a network gives and takes, as opposed to what stays wrong however often it is tried. */
const MAY_GO_ON: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'provider.cut_off',
  'provider.unreachable',
  'provider.timeout',
  'provider.overloaded',
  'pull.offline',
  'database.unavailable',
])

/** @throws AppError pull.refused, connection.revoked. */
function requirePull({ provider: id, destination, status, slug }: Connection, model: string): PullOffer {
  const { name, pull, regions = [] } = findProvider(id)
  if (status !== 'active') throw connectionRevoked(slug)
  if (!pull) throw new AppError('pull.refused', `${name} fetches no models on request.`)
  if (regions.some(({ baseUrl }) => baseUrl === destination.baseUrl)) {
    throw new AppError('pull.refused', 'This connection goes to the provider’s own cloud, where nothing needs to be fetched.')
  }
  if (!pull.isName(model)) {
    throw new AppError(
      'pull.refused',
      `This is no name of a model in the server’s own library, such as ${pull.example}. Copy the name with its tag from ${pull.library}.`,
    )
  }
  return pull
}
