import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '../../base/errors.ts'
import { syncFolder } from '../../runtime/sync-folder.ts'
import { unwritable } from './file-errors.ts'

/**
 * Whether a file can be written at a path, tried for real (a file beside it is made and removed), so that no money is
 * spent on work that cannot be delivered. @throws AppError file.unwritable
 */
export async function checkWritable(path: string): Promise<void> {
  const output = await openOutput(path)
  await output.discard()
}

/** A file that appears under its name only when it is complete and on the disk. */
export interface Output {
  write(bytes: Uint8Array): Promise<void>
  commit(): Promise<void>
  discard(): Promise<void>
}

/** @throws AppError file.unwritable */
export async function openOutput(path: string): Promise<Output> {
  const { target, mode } = await targetOf(path)
  const temporary = join(dirname(target), `.${basename(target).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`)
  let file: FileHandle | undefined
  try {
    file = await open(temporary, 'wx', mode ?? 0o666)
    if (mode !== undefined) await file.chmod(mode)
  } catch (error) {
    await file?.close()
    throw unwritable(path, error)
  }
  const handle = file
  let unfinished = true

  async function discard(): Promise<void> {
    if (!unfinished) return
    unfinished = false
    await handle.close().catch(() => {})
    await unlink(temporary).catch(() => {})
  }

  async function write(bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) written += (await handle.write(bytes, written)).bytesWritten
    } catch (error) {
      throw unwritable(path, error)
    }
  }

  async function commit(): Promise<void> {
    try {
      await handle.sync()
      await handle.close()
      unfinished = false
      await rename(temporary, target)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw unwritable(path, error)
    }
    await syncFolder(dirname(target)).catch(() => {}) // not every system lets a folder be opened; the file itself is on the disk
  }

  return { write, commit, discard }
}

/** The file behind links, with its permissions when it exists already. */
async function targetOf(path: string): Promise<{ target: string; mode: number | undefined }> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new AppError('file.unwritable', `${path} is a folder. Name a file in it.`)
    if (!found.isFile()) throw new AppError('file.unwritable', `${path} is not a regular file. Name a file that may be replaced.`)
    await access(path, constants.W_OK)
    return { target: await realpath(path), mode: found.mode & 0o777 }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { target: resolve(path), mode: undefined }
    throw unwritable(path, error)
  }
}
