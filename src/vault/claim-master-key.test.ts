import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { describeOnEachDatabase } from '../../test/support/databases.ts'
import { testFolder } from '../../test/support/test-folder.ts'
import { Secret } from '../base/secret.ts'
import type { Database } from '../db/database.ts'
import { newId } from '../runtime/ids.ts'
import { standingClock, vaultOn } from '../../test/support/vault/vault-on.ts'
import { openVault } from './vault.ts'

const clock = standingClock()
const OTHER_KEY = '8f1c2a77d0e94b6153c8fa02be971d34a6507ce918f23d4b85c7619e0af2d35b'

/** Every row the vault keeps, with the versions PostgreSQL gives rows: unequal after any write or row lock. */
async function rowsOf(database: Database): Promise<string> {
  const tables = ['deployment', 'master_keys', 'keyring.data_keys', 'connections']
  const rows = await database.asSystem('test', async (tx) => {
    const all: unknown[] = []
    for (const table of tables) {
      const found = await tx.execute(sql.raw(`select xmin::text, xmax::text, ctid::text, t::text as row from ${table} t order by t::text`))
      all.push((found as { rows: unknown[] }).rows)
    }
    return all
  })
  return JSON.stringify(rows)
}

describeOnEachDatabase('the master key of a database', (openDatabase) => {
  it('is made on a new database, and found again', async () => {
    const { database } = await openDatabase()
    const { vault, masterKeyFile } = await vaultOn(database)
    expect(statSync(masterKeyFile).mode & 0o777).toBe(0o400)
    const before = [await rowsOf(database), readFileSync(masterKeyFile, 'latin1')]
    const again = await openVault({ database, masterKeyFile, clock })
    expect([again.masterKeyId, again.deploymentId]).toEqual([vault.masterKeyId, vault.deploymentId])
    expect([await rowsOf(database), readFileSync(masterKeyFile, 'latin1')]).toEqual(before)
    expect(before[0]).not.toContain(before[1]!.trim())
  })

  it('is taken from a file that the operator put there', async () => {
    const { database } = await openDatabase()
    const masterKeyFile = join(testFolder(), 'master.key')
    writeFileSync(masterKeyFile, OTHER_KEY, { mode: 0o400 })
    await openVault({ database, masterKeyFile, clock })
    expect(readFileSync(masterKeyFile, 'latin1')).toBe(OTHER_KEY)
  })

  it('of several processes that start on a new database, one makes it and all use it', async () => {
    const { database } = await openDatabase()
    const masterKeyFile = join(testFolder(), 'keys', 'master.key')
    const vaults = await Promise.all(Array.from({ length: 6 }, () => openVault({ database, masterKeyFile, clock })))
    expect(new Set(vaults.map(({ masterKeyId, deploymentId }) => masterKeyId + deploymentId)).size).toBe(1)
    expect(readdirSync(join(masterKeyFile, '..'))).toEqual(['master.key'])
  })

  it('of two that start with different files, one makes its key and the other says it lacks it', async () => {
    const { database } = await openDatabase()
    const files = ['a', 'b'].map((name) => join(testFolder(), name))
    const outcomes = await Promise.allSettled(files.map((masterKeyFile) => openVault({ database, masterKeyFile, clock })))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    const lost = outcomes.find((outcome) => outcome.status === 'rejected')!
    expect(String(lost.reason)).toContain('masterkey.missing')
    expect(files.filter((file) => existsSync(file)).length).toBe(1)
  })

  describe('KEY-16', () => {
    const spoil: [string, RegExp, (path: string, key: string) => void][] = [
      ['wrong', /^masterkey\.mismatch: .*Put that key back/, (path) => replace(path, OTHER_KEY)],
      ['one bit off', /^masterkey\.mismatch: /, (path, key) => replace(path, `${key.slice(0, 63)}${key[63] === '0' ? '1' : '0'}`)],
      ['empty', /^masterkey\.invalid: .*is empty.*Put master key/, (path) => replace(path, '')],
      ['truncated', /^masterkey\.invalid: .*exactly 32 bytes.*Put master key/, (path, key) => replace(path, key.slice(0, 40))],
      ['all zero', /^masterkey\.invalid: .*plain pattern.*Put master key/, (path) => replace(path, '0'.repeat(64))],
      ['readable by all', /^masterkey\.invalid: .*0444.*chmod 400/, (path) => chmodSync(path, 0o444)],
      ['missing', /^masterkey\.missing: .*Put the file back/, (path) => rmSync(path)],
    ]

    it.each(spoil)(
      'a key file that is %s stops the start, names the key and the remedy, and changes nothing',
      async (_, message, change) => {
        const test = await openDatabase()
        const { database } = test
        const { vault, masterKeyFile } = await vaultOn(database)
        const record = { id: newId(), provider: 'openai', destination: { baseUrl: 'https://api.openai.com/v1' }, keyVersion: 1 }
        await vault.sealKey({ workspaceId: await test.workspaceId(), record, secret: new Secret(Buffer.from('sk-0123456789')) })
        const good = readFileSync(masterKeyFile, 'latin1').trim()
        change(masterKeyFile, good)
        const before = await rowsOf(database)
        const fileBefore = existsSync(masterKeyFile) && readFileSync(masterKeyFile, 'latin1')
        const refusal = await openVault({ database, masterKeyFile, clock }).then(
          () => 'opened',
          (error: unknown) => (error as Error).message,
        )
        expect(refusal).toMatch(message)
        expect(refusal).toContain(vault.masterKeyId)
        expect(refusal).not.toContain(good.slice(0, 12))
        expect(await rowsOf(database)).toBe(before)
        expect(existsSync(masterKeyFile) && readFileSync(masterKeyFile, 'latin1')).toBe(fileBefore) // never made anew
      },
    )

    it('a broken file on a new database stops the start before anything is written', async () => {
      const { database } = await openDatabase()
      const masterKeyFile = join(testFolder(), 'master.key')
      writeFileSync(masterKeyFile, '', { mode: 0o400 })
      const before = await rowsOf(database)
      await expect(openVault({ database, masterKeyFile, clock })).rejects.toThrow(/^masterkey\.invalid: .*is empty.*openssl rand/)
      expect(await rowsOf(database)).toBe(before)
    })

    it('a key that was retired without a successor is not replaced by a new one', async () => {
      const { database } = await openDatabase()
      const { masterKeyFile } = await vaultOn(database)
      await database.asSystem('test', (tx) => tx.execute(sql`update master_keys set status = 'retired'`))
      rmSync(masterKeyFile)
      await expect(openVault({ database, masterKeyFile, clock })).rejects.toThrow('masterkey.mismatch')
      expect(existsSync(masterKeyFile)).toBe(false)
    })
  })
})

function replace(path: string, content: string): void {
  rmSync(path)
  writeFileSync(path, content, { mode: 0o400 })
}
