import { AppError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { connectionKeyContext, encodeSealContext, type KeyRecord, type SealContext } from './context.ts'
import { keyringOf } from './keyring.ts'
import { keyIdOf, openRecord, recordFromText, unreadable, type VaultKey } from './record.ts'
import type { Vault } from './vault.ts'

/** A connection with its sealed key, as its row says. */
export interface SealedConnection extends KeyRecord {
  readonly sealedKey: string
}

/** Called before a failure to open is thrown, so that the attempt leaves its audit entry. When it fails, its error is the one thrown. */
export type OnUnreadable = (record: { workspaceId: string; recordType: string; recordId: string; recordVersion: number }) => Promise<void>

/**
 * Opens a connection's key for the length of `use`, then wipes it. The caller has committed the call's intent, which is
 * the audit record of this use. Neither the key nor a copy is kept anywhere in the vault.
 * @throws AppError key.unreadable, after `onUnreadable`; otherwise what `use` throws, which may hold the key: scrub it.
 */
export async function withOpenKey<T>({
  vault,
  workspaceId,
  connection,
  use,
  onUnreadable,
}: {
  vault: Vault
  workspaceId: string
  connection: SealedConnection
  use: (key: Secret) => Promise<T>
  onUnreadable: OnUnreadable
}): Promise<T> {
  const context = connectionKeyContext(keyringOf(vault).deploymentId, workspaceId, connection)
  return withOpenSecret({ vault, context, sealed: connection.sealedKey, use, onUnreadable })
}

/** The same for any sealed secret of a workspace. */
export async function withOpenSecret<T>({
  vault,
  context,
  sealed,
  use,
  onUnreadable,
}: {
  vault: Vault
  context: SealContext
  sealed: string
  use: (secret: Secret) => Promise<T>
  onUnreadable: OnUnreadable
}): Promise<T> {
  const secret = await openInWorkspace({ vault, context, sealed }).catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'key.unreadable') {
      const { workspaceId, recordType, recordId, recordVersion } = context
      await onUnreadable({ workspaceId, recordType, recordId, recordVersion })
    }
    throw error
  })
  try {
    return await use(secret)
  } finally {
    secret.wipe()
  }
}

async function openInWorkspace({ vault, context, sealed }: { vault: Vault; context: SealContext; sealed: string }): Promise<Secret> {
  const { workspaceId } = context
  const dataKey = await keyringOf(vault).reader({ workspaceId, dataKeyId: keyIdOf(recordFromText(sealed)) })
  return open({ sealed, dataKey, context })
}

/**
 * Inverts `seal`. There is no fallback and no other key is tried.
 * @throws AppError key.unreadable, whatever the reason.
 */
export function open({ sealed, dataKey, context }: { sealed: string; dataKey: VaultKey; context: SealContext }): Secret {
  return new Secret(openRecord({ record: recordFromText(sealed), key: dataKey, context: encodeStoredContext(context) }))
}

/** A row whose fields no record can have (a destination put there past `normaliseDestination`) does not open either. */
function encodeStoredContext(context: SealContext): Buffer {
  try {
    return encodeSealContext(context)
  } catch {
    throw unreadable()
  }
}
