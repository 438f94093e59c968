import { open } from 'node:fs/promises'

/** Makes the names in a folder durable: a file that was made, linked or renamed there. Nothing on Windows, where folders cannot be opened. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  await using folder = await open(path, 'r')
  await folder.sync()
}
