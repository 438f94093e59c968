import { randomBytes, type KeyObject } from 'node:crypto'
import { and, eq, lt, sql } from 'drizzle-orm'
import { AppError } from '../base/errors.ts'
import type { Database, Tx } from '../db/database.ts'
import { dataKeys } from '../db/schema/keyring.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { takeKey, type MasterKey } from './master-key.ts'
import { unreadable, type VaultKey } from './record.ts'

const DATA_KEY_BYTES = 32
const CACHE_MS = 5 * 60_000

/** Seals under one data key before the next version takes over as writer, and the count at which sealing is refused outright. */
export const ROTATE_AT_SEALS = 2n ** 24n
export const REFUSE_AT_SEALS = 2n ** 32n

/** The workspaces' data keys, unwrapped on demand and held as KeyObjects for five minutes at most. */
export interface Keyring {
  readonly deploymentId: string
  /** The key to seal with, one seal counted; the workspace's first is made on demand. In a transaction of its own. */
  writer(workspaceId: string): Promise<VaultKey>
  /** The key a record names, when it belongs to this workspace. @throws AppError key.unreadable. */
  reader(wanted: { workspaceId: string; dataKeyId: string }): Promise<VaultKey>
  /** Drops every unwrapped key. */
  forget(): void
}

type DataKeyRow = Pick<typeof dataKeys.$inferSelect, 'id' | 'workspaceId' | 'version' | 'masterKeyId' | 'wrapped'>

export function createKeyring({
  database,
  deploymentId,
  masterKey,
  clock,
}: {
  database: Database
  deploymentId: string
  masterKey: MasterKey
  clock: Clock
}): Keyring {
  const cache = createKeyCache(clock)

  async function unwrap(row: DataKeyRow): Promise<VaultKey> {
    const { id, workspaceId, version, masterKeyId, wrapped } = row
    if (masterKeyId !== masterKey.id) throw unreadable()
    const bytes = await masterKey.unwrap(wrapped, { deploymentId, workspaceId, dataKeyId: id, dataKeyVersion: version })
    const key = takeKey(bytes)
    cache.put(`${workspaceId}/${id}`, key)
    return { id, key }
  }

  async function insertVersion(tx: Tx, workspaceId: string, version: number): Promise<void> {
    const id = newId(clock.now().getTime())
    const bytes = randomBytes(DATA_KEY_BYTES)
    const wrapped = await masterKey.wrap(bytes, { deploymentId, workspaceId, dataKeyId: id, dataKeyVersion: version })
    bytes.fill(0)
    await tx
      .insert(dataKeys)
      .values({ id, workspaceId, version, masterKeyId: masterKey.id, wrapped, status: 'active', createdAt: clock.now() })
      .onConflictDoNothing({ target: [dataKeys.workspaceId, dataKeys.version] }) // another process was first
  }

  /** After a count that found no key below the rotation mark: makes the first version, or the next. */
  async function makeWriter(tx: Tx, workspaceId: string): Promise<void> {
    const active = and(eq(dataKeys.workspaceId, workspaceId), eq(dataKeys.status, 'active'))
    const [full] = await tx
      .select({ id: dataKeys.id, version: dataKeys.version, seals: dataKeys.seals })
      .from(dataKeys)
      .where(active)
      .for('update')
    if (!full) return insertVersion(tx, workspaceId, 1)
    if (full.seals >= REFUSE_AT_SEALS) {
      throw new AppError(
        'datakey.exhausted',
        `Data key ${full.id} has sealed ${full.seals} secrets, the most it may. Nothing more is sealed under it.`,
      )
    }
    if (full.seals < ROTATE_AT_SEALS) return // another process has just made it
    await tx.update(dataKeys).set({ status: 'retired' }).where(eq(dataKeys.id, full.id))
    await insertVersion(tx, workspaceId, full.version + 1)
  }

  return {
    deploymentId,
    async writer(workspaceId) {
      const row = await database.inWorkspace(workspaceId, async (tx) => {
        // a process that loses a race finds what the winner made on its next turn
        for (let turn = 0; turn < 4; turn += 1) {
          const counted = await countSeal(tx, workspaceId)
          if (counted) return counted
          await makeWriter(tx, workspaceId)
        }
        throw new Error(`workspace ${workspaceId} has data keys but none is active`)
      })
      const cached = cache.get(`${workspaceId}/${row.id}`)
      return cached ? { id: row.id, key: cached } : unwrap(row)
    },
    async reader({ workspaceId, dataKeyId }) {
      const cached = cache.get(`${workspaceId}/${dataKeyId}`)
      if (cached) return { id: dataKeyId, key: cached }
      const [row] = await database.inWorkspace(workspaceId, (tx) =>
        tx
          .select()
          .from(dataKeys)
          .where(and(eq(dataKeys.id, dataKeyId), eq(dataKeys.workspaceId, workspaceId))),
      )
      if (!row) throw unreadable()
      return unwrap(row)
    },
    forget: () => cache.clear(),
  }
}

async function countSeal(tx: Tx, workspaceId: string): Promise<DataKeyRow | undefined> {
  const [counted] = await tx
    .update(dataKeys)
    .set({ seals: sql`${dataKeys.seals} + 1` })
    .where(and(eq(dataKeys.workspaceId, workspaceId), eq(dataKeys.status, 'active'), lt(dataKeys.seals, ROTATE_AT_SEALS)))
    .returning()
  return counted
}

interface KeyCache {
  get(name: string): KeyObject | undefined
  put(name: string, key: KeyObject): void
  clear(): void
}

function createKeyCache(clock: Clock): KeyCache {
  const entries = new Map<string, { key: KeyObject; sinceMs: number; timer: NodeJS.Timeout }>()
  const drop = (name: string): void => {
    clearTimeout(entries.get(name)?.timer)
    entries.delete(name)
  }
  return {
    get(name) {
      const entry = entries.get(name)
      if (!entry) return undefined
      const ageMs = clock.now().getTime() - entry.sinceMs
      if (ageMs >= 0 && ageMs < CACHE_MS) return entry.key
      drop(name)
      return undefined
    },
    put(name, key) {
      drop(name)
      // the timer empties the cache of an idle process; it keeps no process alive
      entries.set(name, { key, sinceMs: clock.now().getTime(), timer: setTimeout(drop, CACHE_MS, name).unref() })
    },
    clear() {
      for (const { timer } of entries.values()) clearTimeout(timer)
      entries.clear()
    },
  }
}

// kept apart from the vault object, so that holding a vault is not holding data keys
const keyrings = new WeakMap<object, Keyring>()

export function attachKeyring(vault: object, keyring: Keyring): void {
  keyrings.set(vault, keyring)
}

/** For the vault's own files only. */
export function keyringOf(vault: object): Keyring {
  const keyring = keyrings.get(vault)
  if (!keyring) throw new Error('not a vault, or a closed one')
  return keyring
}

export function detachKeyring(vault: object): void {
  keyrings.get(vault)?.forget()
  keyrings.delete(vault)
}
