import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Database } from '../../../src/db/database.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import { openVault, type Vault } from '../../../src/vault/vault.ts'
import { testFolder } from '../test-folder.ts'

/** A clock that stands still until it is moved. */
export function standingClock(): Clock & { advance(ms: number): void } {
  let nowMs = Date.UTC(2026, 0, 15)
  return {
    now: () => new Date(nowMs),
    sleep: () => Promise.reject(new Error('the vault does not sleep')),
    advance: (ms) => {
      nowMs += ms
    },
  }
}

/** A vault on a fresh database, with a master key file of its own. */
export async function vaultOn(
  database: Database,
): Promise<{ vault: Vault; clock: ReturnType<typeof standingClock>; masterKeyFile: string }> {
  const masterKeyFile = join(testFolder(), 'master.key')
  const clock = standingClock()
  const vault = await openVault({ database, masterKeyFile, clock })
  onTestFinished(() => vault.close())
  return { vault, clock, masterKeyFile }
}
