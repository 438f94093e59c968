import type { Database } from '../../../src/db/database.ts'
import { openEmptyPostgres } from '../databases.ts'
import { type Installation, makeInstallation } from './installation.ts'

/** An installation on either database while `work` goes on; removed after. */
export async function onEngine<T>(engine: Database['engine'], work: (installation: Installation) => Promise<T>): Promise<T> {
  const postgres = engine === 'postgres' ? await openEmptyPostgres() : undefined
  const installation = await makeInstallation({ databaseUrl: postgres?.url })
  try {
    return await work(installation)
  } finally {
    installation.remove()
    await postgres?.remove()
  }
}
