import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { Database } from '../db/database.ts'
import { connections, members, virtualKeys } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Log } from '../runtime/log.ts'

/** What a call in flight stands on. */
export interface WatchedCall {
  readonly connectionId: string
  readonly virtualKeyId?: string | undefined
}

/** Why a call was cut: what it stood on was revoked, or nobody could say any more whether it was. */
export type CutReason = 'connection_revoked' | 'virtual_key_revoked' | 'database_gone'

/** Cuts calls in flight whose connection or virtual key is revoked, or whose virtual key's owner has left, in whichever process that was done (KEY-12). */
export interface CallWatch {
  /** @returns to be called when the call is over. */
  watch(call: WatchedCall, cut: (reason: CutReason) => void): () => void
  close(): Promise<void>
}

const POLL_MS = 250
/** Without a word from the database for so long, calls in flight are cut, and at the next look at the latest: they may have been revoked. */
const LEASE_MS = 4_500

interface Entry extends WatchedCall {
  readonly cut: (reason: CutReason) => void
}

/**
 * While calls are in flight the database is asked four times a second, once for all of them. A call of an instance that hears nothing
 * from PostgreSQL for a while is cut, as is one whose database says that it is gone.
 */
export function createCallWatch({ database, clock, log }: { database: Database; clock: Clock; log: Log }): CallWatch {
  const entries = new Set<Entry>()
  const closing = new AbortController()
  let polling: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const ids = unique(entries, ({ connectionId }) => connectionId)
    const keyIds = unique(entries, ({ virtualKeyId }) => virtualKeyId)
    const ended = await database.asSystem('what calls in flight stand on', async (tx) => {
      const [found, keys] = await Promise.all([
        tx.select({ id: connections.id, status: connections.status }).from(connections).where(inArray(connections.id, ids)),
        keyIds.length === 0
          ? []
          : tx
              .select({ id: virtualKeys.id })
              .from(virtualKeys)
              .innerJoin(members, and(eq(members.workspaceId, virtualKeys.workspaceId), eq(members.userId, virtualKeys.ownerId)))
              .where(and(inArray(virtualKeys.id, keyIds), isNull(virtualKeys.revokedAt))),
      ])
      const live = new Set(found.flatMap(({ id, status }) => (status === 'active' || status === 'draft' ? [id] : [])))
      const liveKeys = new Set(keys.map(({ id }) => id))
      return {
        connections: new Set(ids.filter((id) => !live.has(id))),
        keys: new Set(keyIds.filter((id) => !liveKeys.has(id))),
      }
    })
    for (const { connectionId, virtualKeyId, cut } of entries) {
      if (ended.connections.has(connectionId)) cut('connection_revoked')
      else if (virtualKeyId !== undefined && ended.keys.has(virtualKeyId)) cut('virtual_key_revoked')
    }
  }

  const poll = async (): Promise<void> => {
    // What the database says is true of when it was asked, not of when its answer came.
    let lastWordMs = clock.now().getTime()
    let looking: Promise<void> | undefined
    let isUnsure = false
    const begin = (): Promise<void> => {
      const askedMs = clock.now().getTime()
      const asked = look()
        .then(
          () => {
            lastWordMs = Math.max(lastWordMs, askedMs)
            isUnsure = false
          },
          (error: unknown) => {
            log.warn({ error }, 'the database did not say whether calls in flight may go on')
            isUnsure = true
          },
        )
        .finally(() => {
          if (looking === asked) looking = undefined
        })
      return asked
    }
    for (;;) {
      try {
        await clock.sleep(POLL_MS, closing.signal)
      } catch {
        break
      }
      if (entries.size === 0) break
      // One that is cut off may never answer. The embedded one is in this process: what is slow there, a revocation waits for too.
      if (looking && database.engine === 'postgres') isUnsure = true
      if (isUnsure && clock.now().getTime() - lastWordMs >= LEASE_MS) {
        for (const { cut } of entries) cut('database_gone')
        // Calls that begin after this were admitted by a database that answers.
        lastWordMs = clock.now().getTime()
        isUnsure = false
        looking = undefined
      }
      looking ??= begin()
    }
    polling = undefined // in the same turn as the last look at the entries, so that none that comes after it is overlooked
  }

  return {
    watch(call, cut) {
      const entry: Entry = { ...call, cut }
      entries.add(entry)
      polling ??= poll()
      return () => entries.delete(entry)
    },
    async close() {
      closing.abort()
      await polling
    },
  }
}

const unique = (entries: ReadonlySet<Entry>, idOf: (entry: Entry) => string | undefined): string[] => [
  ...new Set(Array.from(entries, idOf).filter((id) => id !== undefined)),
]
