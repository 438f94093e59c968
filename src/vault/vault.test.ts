import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { Secret } from '../base/secret.ts'
import { auditEntries } from '../db/schema/audit.ts'
import { connections } from '../db/schema/connections.ts'
import { dataKeys } from '../db/schema/keyring.ts'
import type { Destination } from '../providers/provider.ts'
import { newId } from '../runtime/ids.ts'
import type { KeyRecord, SealContext } from './context.ts'
import { keyringOf, REFUSE_AT_SEALS, ROTATE_AT_SEALS } from './keyring.ts'
import { withOpenKey, withOpenSecret, type OnUnreadable } from './open.ts'
import { seal } from './seal.ts'
import { vaultOn } from '../../test/support/vault/vault-on.ts'
import { openVault, type Vault } from './vault.ts'

const secretOf = (text: string): Secret => new Secret(Uint8Array.from(Buffer.from(text)))
const textOf = (secret: Secret): Promise<string> => Promise.resolve(Buffer.from(secret.reveal()).toString())
const recordAt = (destination: Destination, keyVersion = 1): KeyRecord => ({ id: newId(), provider: 'openai', destination, keyVersion })
const OPENAI: Destination = { baseUrl: 'https://api.openai.com/v1' }
const unexpected: OnUnreadable = () => Promise.reject(new Error('it should have opened'))

async function openText(
  vault: Vault,
  workspaceId: string,
  connection: KeyRecord & { sealedKey: string },
  onUnreadable = unexpected,
): Promise<string> {
  return withOpenKey({ vault, workspaceId, connection, use: textOf, onUnreadable })
}

