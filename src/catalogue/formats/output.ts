import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
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

/** With the machine's name, because a process number means nothing on another machine that shares the folder. */
const temporaryPrefix = (target: string): string => `.${basename(target).slice(0, 100)}.${hostname().replaceAll('.', '-').slice(0, 60)}.`

/** Removes what exports to this file left that were killed before they were complete. Those of living processes stay. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = temporaryPrefix(target)
  const names = await readdir(dirname(target)).catch(() => [])
  for (const name of names) {
    const [, pid] = name.startsWith(prefix) ? (/^(\d+)\.[0-9a-f]{12}\.part$/.exec(name.slice(prefix.length)) ?? []) : []
    if (pid !== undefined && !isAlive(Number(pid))) await unlink(join(dirname(target), name)).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' // someone else's process
  }
}

/** @throws AppError file.unwritable */
export async function openOutput(path: string): Promise<Output> {
  const { target, mode } = await targetOf(path)
  await removeLeftovers(target)
  const temporary = join(dirname(target), `${temporaryPrefix(target)}${process.pid}.${randomBytes(6).toString('hex')}.part`)
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
