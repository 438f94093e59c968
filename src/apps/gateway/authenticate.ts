import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../base/errors.ts'
import type { Database } from '../../db/database.ts'
import { hashToken } from '../../people/tokens.ts'
import { createUseNotes, isVirtualKey, type VirtualKey, workingVirtualKeys } from '../../people/virtual-keys.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'

/** Who asks, by the virtual key in a request's headers. @throws AppError virtual_key.refused. */
export type Authenticate = (headers: IncomingHttpHeaders) => Promise<VirtualKey>

/**
 * Reads the database for every request, so that a key revoked anywhere opens nothing from that commit on. Requests that come
 * while one look-up is under way share the next.
 */
export function createAuthenticator({ database, clock, log }: { database: Database; clock: Clock; log: Log }): Authenticate {
  const noteUse = createUseNotes({ database, clock, log })
  let waiting: { hash: Uint8Array; resolve: (key: VirtualKey | undefined) => void; reject: (error: unknown) => void }[] = []
  let running = false

  const lookUp = async (): Promise<void> => {
    running = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        const found = await workingVirtualKeys(
          database,
          batch.map(({ hash }) => hash),
          clock.now(),
        )
        for (const { hash, resolve } of batch) resolve(found.get(Buffer.from(hash).toString('hex')))
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    running = false
  }

  return async (headers) => {
    const token = tokenIn(headers)
    if (token === undefined) throw refused('Send a virtual key of Latchkey as "Authorization: Bearer sk-lk-…" or "x-api-key: sk-lk-…".')
    if (!isVirtualKey(token)) {
      throw refused('This is no virtual key of Latchkey: those begin with "sk-lk-". Keys of providers do not open the gateway.')
    }
    const key = await new Promise<VirtualKey | undefined>((resolve, reject) => {
      waiting.push({ hash: hashToken(token), resolve, reject })
      if (!running) void Promise.resolve().then(lookUp)
    })
    if (!key) throw refused('This virtual key is unknown or has ended. Make a new one at AI Services → Gateway.')
    noteUse(key)
    return key
  }
}

/** OpenAI's clients send a bearer, Anthropic's "x-api-key", Azure's "api-key". */
function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const key = bearer ?? headers['x-api-key'] ?? headers['api-key']
  return typeof key === 'string' ? key : undefined
}

const refused = (detail: string): AppError => new AppError('virtual_key.refused', detail)
