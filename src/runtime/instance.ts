import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from './ids.ts'
import { syncFolder } from './sync-folder.ts'

/**
 * The name of the process that holds this data folder, the same at every start: since only one process holds it at a
 * time, whatever an earlier one left under this name was left by a crash. Call it while holding the folder.
 */
export async function instanceOf(dataDir: string): Promise<string> {
  const path = join(dataDir, 'instance')
  const known = await readFile(path, 'utf8').catch(() => undefined)
  if (known && /^[0-9a-f-]{36}$/.test(known)) return known
  const made = newId()
  {
    await using file = await open(`${path}.new`, 'w', 0o600)
    await file.writeFile(made)
    await file.sync()
  }
  await rename(`${path}.new`, path)
  await syncFolder(dataDir) // a name lost to a power cut would leave its intents and leases to nobody
  return made
}
