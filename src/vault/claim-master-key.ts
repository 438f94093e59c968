import type { KeyObject } from 'node:crypto'
import { asc, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { deployment, masterKeys } from '../db/schema/system.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { createMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'
import { checkValueOf, hasCheckValue, localMasterKey, takeKey, type MasterKey } from './master-key.ts'

/** This installation and its master key. */
export interface Claim {
  readonly deploymentId: string
  readonly masterKey: MasterKey
}

interface Known {
  readonly deploymentId: string | undefined
  readonly active: { readonly id: string; readonly checkValue: Uint8Array } | undefined
  readonly anyMasterKey: boolean
}

/**
 * Proves that the key file is the one this database knows. A database that knows none (a new one) gets the file's key
 * as its own; only then is an absent file made. Nothing is written unless the key file is in order.
 * @throws AppError masterkey.missing, masterkey.invalid, masterkey.mismatch: with the key's id and what to do.
 */
export async function claimMasterKey({ database, path, clock }: { database: Database; path: string; clock: Clock }): Promise<Claim> {
  const known = await database.asSystem('vault: the master key this database knows', readKnown)
  if (known.anyMasterKey) return proveMasterKey(known, path)
  return database.asSystem('vault: take the first master key', async (tx) => {
    // of several processes starting on a new database one chooses the key; the others then find its row
    await tx.execute(sql`lock table ${deployment} in exclusive mode`)
    const now = await readKnown(tx)
    return now.anyMasterKey ? proveMasterKey(now, path) : introduceMasterKey({ tx, known: now, path, clock })
  })
}

async function readKnown(tx: Tx): Promise<Known> {
  // the installation after the keys: both are made in one commit, which may happen between these two statements
  const rows = await tx.select().from(masterKeys).orderBy(asc(masterKeys.createdAt), asc(masterKeys.id))
  const [installation] = await tx
    .select({ id: deployment.id })
    .from(deployment)
    .orderBy(asc(deployment.createdAt), asc(deployment.id))
    .limit(1)
  return { deploymentId: installation?.id, active: rows.find(({ status }) => status === 'active'), anyMasterKey: rows.length > 0 }
}

async function proveMasterKey({ deploymentId, active }: Known, path: string): Promise<Claim> {
  if (!active || deploymentId === undefined) {
    throw new AppError('masterkey.mismatch', 'This database names no active master key although it had one. Restore it from a backup.')
  }
  const { id, checkValue } = active
  const name = `master key ${id}`
  const key = await readKey({
    path,
    name,
    remedy: `Put ${name} back from where its copy is kept; no other key opens this database's secrets.`,
  })
  if (!key) {
    throw new AppError(
      'masterkey.missing',
      `The keys in this database are sealed under ${name}, and its file ${path} is not there. ` +
        'Put the file back from where its copy is kept, or set LATCHKEY_MASTER_KEY_FILE to where it is. A new one would open nothing, so none is made.',
    )
  }
  if (!hasCheckValue({ id, key, checkValue })) {
    throw new AppError(
      'masterkey.mismatch',
      `The file ${path} holds another key than ${name}, under which the keys in this database are sealed. ` +
        'Put that key back from where its copy is kept, or set LATCHKEY_MASTER_KEY_FILE (or LATCHKEY_DATA) to the pair that belongs together.',
    )
  }
  return { deploymentId, masterKey: localMasterKey(id, key) }
}

async function introduceMasterKey({ tx, known, path, clock }: { tx: Tx; known: Known; path: string; clock: Clock }): Promise<Claim> {
  const file = {
    path,
    name: 'the master key of a new database',
    remedy: 'Put 32 random bytes there (openssl rand -hex 32), or remove the file if nothing else uses it: then one is made.',
  }
  const key = (await readKey(file)) ?? (await createMasterKeyFile(path), await readKey(file))
  if (!key) throw new AppError('masterkey.missing', `The master key file ${path} vanished right after it was made. Start again.`)
  const createdAt = clock.now()
  const deploymentId = known.deploymentId ?? newId(createdAt.getTime())
  if (known.deploymentId === undefined) await tx.insert(deployment).values({ id: deploymentId, createdAt })
  const id = newId(createdAt.getTime())
  await tx.insert(masterKeys).values({ id, source: 'file', checkValue: checkValueOf(id, key), status: 'active', createdAt })
  return { deploymentId, masterKey: localMasterKey(id, key) }
}

async function readKey(file: { path: string; name: string; remedy: string }): Promise<KeyObject | undefined> {
  const bytes = await readMasterKeyFile(file)
  return bytes && takeKey(bytes)
}
