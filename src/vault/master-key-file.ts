import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, lstat, mkdir, open, unlink, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { AppError } from '../base/errors.ts'
import { syncFolder } from '../runtime/sync-folder.ts'

export const MASTER_KEY_BYTES = 32
// the longest text accepted is 64 hex digits and a line end; more is read only to see that there is more
const MAX_FILE_BYTES = 66
const HEX_DIGITS = Buffer.from('0123456789abcdef')
const BASE64_DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/**
 * Reads a master key: a regular file of this process's user that nobody else may touch (mode 0400 or less), holding
 * exactly 32 bytes as 64 hex digits or as base64, with at most one line end. The text never becomes a string, which
 * could not be wiped. `name` is what errors call the key, `remedy` what they advise when the file holds something else.
 * @returns the 32 bytes, for the caller to wipe; undefined when there is no such file.
 * @throws AppError masterkey.invalid.
 */
export async function readMasterKeyFile({
  path,
  name,
  remedy,
}: {
  path: string
  name: string
  remedy: string
}): Promise<Buffer | undefined> {
  const invalid = (why: string): AppError => new AppError('masterkey.invalid', `The file ${path} cannot serve as ${name}: ${why}`)
  const file = await openWithoutSurprises(path, invalid)
  if (!file) return undefined
  const text = Buffer.alloc(MAX_FILE_BYTES + 1)
  try {
    await requirePrivate(file, { path, invalid })
    const { bytesRead } = await file.read(text, 0, text.length, 0)
    if (bytesRead === 0) throw invalid(`it is empty. ${remedy}`)
    const key = decodeKey(withoutLineEnd(text.subarray(0, bytesRead)))
    if (!key) throw invalid(`it does not hold exactly 32 bytes as 64 hex digits or as base64. ${remedy}`)
    if (isWeak(key)) throw invalid(`its bytes follow a plain pattern, so it is no key. ${remedy}`)
    return key
  } finally {
    text.fill(0)
    await file.close()
  }
}

async function openWithoutSurprises(path: string, invalid: (why: string) => AppError): Promise<FileHandle | undefined> {
  try {
    // lstat for systems without O_NOFOLLOW; O_NONBLOCK so that a pipe in its place cannot hang the start
    if ((await lstat(path)).isSymbolicLink()) throw invalid('it is a symbolic link. Name the file itself.')
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (error instanceof AppError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return undefined
    throw invalid(`it cannot be opened (${code}). Make it readable for the user that runs Latchkey, and for nobody else: chmod 400.`)
  }
}

async function requirePrivate(file: FileHandle, { path, invalid }: { path: string; invalid: (why: string) => AppError }): Promise<void> {
  const stats = await file.stat()
  const { uid, mode } = stats
  if (!stats.isFile()) throw invalid('it is not a regular file.')
  if (process.platform === 'win32') return // neither owners nor modes; the folder's access list is the operator's
  if (uid !== process.geteuid!())
    throw invalid(`it belongs to user ${uid}, Latchkey runs as ${process.geteuid!()}. Run: chown ${process.geteuid!()} ${path}`)
  if ((mode & 0o777 & ~0o400) !== 0) {
    throw invalid(`its mode is 0${(mode & 0o777).toString(8)}, so that more than reading by its owner is allowed. Run: chmod 400 ${path}`)
  }
}

/**
 * Makes a new random master key and publishes it at `path` with mode 0400, durably, in a folder that is made with mode
 * 0700 where it is absent. Never overwrites: of several processes one wins, and no reader ever sees half a key.
 * @returns false when a file was there already, which then stands.
 * @throws AppError masterkey.missing when the file cannot be made.
 */
export async function createMasterKeyFile(path: string): Promise<boolean> {
  const folder = dirname(resolve(path))
  const draft = `${path}.${randomBytes(8).toString('hex')}.new`
  try {
    const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeDraft(draft)
    try {
      await link(draft, path) // unlike rename, fails where a file is
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await unlink(draft)
    }
    await syncFolders(folder, firstMade === undefined ? folder : dirname(firstMade))
    return true
  } catch (error) {
    throw new AppError(
      'masterkey.missing',
      `There is no master key yet, and the file ${path} cannot be made (${(error as NodeJS.ErrnoException).code}). ` +
        'Set LATCHKEY_MASTER_KEY_FILE to a place where Latchkey may write once, or make the file yourself: ' +
        '(umask 377 && openssl rand -hex 32 > FILE).',
      { cause: error },
    )
  }
}

async function writeDraft(draft: string): Promise<void> {
  const key = randomBytes(MASTER_KEY_BYTES)
  const text = encodeKey(key)
  key.fill(0)
  const file = await open(draft, 'wx', 0o400)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    text.fill(0)
    await file.close()
  }
}

/** Makes new names durable: in `folder` and its parents up to `last`. A key lost in a power cut loses every sealed key. */
async function syncFolders(folder: string, last: string): Promise<void> {
  await syncFolder(folder)
  if (folder !== last) await syncFolders(dirname(folder), last)
}

function encodeKey(key: Uint8Array): Buffer {
  const text = Buffer.alloc(2 * key.length + 1, '\n')
  key.forEach((byte, index) => text.set([HEX_DIGITS[byte >> 4]!, HEX_DIGITS[byte & 15]!], 2 * index))
  return text
}

function withoutLineEnd(text: Buffer): Buffer {
  const end = text.at(-1) !== 0x0a ? text.length : text.at(-2) === 0x0d ? text.length - 2 : text.length - 1
  return text.subarray(0, end)
}

function decodeKey(text: Uint8Array): Buffer | undefined {
  if (text.length === 64) return decodeDigits(text, (byte) => HEX_DIGITS.indexOf(byte >= 0x41 && byte <= 0x46 ? byte | 0x20 : byte), 4)
  // 32 bytes in base64: 43 digits and one "="
  if (text.length === 44 && text[43] === 0x3d) return decodeDigits(text.subarray(0, 43), (byte) => BASE64_DIGITS.indexOf(byte), 6)
  return undefined
}

/** Undefined for a byte that is no digit, and for bits left over that are not zero. */
function decodeDigits(text: Uint8Array, valueOf: (byte: number) => number, bitsPerDigit: number): Buffer | undefined {
  const key = Buffer.alloc(MASTER_KEY_BYTES)
  let bits = 0
  let held = 0
  let length = 0
  for (const byte of text) {
    const value = valueOf(byte)
    if (value < 0) return undefined
    held = ((held << bitsPerDigit) | value) & 0xfff
    bits += bitsPerDigit
    if (bits >= 8) {
      bits -= 8
      key[length++] = (held >> bits) & 0xff
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? key : undefined
}

/**
 * Placeholders, not entropy: a repeated block (all zero, "changeme" over and over), a count upwards or downwards, or
 * fewer than 8 different bytes. Random bytes meet this with a chance below 2^-64.
 */
function isWeak(key: Uint8Array): boolean {
  const repeats = Array.from({ length: 16 }, (_, index) => index + 1).some((period) =>
    key.every((byte, at) => at < period || byte === key[at - period]),
  )
  const step = (key[1]! - key[0]!) & 0xff
  const counts = key.every((byte, at) => at === 0 || ((byte - key[at - 1]!) & 0xff) === step)
  return repeats || counts || new Set(key).size < 8
}