describeOnEachDatabase('the vault', (openDatabase) => {
  it('seals a key, shows its end only, and opens it for its connection', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault } = await vaultOn(database)
    const workspace = await test.workspaceId()
    const record = recordAt(OPENAI)
    const secret = secretOf(' sk-proj-0123456789abcdefwxyz\n')
    const { sealed, lastFour, fingerprint } = await vault.sealKey({ workspaceId: workspace, record, secret })
    expect(sealed).toMatch(/^lk1\.[\w-]+$/)
    expect(lastFour).toBe('wxyz')
    expect(await openText(vault, workspace, { ...record, sealedKey: sealed })).toBe('sk-proj-0123456789abcdefwxyz')
    const again = await vault.sealKey({ workspaceId: workspace, record, secret })
    expect(again.sealed).not.toBe(sealed)
    expect(again.fingerprint).toEqual(fingerprint)
    const elsewhere = await vault.sealKey({ workspaceId: await test.workspaceId(), record, secret })
    expect(elsewhere.fingerprint).not.toEqual(fingerprint)
  })

  it('opens after a restart', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault, clock, masterKeyFile } = await vaultOn(database)
    const workspace = await test.workspaceId()
    const record = recordAt(OPENAI)
    const { sealed } = await vault.sealKey({ workspaceId: workspace, record, secret: secretOf('sk-0123') })
    vault.close()
    await expect(openText(vault, workspace, { ...record, sealedKey: sealed })).rejects.toThrow('closed')
    const restarted = await openVault({ database, masterKeyFile, clock })
    expect(await openText(restarted, workspace, { ...record, sealedKey: sealed })).toBe('sk-0123')
  })

  it('wipes the key after its use, also when the use fails', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault } = await vaultOn(database)
    const workspace = await test.workspaceId()
    const record = recordAt(OPENAI)
    const { sealed } = await vault.sealKey({ workspaceId: workspace, record, secret: secretOf('sk-0123') })
    const connection = { ...record, sealedKey: sealed }
    const seen: { secret: Secret; bytes: Uint8Array }[] = []
    const use = (secret: Secret): Promise<never> => {
      seen.push({ secret, bytes: secret.reveal() })
      return Promise.reject(new Error('the call failed'))
    }
    await expect(withOpenKey({ vault, workspaceId: workspace, connection, use, onUnreadable: unexpected })).rejects.toThrow(
      'the call failed',
    )
    await openText(vault, workspace, connection)
    expect(seen[0]!.bytes).toEqual(Buffer.alloc(7))
    expect(() => seen[0]!.secret.reveal()).toThrow('wiped')
  })

  it('a refused key or destination is neither sealed nor repeated', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault } = await vaultOn(database)
    const workspace = await test.workspaceId()
    const refused = (record: KeyRecord, text: string): Promise<unknown> =>
      vault.sealKey({ workspaceId: workspace, record, secret: secretOf(text) })
    await expect(refused(recordAt(OPENAI), 'sekret\r\nX: y')).rejects.toThrow(/^key\.invalid: (?!.*sekret)/s)
    await expect(refused(recordAt({ baseUrl: 'https://sekret@h' }), 'sk-0123')).rejects.toThrow(/^destination\.refused: (?!.*sekret)/s)
  })

  it('makes one data key for a workspace, however many seal at once, and counts each seal', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault } = await vaultOn(database)
    const workspace = await test.workspaceId()
    await Promise.all(
      Array.from({ length: 20 }, () => vault.sealKey({ workspaceId: workspace, record: recordAt(OPENAI), secret: secretOf('sk-0123') })),
    )
    expect(await dataKeysOf({ database }, workspace)).toEqual([{ version: 1, status: 'active', seals: 20n }])
  })

  it('keeps a data key unwrapped for five minutes at most', async () => {
    const test = await openDatabase()
    const { database } = test
    const { vault, clock } = await vaultOn(database)
    const workspace = await test.workspaceId()
    const record = recordAt(OPENAI)
    const { sealed } = await vault.sealKey({ workspaceId: workspace, record, secret: secretOf('sk-0123') })
    const connection = { ...record, sealedKey: sealed }
    await database.asSystem('test', (tx) => tx.delete(dataKeys).where(eq(dataKeys.workspaceId, workspace)))
    clock.advance(5 * 60_000 - 1)
    expect(await openText(vault, workspace, connection)).toBe('sk-0123') // use does not prolong it
    clock.advance(1)
    await expect(openText(vault, workspace, connection, async () => undefined)).rejects.toThrow('key.unreadable')
  })

  describe('KEY-2', () => {
    it('no secret opens in the place of another: 2 workspaces x 3 keys x 2 fields x 2 versions, all ordered pairs', async () => {
      const test = await openDatabase()
      const { database } = test
      const { vault } = await vaultOn(database)
      const workspaces = [await test.workspaceId(), await test.workspaceId()]
      const ids = [newId(), newId(), newId()] // the same in both workspaces: only the workspace tells them apart
      const places: { context: SealContext; sealed: string; text: string }[] = []
      for (const workspace of workspaces) {
        for (const recordId of ids) {
          for (const field of ['key', 'webhook_secret']) {
            for (const recordVersion of [1, 2]) {
              const context = { ...contextOf(vault, workspace, recordId), field, recordVersion }
              const text = `${workspace}/${recordId}/${field}/${recordVersion}`
              const dataKey = await keyringOf(vault).writer(workspace)
              places.push({ context, text, sealed: seal({ secret: secretOf(text), dataKey, context }) })
            }
          }
        }
      }
      const audited: string[] = []
      const onUnreadable: OnUnreadable = async ({ recordId }) => void audited.push(recordId)
      const opened: string[] = []
      for (const { context } of places) {
        for (const { context: own, sealed } of places) {
          if (own === context) continue
          const outcome = withOpenSecret({ vault, context, sealed, use: textOf, onUnreadable })
          await outcome
            .then((text) => opened.push(text))
            .catch((error: unknown) => expect(String(error)).toMatch(/^AppError: key\.unreadable: /))
        }
      }
      expect(opened).toEqual([])
      expect(audited.length).toBe(24 * 23)
      for (const { context, sealed, text } of places) {
        expect(await withOpenSecret({ vault, context, sealed, use: textOf, onUnreadable: unexpected })).toBe(text)
      }
    })

    it('no key opens in another row, or in its own with an older value put back, by raw SQL', async () => {
      const test = await openDatabase()
      const { vault } = await vaultOn(test.database)
      const rows: Row[] = []
      for (const workspace of [await test.workspaceId(), await test.workspaceId()]) {
        for (const name of ['a', 'b', 'c']) rows.push(await connect(test, { vault, workspace, slug: name }))
      }
      let attempts = 0
      for (const row of rows) {
        for (const value of [...rows.filter((other) => other !== row).map(({ sealedKey }) => sealedKey), row.older]) {
          await test.database.asSystem('test', (tx) => tx.execute(sql`update connections set sealed_key = ${value} where id = ${row.id}`))
          await expect(openRow(test, vault, row)).rejects.toThrow('key.unreadable')
          attempts += 1
        }
        await test.database.asSystem('test', (tx) =>
          tx.execute(sql`update connections set sealed_key = ${row.sealedKey} where id = ${row.id}`),
        )
        expect(await openRow(test, vault, row)).toBe(row.text)
      }
      const audit = await test.database.asSystem('test', (tx) => tx.select().from(auditEntries))
      expect([attempts, audit.length]).toEqual([36, 36])
      expect(new Set(audit.map(({ action }) => action))).toEqual(new Set(['key.unreadable']))
    })

    it('a key does not open after raw SQL changed anything that its connection is', async () => {
      const test = await openDatabase()
      const { vault } = await vaultOn(test.database)
      const [workspace, other] = [await test.workspaceId(), await test.workspaceId()]
      const row = await connect(test, { vault, workspace, slug: 'a' })
      await connect(test, { vault, workspace: other, slug: 'b' }) // so that the other workspace has a data key
      const changes = [
        sql`destination = jsonb_set(destination, '{baseUrl}', '"https://evil.example/v1"')`,
        sql`destination = jsonb_set(destination, '{baseUrl}', '"https://gateway.example/acct-B"')`,
        sql`destination = jsonb_set(destination, '{baseUrl}', '"https://user:pw@gateway.example/acct-A"')`,
        sql`destination = jsonb_set(destination, '{baseUrl}', '"https://gateway.example/acct-A//"')`,
        sql`destination = jsonb_set(destination, '{headers}', '{"x-forward-to": "evil.example"}')`,
        sql`destination = destination || '{"proxy": "https://evil.example"}'`,
        sql`destination = destination - 'organization'`,
        sql`destination = '{}'`,
        sql`provider = 'anthropic'`,
        sql`key_version = key_version + 1`,
        sql`key_version = key_version - 1`,
        sql`workspace_id = ${other}`,
      ]
      for (const change of changes) {
        await test.database.asSystem('test', (tx) => tx.execute(sql`update connections set ${change} where id = ${row.id}`))
        await expect(openRow(test, vault, row)).rejects.toThrow('key.unreadable')
        const { workspaceId, destination, provider, keyVersion } = row
        await test.database.asSystem('test', (tx) =>
          tx.update(connections).set({ workspaceId, destination, provider, keyVersion }).where(eq(connections.id, row.id)),
        )
        expect(await openRow(test, vault, row)).toBe(row.text)
      }
      const audit = await test.database.asSystem('test', (tx) => tx.select().from(auditEntries))
      expect(audit.length).toBe(changes.length)
    })

    it('a data key does not open in another workspace, under another id or version, or changed', async () => {
      const test = await openDatabase()
      const { vault, clock, masterKeyFile } = await vaultOn(test.database)
      const [mine, theirs] = [await test.workspaceId(), await test.workspaceId()]
      const rows = [
        await connect(test, { vault, workspace: mine, slug: 'a' }),
        await connect(test, { vault, workspace: theirs, slug: 'b' }),
      ]
      const swaps = [
        sql`update keyring.data_keys a set wrapped = b.wrapped from keyring.data_keys b where a.id <> b.id`,
        sql`update keyring.data_keys set version = version + 1`,
        sql`update keyring.data_keys set wrapped = set_bit(wrapped, 900, 1 - get_bit(wrapped, 900))`,
        sql`update keyring.data_keys set wrapped = ''`,
        sql`delete from keyring.data_keys`,
      ]
      const kept = await test.database.asSystem('test', (tx) => tx.select().from(dataKeys))
      for (const swap of swaps) {
        await test.database.asSystem('test', (tx) => tx.execute(swap))
        const fresh = await openVault({ database: test.database, masterKeyFile, clock }) // without unwrapped keys
        for (const row of rows) await expect(openRow(test, fresh, row)).rejects.toThrow('key.unreadable')
        await test.database.asSystem('test', async (tx) => {
          await tx.delete(dataKeys)
          await tx.insert(dataKeys).values(kept)
        })
      }
      const fresh = await openVault({ database: test.database, masterKeyFile, clock })
      for (const row of rows) expect(await openRow(test, fresh, row)).toBe(row.text)
    })

    it('an audit entry that cannot be written is the error', async () => {
      const test = await openDatabase()
      const { database } = test
      const { vault } = await vaultOn(database)
      const connection = { ...recordAt(OPENAI), sealedKey: 'lk1.AAAA' }
      await expect(openText(vault, await test.workspaceId(), connection, () => Promise.reject(new Error('no audit')))).rejects.toThrow(
        'no audit',
      )
    })
  })

  describe('the count of seals', () => {
    it('makes a new version the writer at 2^24, and what the old one sealed still opens', async () => {
      const test = await openDatabase()
      const { vault, workspace, sealOne } = await preset(test, 2n ** 24n - 1n)
      const sealed = [await sealOne()]
      expect(await dataKeysOf(test, workspace)).toEqual([{ version: 1, status: 'active', seals: 2n ** 24n }])
      sealed.push(await sealOne(), await sealOne())
      expect(await dataKeysOf(test, workspace)).toEqual([
        { version: 1, status: 'retired', seals: 2n ** 24n },
        { version: 2, status: 'active', seals: 2n },
      ])
      for (const connection of sealed) expect(await openText(vault, workspace, connection)).toBe('sk-0123')
      const ids = sealed.map(({ sealedKey }) => Buffer.from(sealedKey.slice(4), 'base64url').subarray(4, 20).toString('hex'))
      expect([ids[0] === ids[1], ids[1] === ids[2]]).toEqual([false, true])
    })

    it('makes one new version, however many reach the mark at once', async () => {
      const test = await openDatabase()
      const { workspace, sealOne } = await preset(test, ROTATE_AT_SEALS - 5n)
      await Promise.all(Array.from({ length: 20 }, sealOne))
      expect(await dataKeysOf(test, workspace)).toEqual([
        { version: 1, status: 'retired', seals: ROTATE_AT_SEALS },
        { version: 2, status: 'active', seals: 15n },
      ])
    })

    it('refuses at 2^32', async () => {
      const test = await openDatabase()
      const { workspace, sealOne } = await preset(test, REFUSE_AT_SEALS)
      await expect(sealOne()).rejects.toThrow('datakey.exhausted')
      expect(REFUSE_AT_SEALS).toBe(2n ** 32n)
      expect(await dataKeysOf(test, workspace)).toEqual([{ version: 1, status: 'active', seals: 2n ** 32n }])
    })
  })
})

