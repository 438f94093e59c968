import { closeSync, fsyncSync, openSync } from 'node:fs'
import { PGlite, type Extension } from '@electric-sql/pglite'

/** The PostgreSQL major version inside PGlite: a data folder of another one cannot be opened. Checked by a test. */
export const PGLITE_MAJOR = '18'

/**
 * PGlite's own start parameters switch fsync off ("-F"). The fdatasync path of its file system does nothing, so the
 * write-ahead log must be synced with `fsync`. 32 MB of shared buffers instead of 128 saves 100 MB of memory.
 */
export const START_PARAMETERS: string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  ...['fsync=on', 'synchronous_commit=on', 'full_page_writes=on', 'wal_sync_method=fsync', 'shared_buffers=32MB'].flatMap((setting) => [
    '-c',
    setting,
  ]),
]

interface NodeFileStream {
  readonly nfd?: number | null
  readonly node: object
}
interface EmscriptenModule {
  readonly FS: {
    readonly filesystems: {
      readonly NODEFS: { readonly stream_ops: { fsync?: (stream: NodeFileStream) => number }; realPath(node: object): string }
    }
  }
}

/**
 * Gives PGlite's file system the fsync that it lacks, for files and folders: without it an acknowledged commit is lost
 * at a power cut. `onFailure` is told of a sync that failed: nothing may be acknowledged after that.
 */
export function realFsync(onFailure: (error: unknown) => void): Extension {
  const sync = (realPath: (node: object) => string, stream: NodeFileStream): number => {
    try {
      if (typeof stream.nfd === 'number') fsyncSync(stream.nfd)
      else syncPath(realPath(stream.node))
    } catch (error) {
      onFailure(error)
      throw error
    }
    return 0
  }
  const patch = (module: EmscriptenModule): void => {
    const nodefs = module.FS.filesystems.NODEFS
    nodefs.stream_ops.fsync = (stream) => sync((node) => nodefs.realPath(node), stream)
  }
  return {
    name: 'real-fsync',
    setup: async (_database, options: { preRun?: unknown[] }) => ({
      emscriptenOpts: { ...options, preRun: [patch, ...(options.preRun ?? [])] },
    }),
  }
}

/** fsync of a file or folder by its path. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
