import { mkdirSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../../test/support/test-folder.ts'
import { AppError } from '../base/errors.ts'
import { loadConfig } from './config.ts'

const HOME = '/home/ada'

function refusal(environment: Record<string, string>): string {
  try {
    loadConfig({ HOME, ...environment })
  } catch (error) {
    if (error instanceof AppError && error.code === 'config.invalid') return error.detail
    throw error
  }
  throw new Error('this configuration was accepted')
}

describe.skipIf(process.platform === 'win32')('the defaults', () => {
  it('keep the data and the master key in two folders of the person', () => {
    expect(loadConfig({ HOME })).toEqual({
      dataDir: '/home/ada/.local/share/latchkey',
      masterKeyFile: '/home/ada/.config/latchkey/master.key',
      privateHosts: new Set(),
      logLevel: 'warn',
      host: 'localhost',
      port: 4310,
      trustedProxies: [],
    })
  })

  it('follow XDG, whose relative folders count as unset', () => {
    const config = loadConfig({ HOME, XDG_DATA_HOME: '/srv/data', XDG_CONFIG_HOME: 'relative' })
    expect(config.dataDir).toBe('/srv/data/latchkey')
    expect(config.masterKeyFile).toBe('/home/ada/.config/latchkey/master.key')
  })

  it('find the home folder without HOME', () => {
    expect(loadConfig({}).dataDir).toBe(join(homedir(), '.local/share/latchkey'))
  })
})

describe('what is set', () => {
  it('is taken, relative paths from the current folder', () => {
    const config = loadConfig({
      HOME,
      LATCHKEY_DATA: 'data',
      DATABASE_URL: 'postgres://latchkey:p%40ss@db.example:5432/latchkey',
      LATCHKEY_MASTER_KEY_FILE: '/run/secrets/master.key',
      LATCHKEY_PRIVATE_HOSTS: 'LOCALHOST:11434, 10.0.0.5:8080,[fd00::1]:80',
      LATCHKEY_LOG_LEVEL: 'debug',
    })
    expect(config.dataDir).toBe(resolve('data'))
    expect(config.databaseUrl).toBe('postgres://latchkey:p%40ss@db.example:5432/latchkey')
    expect(config.masterKeyFile).toBe(resolve('/run/secrets/master.key'))
    expect([...config.privateHosts]).toEqual(['localhost:11434', '10.0.0.5:8080', '[fd00::1]:80'])
    expect(config.logLevel).toBe('debug')
  })

  it.each(['LATCHKEY_DATA', 'DATABASE_URL', 'LATCHKEY_MASTER_KEY_FILE', 'LATCHKEY_PRIVATE_HOSTS', 'LATCHKEY_LOG_LEVEL'])(
    '%s: empty is a mistake, not the default',
    (variable) => {
      for (const empty of ['', '   ']) expect(refusal({ [variable]: empty })).toContain(`${variable} is set but empty`)
    },
  )

  it('names every wrong variable at once', () => {
    expect(refusal({ LATCHKEY_DATA: '~/latchkey', LATCHKEY_LOG_LEVEL: 'verbose' })).toBe(
      'LATCHKEY_DATA starts with "~", which only a shell replaces. Write the whole path. ' +
        'LATCHKEY_LOG_LEVEL is none of debug, info, warn, error, silent. Use one of them, in lower case.',
    )
  })

  it.each([
    'mysql://ada:hunter2secret@db/latchkey',
    'ada:hunter2secret@db',
    'postgres://ada:hunter2secret@db:99999/x',
    'postgres://ada:hunter2secret @db/x',
  ])('refuses a wrong DATABASE_URL without repeating its password', (url) => {
    const detail = refusal({ DATABASE_URL: url })
    expect(detail).toContain('DATABASE_URL')
    expect(detail).not.toContain('hunter2secret')
  })

  it.each([
    'localhost',
    'localhost:0',
    'localhost:65536',
    'localhost:11434,',
    'http://localhost:11434',
    'localhost:11434/v1',
    '*.internal:80',
    '127.1:80', // another way to write 127.0.0.1: a list of exact hosts has one way
    '0x7f000001:80',
    'user@host:80',
    'fd00::1:80',
    '[::1%eth0]:80',
    '10.0.0.0/8:80',
    'a b:80',
  ])('LATCHKEY_PRIVATE_HOSTS=%s is refused', (list) => {
    expect(refusal({ LATCHKEY_PRIVATE_HOSTS: list })).toContain('LATCHKEY_PRIVATE_HOSTS holds')
  })
})

describe('the master key file inside the data folder', () => {
  it('is refused', () => {
    expect(refusal({ LATCHKEY_DATA: '/srv/latchkey', LATCHKEY_MASTER_KEY_FILE: '/srv/latchkey/../latchkey/keys/master.key' })).toContain(
      'inside the data folder',
    )
    expect(refusal({ LATCHKEY_DATA: '/srv/latchkey', LATCHKEY_MASTER_KEY_FILE: '/srv/latchkey' })).toContain('inside the data folder')
  })

  it('is refused when the default falls into it', () => {
    expect(refusal({ LATCHKEY_DATA: HOME, XDG_CONFIG_HOME: `${HOME}/.config` })).toContain('LATCHKEY_MASTER_KEY_FILE')
  })

  it('is refused through a link', () => {
    const folder = testFolder()
    mkdirSync(join(folder, 'data'))
    symlinkSync(join(folder, 'data'), join(folder, 'keys'))
    expect(refusal({ LATCHKEY_DATA: join(folder, 'data'), LATCHKEY_MASTER_KEY_FILE: join(folder, 'keys', 'new', 'master.key') })).toContain(
      'inside',
    )
  })

  it('is not confused by names that begin alike', () => {
    expect(() =>
      loadConfig({ HOME, LATCHKEY_DATA: '/srv/latchkey', LATCHKEY_MASTER_KEY_FILE: '/srv/latchkey-keys/master.key' }),
    ).not.toThrow()
    expect(() => loadConfig({ HOME, LATCHKEY_DATA: '/srv/latchkey', LATCHKEY_MASTER_KEY_FILE: '/srv/..keys/master.key' })).not.toThrow()
  })

  it.each([
    ['LATCHKEY_PORT', '65536'],
    ['LATCHKEY_PORT', '-1'],
    ['LATCHKEY_PORT', 'http'],
    ['LATCHKEY_HOST', 'example.com'],
    ['LATCHKEY_PUBLIC_URL', 'latchkey.example.com'],
    ['LATCHKEY_PUBLIC_URL', 'http://latchkey.example.com'],
    ['LATCHKEY_PUBLIC_URL', 'https://latchkey.example.com/here'],
    ['LATCHKEY_PUBLIC_URL', 'https://ada:secret@latchkey.example.com'],
    ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['LATCHKEY_TRUSTED_PROXIES', 'proxy'],
  ])('%s=%s is refused, naming the variable', (name, value) => {
    expect(() => loadConfig({ HOME, [name]: value })).toThrow(name)
  })

  it('lets other machines in only under a name that it was told', () => {
    expect(() => loadConfig({ HOME, LATCHKEY_HOST: '0.0.0.0' })).toThrow('LATCHKEY_PUBLIC_URL')
    const config = loadConfig({ HOME, LATCHKEY_HOST: '0.0.0.0', LATCHKEY_PUBLIC_URL: 'https://latchkey.example.com/' })
    expect(config).toMatchObject({ host: '0.0.0.0', publicUrl: 'https://latchkey.example.com' })
  })
})
