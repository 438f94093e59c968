import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError } from '../base/errors.ts'

const BYTES = 32

/**
 * The key that signs session cookies and encrypts second factors: 32 random bytes in base64url, in a file of its own beside the
 * master key, so that neither is a copy of the other and neither lies with the data. Made at the first start. Without it every
 * session ends and second factors have to be set up again; no provider key depends on it.
 * @throws AppError session_key.invalid when the file is anything else, or open to other users
 */
export function sessionKey({ masterKeyFile }: { masterKeyFile: string }): string {
  const path = join(dirname(masterKeyFile), 'session.key')
  const made = makeFile(path)
  const { mode } = statSync(path)
  if (process.getuid && (mode & 0o077) !== 0)
    throw refused(`The file ${path} can be read by other users of this machine. Close it to them with: chmod 600 '${path}'`)
  const text = made ?? readFileSync(path, 'utf8').trim()
  const bytes = /^[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0)
  if (bytes.length !== BYTES || new Set(bytes).size < 8) {
    throw refused(
      `The file ${path} is not a session key (${BYTES} random bytes in base64url). Put the right one back, or move it away: a new one is made, all sessions end, and second factors have to be set up again.`,
    )
  }
  return text
}

/** @returns undefined when there is one already. */
function makeFile(path: string): string | undefined {
  const text = randomBytes(BYTES).toString('base64url')
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, `${text}\n`, { flag: 'wx', mode: 0o600 })
    chmodSync(path, 0o600)
    return text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw new AppError('session_key.invalid', `The file ${path} cannot be written. Make its folder writable for this user.`, {
      cause: error,
    })
  }
}

const refused = (detail: string): AppError => new AppError('session_key.invalid', detail)
