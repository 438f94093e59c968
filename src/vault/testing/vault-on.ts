import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { testFolder } from '../../../test/support/test-folder.ts'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../runtime/clock.ts'
import { openVault, type Vault } from '../vault.ts'

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
