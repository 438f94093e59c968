import type { IncomingHttpHeaders } from 'node:http'
import { AppError } from '../../base/errors.ts'
import type { Database } from '../../db/database.ts'
import { hashToken } from '../../people/tokens.ts'
import { createUseNotes, isVirtualKey, type VirtualKey, workingVirtualKeys } from '../../people/virtual-keys.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Log } from '../../runtime/log.ts'

/** Who asks, by the virtual key in requests' headers. */
export interface Authenticator {
  /**
   * As this process knows the key: for calls, whose own commit holds it against the key's row as it then is (`virtualKeyChangedAt`).
   * @throws AppError virtual_key.refused.
   */
  known(headers: IncomingHttpHeaders): Promise<VirtualKey> | VirtualKey
  /** As the database has it now. @throws AppError virtual_key.refused. */
  now(headers: IncomingHttpHeaders): Promise<VirtualKey>
}

/** By the whole SHA-256 of their tokens: two keys never share an entry. The oldest goes first. */
const MOST_KNOWN = 10_000

export function createAuthenticator({ database, clock, log }: { database: Database; clock: Clock; log: Log }): Authenticator {
  const noteUse = createUseNotes({ database, clock, log })
  const knownKeys = new Map<string, VirtualKey>()

  const readNow = async (hash: Uint8Array): Promise<VirtualKey> => {
    const name = Buffer.from(hash).toString('hex')
    const found = (await workingVirtualKeys(database, [hash], clock.now())).get(name)
    knownKeys.delete(name)
    if (!found) throw refused('This virtual key is unknown or has ended. Make a new one at AI Services → Gateway.')
    if (knownKeys.size >= MOST_KNOWN) knownKeys.delete(knownKeys.keys().next().value!)
    knownKeys.set(name, found)
    noteUse(found)
    return found
  }

  return {
    known(headers) {
      const hash = hashIn(headers)
      const key = knownKeys.get(Buffer.from(hash).toString('hex'))
      if (!key) return readNow(hash)
      noteUse(key)
      return key
    },
    now: (headers) => readNow(hashIn(headers)),
  }
}

/** @throws AppError virtual_key.refused for what cannot be one. */
function hashIn(headers: IncomingHttpHeaders): Uint8Array {
  const token = tokenIn(headers)
  if (token === undefined) throw refused('Send a virtual key of Latchkey as "Authorization: Bearer sk-lk-…" or "x-api-key: sk-lk-…".')
  if (!isVirtualKey(token)) {
    throw refused('This is no virtual key of Latchkey: those begin with "sk-lk-". Keys of providers do not open the gateway.')
  }
  return hashToken(token)
}

/** OpenAI's clients send a bearer, Anthropic's "x-api-key", Azure's "api-key". */
function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  const key = bearer ?? headers['x-api-key'] ?? headers['api-key']
  return typeof key === 'string' ? key : undefined
}

const refused = (detail: string): AppError => new AppError('virtual_key.refused', detail)