const contextOf = (vault: Vault, workspaceId: string, recordId: string): SealContext => ({
  deploymentId: vault.deploymentId,
  workspaceId,
  recordType: 'connection',
  recordId,
  field: 'key',
  owner: { kind: 'workspace', id: workspaceId },
  recordVersion: 1,
  provider: 'openai',
  destination: OPENAI,
})

type Row = KeyRecord & { workspaceId: string; sealedKey: string; older: string; text: string }

/** A connection whose key was replaced once: `older` is the value of version 1, the row has version 2. */
async function connect(test: TestDatabase, { vault, workspace, slug }: { vault: Vault; workspace: string; slug: string }): Promise<Row> {
  const record = { ...recordAt({ baseUrl: 'https://gateway.example/acct-A', organization: 'o' }), keyVersion: 2 }
  const text = `sk-${workspace}-${slug}`
  const { sealed: older } = await vault.sealKey({ workspaceId: workspace, record: { ...record, keyVersion: 1 }, secret: secretOf(text) })
  const { sealed, fingerprint, lastFour } = await vault.sealKey({ workspaceId: workspace, record, secret: secretOf(text) })
  const row = {
    ...record,
    workspaceId: workspace,
    label: slug,
    slug,
    sealedKey: sealed,
    keyFingerprint: fingerprint,
    keyLastFour: lastFour,
  }
  await test.database.inWorkspace(workspace, (tx) => tx.insert(connections).values(row))
  return { ...record, workspaceId: workspace, sealedKey: sealed, older, text }
}

