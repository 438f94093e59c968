import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../../test/support/test-folder.ts'
import { sessionKey } from './session-key.ts'

describe('the key that signs sessions', () => {
  it('is made beside the master key, for this user alone, and stays the same', () => {
    const folder = testFolder()
    const masterKeyFile = join(folder, 'keys', 'master.key')
    const key = sessionKey({ masterKeyFile })
    expect(Buffer.from(key, 'base64url')).toHaveLength(32)
    expect(sessionKey({ masterKeyFile })).toBe(key)
    expect(statSync(join(folder, 'keys', 'session.key')).mode & 0o777).toBe(0o600)
    expect(existsSync(masterKeyFile)).toBe(false)
    expect(sessionKey({ masterKeyFile: join(testFolder(), 'master.key') })).not.toBe(key)
  })

  it.each([
    ['empty', ''],
    ['a word', 'changeme'],
    ['too short', Buffer.alloc(16, 7).toString('base64url')],
    ['all zeros', Buffer.alloc(32).toString('base64url')],
    ['no base64url', '!'.repeat(43)],
    ['two keys', `${Buffer.alloc(32, 'key one, twice').toString('base64url')}\nmore`],
  ])('AUTH-3: is refused when it is %s, and left as it is', (_, content) => {
    const folder = testFolder()
    const file = join(folder, 'session.key')
    writeFileSync(file, content, { mode: 0o600 })
    expect(() => sessionKey({ masterKeyFile: join(folder, 'master.key') })).toThrow('session_key.invalid')
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  it.skipIf(process.platform === 'win32')('is refused when other users can read it', () => {
    const folder = testFolder()
    sessionKey({ masterKeyFile: join(folder, 'master.key') })
    chmodSync(join(folder, 'session.key'), 0o644)
    expect(() => sessionKey({ masterKeyFile: join(folder, 'master.key') })).toThrow('chmod 600')
  })
})
