import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../base/errors.ts'

/** Exclusive use of a data folder, until `release` or the end of this process, however it ends. */
export interface Hold {
  release(): Promise<void>
}

/** Who holds a data folder; also what its socket says first, as one line of JSON. */
export interface Holder {
  readonly pid: number
  readonly purpose: string // in plain words: "enrich products.csv"
  readonly address: string | null // the unix socket it answers on; null where the path is too long for one
  readonly since: string // ISO 8601
  readonly takesCommands: boolean // whether the socket stays open behind that line, for a command line's frames
}

const LONGEST_SOCKET_PATH = 100 // bytes; the kernel's limit is 104 to 108
const PATIENCE_MS = 1000 // starters that meet wait for each other this long before one gives up
const held = new Set<string>()

/**
 * Makes the data folder (0700) if need be and takes its lock: an exclusive SQLite transaction on `lock.db`, which is a
 * lock of the kernel's. It ends with the process, also at kill -9, and no stale file can be mistaken for it.
 * `holder.json` and `latchkey.sock` beside it only say who holds it. This process must not open `lock.db` otherwise (not even
 * to copy it): closing any descriptor of a file gives up all POSIX locks that a process has on it.
 * The socket is for this user alone: it lies in the folder, and has mode 0600 itself.
 * @throws AppError data.insecure when others can read the folder; data.locked, naming the holder, when it is in use.
 */
export async function holdDataFolder({
  dataDir,
  purpose,
  onConnection,
}: {
  dataDir: string
  purpose: string
  /** Takes over each connection to the socket behind the holder's line; without it the connection ends there. */
  onConnection?: ((socket: Socket) => void) | undefined
}): Promise<Hold> {
  const folder = prepareFolder(dataDir)
  const lock = lockFile(join(folder, 'lock.db'))
  if (!lock) throw lockedBy(folder)
  const address = socketPath(folder) ?? null
  const takesCommands = address !== null && onConnection !== undefined
  const holder: Holder = { pid: process.pid, purpose, address, since: new Date().toISOString(), takesCommands }
  let answering: Answering | undefined
  try {
    answering = address === null ? undefined : await answerOn(address, holder, onConnection)
    writeHolder(folder, holder)
  } catch (error) {
    await answering?.close()
    lock.close()
    throw error
  }
  held.add(folder)
  let released: Promise<void> | undefined
  const release = async (): Promise<void> => {
    await answering?.close()
    rmSync(join(folder, 'holder.json'), { force: true })
    held.delete(folder)
    lock.close() // last: from here on it is someone else's
  }
  return { release: () => (released ??= release()) }
}

/** Whether this process holds the folder. */
export function holdsDataFolder(dataDir: string): boolean {
  try {
    return held.has(realpathSync(dataDir))
  } catch {
    return false
  }
}

/**
 * Where the holder of a data folder answers, if anyone holds it. Nobody but this user can have put a socket there: the folder
 * is this user's alone. @returns undefined where there is no such folder or its path is too long for a socket.
 * @throws AppError data.insecure when others can read the folder
 */
export function holderSocket(dataDir: string): string | undefined {
  return existsSync(dataDir) ? socketPath(ownFolder(dataDir)) : undefined
}

function socketPath(folder: string): string | undefined {
  const path = join(folder, 'latchkey.sock')
  return process.platform !== 'win32' && Buffer.byteLength(path) <= LONGEST_SOCKET_PATH ? path : undefined
}

function prepareFolder(dataDir: string): string {
  try {
    if (mkdirSync(dataDir, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(dataDir, 0o700)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const detail = `The data folder ${dataDir} cannot be made (${code}). Name another one in LATCHKEY_DATA, or make it with: mkdir -m 700 '${dataDir}'`
    throw new AppError('config.invalid', detail, { cause: error })
  }
  return ownFolder(dataDir)
}

/** The folder without links. @throws AppError data.insecure unless it is this user's, and closed to all others */
function ownFolder(dataDir: string): string {
  const folder = realpathSync(dataDir)
  const { mode, uid } = statSync(folder)
  if (process.getuid && uid !== process.getuid()) {
    throw new AppError(
      'data.insecure',
      `The data folder ${folder} belongs to another user (uid ${uid}). Run Latchkey as that user, or: chown -R ${process.getuid()} '${folder}'`,
    )
  }
  if (process.getuid && (mode & 0o077) !== 0) {
    throw new AppError(
      'data.insecure',
      `The data folder ${folder} can be read by other users of this machine. Close it to them with: chmod 700 '${folder}'`,
    )
  }
  return folder
}

/** @returns undefined when another process holds the lock. */
function lockFile(path: string): DatabaseSync | undefined {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path, { timeout: PATIENCE_MS })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === 5) return undefined // SQLITE_BUSY
    throw error
  }
}

/** Some releases of Node 24 announce node:sqlite as experimental; that is not for the user. */
function loadSqlite(): typeof import('node:sqlite') {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning')!
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    Object.defineProperty(process, 'emitWarning', original)
  }
}

interface Answering {
  close(): Promise<void>
}

/** A socket left by a killed process is removed: whoever has the lock owns the path. */
async function answerOn(path: string, holder: Holder, onConnection: ((socket: Socket) => void) | undefined): Promise<Answering> {
  rmSync(path, { force: true })
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
    const line = `${JSON.stringify(holder)}\n`
    if (!onConnection) socket.end(line)
    else {
      socket.write(line)
      onConnection(socket)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  server.unref()
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroySoon() // what is written still goes out
      }),
  }
}

function writeHolder(folder: string, holder: Holder): void {
  const path = join(folder, 'holder.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

function lockedBy(folder: string): AppError {
  const holder = readHolder(folder)
  const who = holder
    ? `process ${holder.pid} (${holder.purpose}) since ${holder.since}${holder.address === null ? '' : `, reached at ${holder.address}`}`
    : 'another process'
  const remedy = holder ? `Wait until it ends, or end it with: kill ${holder.pid}` : 'Wait until it ends'
  return new AppError(
    'data.locked',
    `The data folder ${folder} is in use by ${who}. ${remedy}. To work beside it, name another folder in LATCHKEY_DATA.`,
  )
}

function readHolder(folder: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8')) as Holder
    process.kill(holder.pid, 0) // throws for a process that is gone: then the file is a former holder's
    return holder
  } catch {
    return undefined
  }
}
