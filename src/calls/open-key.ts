import { recordAudit } from '../audit/audit.ts'
import { AppError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { CommittedConnection } from '../ledger/intent.ts'
import { requireFittingKey } from '../providers/fitting-key.ts'
import { needsKey } from '../providers/asked.ts'
import type { Destination, Provider } from '../providers/provider.ts'
import { rememberSecret } from '../runtime/scrub.ts'
import { normaliseKey } from '../vault/key-text.ts'
import { withOpenKey } from '../vault/open.ts'
import { withAccessToken } from './access-token.ts'
import type { CallServices } from './services.ts'
import { shareOpening } from './shared-opening.ts'

/**
 * Step 4: the connection's key, open for the length of `use`, or the access token it is exchanged for; undefined where the
 * connection has none and may.
 */
export async function withConnectionKey<T>(
  {
    services,
    workspaceId,
    connection,
    provider,
    signal = NEVER,
  }: {
    services: CallServices
    workspaceId: string
    connection: CommittedConnection
    provider: Provider
    signal?: AbortSignal | undefined
  },
  use: (key: Secret | undefined) => Promise<T>,
): Promise<T> {
  const { sealedKey } = connection
  if (provider.key === 'none' || sealedKey === null) {
    if (needsKey(provider, connection.destination)) {
      throw new AppError(
        'key.missing',
        `The connection "${connection.slug}" has no key. Enter one, or name the variable that holds it with --key-env.`,
      )
    }
    return use(undefined)
  }
  const owner = { workspaceId, connectionId: connection.id, keyVersion: connection.keyVersion }
  const open = (whileOpen: (key: Secret) => Promise<void>): Promise<void> =>
    withOpenKey({
      vault: services.vault,
      workspaceId,
      connection: { ...connection, sealedKey },
      use: (key) => {
        requireFittingKey(provider, { key, destination: connection.destination })
        return scrubbed(key, whileOpen)
      },
      onUnreadable: ({ recordId, recordVersion }) =>
        services.database.inWorkspace(workspaceId, (tx) =>
          recordAudit(tx, {
            workspaceId,
            actor: 'system',
            action: 'key.unreadable',
            subject: `connection:${recordId}`,
            detail: { keyVersion: recordVersion },
          }),
        ),
    })
  return shareOpening(connection, open, (key) => withAccessToken({ services, provider, key, owner, signal }, use))
}

/** Step 4 for a key that is tried before it is saved: it comes with the request and stays its caller's. */
export async function withOfferedKey<T>(
  {
    services,
    provider,
    offered: { destination, key },
    signal,
  }: {
    services: CallServices
    provider: Provider
    offered: { destination: Destination; key: Secret | undefined }
    signal: AbortSignal
  },
  use: (key: Secret | undefined) => Promise<T>,
): Promise<T> {
  if (key && provider.key !== 'none') {
    const normalised = normaliseKey(key.reveal())
    try {
      requireFittingKey(provider, { key: normalised, destination })
      return await scrubbed(normalised, (opened) => withAccessToken({ services, provider, key: opened, owner: undefined, signal }, use))
    } finally {
      normalised.wipe()
    }
  }
  if (needsKey(provider, destination)) throw new AppError('key.missing', `${provider.name} needs a key. Enter it to test it.`)
  return use(undefined)
}

/** Where nobody gives the call up. */
const NEVER = new AbortController().signal

/** For the length of `use`, logs and errors leave the key out by its value. */
async function scrubbed<T>(key: Secret, use: (key: Secret) => Promise<T>): Promise<T> {
  const forget = rememberSecret(key)
  try {
    return await use(key)
  } finally {
    forget()
  }
}
