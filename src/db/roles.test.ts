import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { administer, openEmptyPostgres } from '../../test/support/databases.ts'
import { postgresAbsence } from '../../test/support/postgres-cluster.ts'
import type { AppError } from '../base/errors.ts'
import { openDatabase } from './open.ts'
import { workspaces } from './schema/index.ts'

const silent = { debug: (): void => undefined, warn: (): void => undefined }
const open = (databaseUrl: string) => openDatabase({ dataDir: tmpdir(), databaseUrl, log: silent })

describe.skipIf(postgresAbsence() !== undefined)('a PostgreSQL user', () => {
  it('that may not make roles is told the SQL that an administrator must run, and it is enough', async () => {
    const { url, administratorUrl, remove } = await openEmptyPostgres(`plain_${randomBytes(4).toString('hex')}`)
    const error = (await open(url).catch((caught: unknown) => caught)) as AppError
    expect(error).toMatchObject({ code: 'database.unavailable', detail: expect.stringContaining('GRANT latchkey_workspace TO') })
    for (const statement of error.detail.match(/(?:CREATE|GRANT) [^;]+/g)!) await administer(administratorUrl, statement)
    const database = await open(url)
    expect(await database.asSystem('test', (tx) => tx.$count(workspaces))).toBe(0)
    await database.close()
    await remove()
  })

  it('that may make roles and is no superuser needs no administrator', async () => {
    const { url, remove } = await openEmptyPostgres()
    const database = await open(url)
    expect(await database.asSystem('test', (tx) => tx.$count(workspaces))).toBe(0)
    await database.close()
    await remove()
  })
})

describe('a PostgreSQL that cannot be reached', () => {
  it.each([
    ['nothing listens', 'postgres://someone:very-secret@127.0.0.1:1/latchkey', '127.0.0.1:1/latchkey'],
    ['there is no socket', 'postgres://someone:very-secret@localhost/latchkey?host=/nowhere', '/nowhere:5432/latchkey'],
  ])('because %s is named by its address, without the password', async (_, url, address) => {
    const error = (await open(url).catch((caught: unknown) => caught)) as AppError
    expect(error).toMatchObject({ code: 'database.unavailable', detail: expect.stringContaining(address) })
    expect(error.detail).not.toContain('secret')
  })

  it('because its URL is none says how one looks', async () => {
    await expect(open('not a url:very-secret')).rejects.toMatchObject({ detail: expect.not.stringContaining('secret') })
  })
})
