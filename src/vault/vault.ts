import { errorCode } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { Database } from '../db/database.ts'
import type { Clock } from '../runtime/clock.ts'
import { claimMasterKey } from './claim-master-key.ts'
import { connectionKeyContext, type KeyRecord } from './context.ts'
import { fingerprintOf, lastFourOf, normaliseKey } from './key-text.ts'
import { attachKeyring, createKeyring, detachKeyring, keyringOf } from './keyring.ts'
import { open } from './open.ts'
import { keyIdOf, recordFromText } from './record.ts'
import { seal } from './seal.ts'

/** What a connection's row keeps of its key. */
export interface SealedKey {
  readonly sealed: string // "lk1." and base64url
  readonly fingerprint: Uint8Array // 16 bytes; equal keys of one workspace have equal ones (until its data key rotates)
  readonly lastFour: string | null // null: too short to show any of it
}

/** Keys go in here. They come out only through `vault/open.ts`, for the length of one call. */
export interface Vault {
  readonly deploymentId: string
  readonly masterKeyId: string
  /**
   * Trims and checks a key, then seals it for this connection, this `keyVersion` and this destination. The caller keeps
   * its secret and wipes it. Call it outside a transaction: it has one of its own.
   * @throws AppError key.invalid, destination.refused.
   */
  sealKey(input: { workspaceId: string; record: KeyRecord; secret: Secret }): Promise<SealedKey>
  /** Whether a sealed key opens for this connection as it stands now. The key does not leave the vault. */
  opens(input: { workspaceId: string; record: KeyRecord; sealed: string }): Promise<boolean>
  /** Forgets every unwrapped key; the vault then neither seals nor opens. */
  close(): void
}

/**
 * Opens the vault of this database. On a new database the master key file is made when it is absent; on any other, the
 * file must hold the key that the database knows.
 * @throws AppError masterkey.missing, masterkey.invalid, masterkey.mismatch.
 */
export async function openVault({
  database,
  masterKeyFile,
  clock,
}: {
  database: Database
  masterKeyFile: string
  clock: Clock
}): Promise<Vault> {
  const { deploymentId, masterKey } = await claimMasterKey({ database, path: masterKeyFile, clock })
  const vault: Vault = {
    deploymentId,
    masterKeyId: masterKey.id,
    async sealKey({ workspaceId, record, secret }) {
      const key = normaliseKey(secret.reveal())
      try {
        const dataKey = await keyringOf(vault).writer(workspaceId)
        return {
          sealed: seal({ secret: key, dataKey, context: connectionKeyContext(deploymentId, workspaceId, record) }),
          fingerprint: fingerprintOf(key, dataKey.key),
          lastFour: lastFourOf(key),
        }
      } finally {
        key.wipe()
      }
    },
    async opens({ workspaceId, record, sealed }) {
      try {
        const dataKey = await keyringOf(vault).reader({ workspaceId, dataKeyId: keyIdOf(recordFromText(sealed)) })
        open({ sealed, dataKey, context: connectionKeyContext(deploymentId, workspaceId, record) }).wipe()
        return true
      } catch (error) {
        if (errorCode(error) === 'key.unreadable') return false
        throw error
      }
    },
    close: () => detachKeyring(vault),
  }
  attachKeyring(vault, createKeyring({ database, deploymentId, masterKey, clock }))
  return vault
}
