import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { realFsync, START_PARAMETERS, syncPath } from './pglite-settings.ts'

/**
 * A program of its own: makes a PGlite data folder at the path given and exits, so that the memory which initdb needs
 * goes with it. initdb itself syncs nothing; every file is synced here before the folder counts as made.
 */
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: pglite-initdb FOLDER')
process.umask(0o077)
const database = await PGlite.create({
  dataDir: folder,
  startParams: START_PARAMETERS,
  extensions: { realFsync: realFsync(() => process.exit(1)) },
})
await database.close()
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) syncPath(join(entry.parentPath, entry.name))
syncPath(folder)
process.exit(0)
