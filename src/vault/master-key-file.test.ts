import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'latchkey-master-key-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const KEY = Buffer.from('8f1c2a77d0e94b6153c8fa02be971d34a6507ce918f23d4b85c7619e0af2d35b', 'hex')
const read = (path: string): Promise<Buffer | undefined> => readMasterKeyFile({ path, name: 'master key 7', remedy: 'Do this.' })

function keyFile(content: string | Uint8Array, mode = 0o400): string {
  const path = join(folder, 'master.key')
  rmSync(path, { force: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

describe('reading a master key file', () => {
  it.each([
    ['hex', KEY.toString('hex')],
    ['hex with a line end', `${KEY.toString('hex')}\n`],
    ['hex in capitals with a Windows line end', `${KEY.toString('hex').toUpperCase()}\r\n`],
    ['base64', KEY.toString('base64')],
    ['base64 with a line end', `${KEY.toString('base64')}\n`],
  ])('takes %s', async (_, text) => {
    expect(await read(keyFile(text))).toEqual(KEY)
  })

  test.prop([fc.uint8Array({ minLength: 32, maxLength: 32 })])('reads what openssl rand writes, in hex and base64', async (bytes) => {
    fc.pre(new Set(bytes).size > 20)
    expect(await read(keyFile(Buffer.from(bytes).toString('hex')))).toEqual(Buffer.from(bytes))
    expect(await read(keyFile(Buffer.from(bytes).toString('base64')))).toEqual(Buffer.from(bytes))
  })

  it.each([
    ['empty', ''],
    ['a line end only', '\n'],
    ['truncated hex', KEY.toString('hex').slice(0, 62)],
    ['one digit short', KEY.toString('hex').slice(1)],
    ['33 bytes in hex', `${KEY.toString('hex')}ab`],
    ['truncated base64', KEY.toString('base64').slice(0, 40)],
    ['base64 without padding', KEY.toString('base64').slice(0, 43)],
    ['31 bytes in base64', KEY.subarray(1).toString('base64')],
    ['base64 with bits left over', `${'A'.repeat(42)}B=`],
    ['the raw 32 bytes', KEY],
    ['white space before', ` ${KEY.toString('hex')}`],
    ['two line ends', `${KEY.toString('hex')}\n\n`],
    ['not hex', 'g'.repeat(64)],
    ['a large file', Buffer.alloc(1 << 20, 'a')],
    ['all zero in hex', '0'.repeat(64)],
    ['all zero in base64', Buffer.alloc(32).toString('base64')],
    ['all ones', 'f'.repeat(64)],
    ['a word over and over', Buffer.from('changeme'.repeat(4)).toString('base64')],
    ['counting up', Buffer.from(Array.from({ length: 32 }, (__, at) => at)).toString('hex')],
    ['counting down', Buffer.from(Array.from({ length: 32 }, (__, at) => 255 - at)).toString('hex')],
    [
      'few different bytes',
      Buffer.from(
        '0123456'
          .split('')
          .flatMap((digit) => Array<number>(5).fill(Number(digit)))
          .slice(0, 32),
      ).toString('hex'),
    ],
  ])('KEY-16: refuses %s, naming the key and the remedy, and no byte of the file', async (_, content) => {
    await expect(read(keyFile(content))).rejects.toThrow(/^masterkey\.invalid: .*master key 7.* Do this\.$/)
    const text = String(content)
    const error = await read(keyFile(content)).catch(String)
    if (text.length > 20)
      for (let at = 0; at + 12 <= Math.min(text.length, 100); at += 1) expect(error).not.toContain(text.slice(at, at + 12))
  })

  it.each(['600', '440', '404', '644', '777', '401', '500'])(
    'KEY-16: refuses mode %s, which allows more than its owner to read',
    async (mode) => {
      await expect(read(keyFile(KEY.toString('hex'), Number.parseInt(mode, 8)))).rejects.toThrow(
        /^masterkey\.invalid: .*mode is 0\d+.*chmod 400/,
      )
    },
  )

  it('KEY-16: refuses a symbolic link, a folder and a pipe', async () => {
    const path = keyFile(KEY.toString('hex'))
    symlinkSync(path, join(folder, 'link'))
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken'))
    mkdirSync(join(folder, 'folder'), { mode: 0o400 })
    execFileSync('mkfifo', ['-m', '400', join(folder, 'pipe')])
    for (const name of ['link', 'broken', 'folder', 'pipe']) await expect(read(join(folder, name))).rejects.toThrow('masterkey.invalid')
  })

  it.runIf(process.geteuid?.() === 0)('KEY-16: refuses a file of another user', async () => {
    const path = keyFile(KEY.toString('hex'))
    execFileSync('chown', ['65534', path])
    await expect(read(path)).rejects.toThrow(/^masterkey\.invalid: .*belongs to user 65534/)
  })

  it('says that there is none', async () => {
    expect(await read(join(folder, 'absent'))).toBeUndefined()
  })
})

describe('making a master key file', () => {
  it('makes folders of mode 0700 and a file of mode 0400 that can be read back, and nothing else', async () => {
    const path = join(folder, 'a', 'b', 'master.key')
    expect(await createMasterKeyFile(path)).toBe(true)
    expect([statSync(join(folder, 'a')), statSync(join(folder, 'a', 'b')), statSync(path)].map(({ mode }) => mode & 0o777)).toEqual([
      0o700, 0o700, 0o400,
    ])
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['master.key'])
    expect(readFileSync(path, 'latin1')).toMatch(/^[0-9a-f]{64}\n$/)
    expect((await read(path))!.toString('hex')).toBe(readFileSync(path, 'latin1').trim())
  })

  it('makes another key every time', async () => {
    const paths = ['1', '2', '3'].map((name) => join(folder, name))
    for (const path of paths) await createMasterKeyFile(path)
    expect(new Set(paths.map((path) => readFileSync(path, 'latin1'))).size).toBe(3)
  })

  it.each(['another key', ''])('never overwrites what is there (%j), nor what a link points at', async (content) => {
    const path = keyFile(content)
    symlinkSync(join(folder, 'nowhere'), join(folder, 'broken'))
    linkSync(path, join(folder, 'second-name'))
    for (const name of ['master.key', 'broken', 'second-name']) expect(await createMasterKeyFile(join(folder, name))).toBe(false)
    expect(readFileSync(path, 'latin1')).toBe(content)
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
    expect(readdirSync(folder).toSorted()).toEqual(['broken', 'master.key', 'second-name'])
  })

  it('of twenty makers one wins, and all then read the same key', async () => {
    const path = join(folder, 'deep', 'master.key')
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const made = await createMasterKeyFile(path)
        return { made, key: (await read(path))!.toString('hex') }
      }),
    )
    expect(outcomes.filter(({ made }) => made).length).toBe(1)
    expect(new Set(outcomes.map(({ key }) => key)).size).toBe(1)
    expect(readdirSync(join(folder, 'deep'))).toEqual(['master.key'])
  })

  it('says what to do where nothing can be made', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(createMasterKeyFile(join(folder, 'file', 'master.key'))).rejects.toThrow(/^masterkey\.missing: .*LATCHKEY_MASTER_KEY_FILE/)
  })
})