/** Opens a connection's key from what its row says now, whichever workspace that is; a failure leaves an audit entry. */
async function openRow({ database }: TestDatabase, vault: Vault, { id }: { id: string }): Promise<string> {
  const [row] = await database.asSystem('test', (tx) => tx.select().from(connections).where(eq(connections.id, id)))
  const { workspaceId, sealedKey } = row!
  const onUnreadable: OnUnreadable = ({ recordId }) =>
    database.inWorkspace(workspaceId, async (tx) => {
      const subject = `connection:${recordId}`
      await tx
        .insert(auditEntries)
        .values({ id: newId(), workspaceId, at: new Date(), actor: 'test', action: 'key.unreadable', subject, detail: {} })
    })
  return openText(vault, workspaceId, { ...row!, sealedKey: sealedKey! }, onUnreadable)
}

async function dataKeysOf(
  { database }: Pick<TestDatabase, 'database'>,
  workspaceId: string,
): Promise<{ version: number; status: string; seals: bigint }[]> {
  return database.inWorkspace(workspaceId, (tx) =>
    tx
      .select({ version: dataKeys.version, status: dataKeys.status, seals: dataKeys.seals })
      .from(dataKeys)
      .where(eq(dataKeys.workspaceId, workspaceId))
      .orderBy(dataKeys.version),
  )
}

/** A workspace whose data key has made so many seals. */
async function preset(
  test: TestDatabase,
  seals: bigint,
): Promise<{ vault: Vault; workspace: string; sealOne: () => Promise<KeyRecord & { sealedKey: string }> }> {
  const { vault } = await vaultOn(test.database)
  const workspace = await test.workspaceId()
  const sealOne = async (): Promise<KeyRecord & { sealedKey: string }> => {
    const record = recordAt(OPENAI)
    return { ...record, sealedKey: (await vault.sealKey({ workspaceId: workspace, record, secret: secretOf('sk-0123') })).sealed }
  }
  await sealOne()
  await test.database.asSystem('test', (tx) => tx.update(dataKeys).set({ seals }).where(eq(dataKeys.workspaceId, workspace)))
  return { vault, workspace, sealOne }
}
