import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open.ts'

/**
 * Looks at the tables as a command left them in its home's `folder`. PGlite: at a copy of its data, so that the recovery is left to
 * the command.
 */
export async function lookAt<T>(folder: string, databaseUrl: string | undefined, at: (database: Database) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-look-'))
  try {
    if (databaseUrl === undefined) cpSync(join(folder, 'data', 'pgdata'), join(dataDir, 'pgdata'), { recursive: true })
    const log = { debug: () => undefined, warn: () => undefined }
    const database = await openDatabase({ dataDir, databaseUrl, log })
    try {
      return await at(database)
    } finally {
      await database.close()
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
