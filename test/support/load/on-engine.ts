import type { Database } from '../../../src/db/database.ts'
import { openMigratedPostgres } from '../databases.ts'
import { type Installation, makeInstallation } from './installation.ts'

/** An installation on either database while `work` goes on; removed after. */
export async function onEngine<T>(engine: Database['engine'], work: (installation: Installation) => Promise<T>): Promise<T> {
  const postgres = engine === 'postgres' ? await openMigratedPostgres() : undefined
  const installation = await makeInstallation({ databaseUrl: postgres?.url })
  try {
    return await work(installation)
  } finally {
    installation.remove()
    await postgres?.remove()
  }
}
