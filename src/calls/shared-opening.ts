import type { Secret } from '../base/secret.ts'
import type { CommittedConnection } from '../ledger/intent.ts'

interface Opening {
  readonly key: Promise<Secret>
  users: number
  readonly end: () => void
}

const openings = new WeakMap<CommittedConnection, Opening>()

/**
 * The calls that one commit admitted over one connection (they have the same `connection` object) share one opening of its key:
 * it is opened for the first that comes and wiped when the last of them is over. Nothing outlives them, and no later commit's
 * call gets it, so that each still stands on its own commit's word (facts on security: no cache of keys).
 * @param open opens the key for as long as what it is given runs.
 */
export async function shareOpening<T>(
  connection: CommittedConnection,
  open: (whileOpen: (key: Secret) => Promise<void>) => Promise<void>,
  use: (key: Secret) => Promise<T>,
): Promise<T> {
  let opening = openings.get(connection)
  if (!opening) {
    const key = Promise.withResolvers<Secret>()
    const over = Promise.withResolvers<void>()
    opening = { key: key.promise, users: 0, end: over.resolve }
    openings.set(connection, opening)
    open(async (opened) => {
      key.resolve(opened)
      await over.promise
    }).catch(key.reject)
  }
  opening.users += 1
  try {
    return await use(await opening.key)
  } finally {
    opening.users -= 1
    if (opening.users === 0) {
      openings.delete(connection)
      opening.end()
    }
  }
}
