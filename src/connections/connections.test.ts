import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { assignedCandidates, namedCandidates } from '../assignments/resolve.ts'
import { Secret } from '../base/secret.ts'
import { assignments, auditEntries, connections } from '../db/schema/index.ts'
import { openai } from '../providers/openai.ts'
import { systemClock } from '../runtime/clock.ts'
import { withOpenKey } from '../vault/open.ts'
import { openVault, type Vault } from '../vault/vault.ts'
import { type Connection, ensureConnection, listConnections, revokeConnection, setPrices } from './connections.ts'

const KEY = 'sk-test-0123456789abcdefghijWXYZ'
const secretOf = (text: string): Secret => new Secret(Buffer.from(text))

describeOnEachDatabase('connections', (open) => {
  let test: TestDatabase
  let vault: Vault
  let workspaceId: string
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-connections-'))

  beforeAll(async () => {
    test = await open()
    vault = await openVault({ database: test.database, masterKeyFile: join(folder, 'master.key'), clock: systemClock })
    workspaceId = await test.workspaceId()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const ensure = (baseUrl: string, key?: string): Promise<Connection> =>
    ensureConnection({
      database: test.database,
      vault,
      workspaceId,
      actor: 'command',
      provider: openai,
      destination: { baseUrl },
      ...(key === undefined ? {} : { key: secretOf(key) }),
    })
  const reveal = (connection: Connection): Promise<string> =>
    withOpenKey({
      vault,
      workspaceId,
      connection: { ...connection, sealedKey: connection.sealedKey! },
      use: (key) => Promise.resolve(Buffer.from(key.reveal()).toString()),
      onUnreadable: () => Promise.resolve(),
    })
  const audited = async (id: string): Promise<string[]> => {
    const rows = await test.database.inWorkspace(workspaceId, (tx) =>
      tx
        .select()
        .from(auditEntries)
        .where(eq(auditEntries.subject, `connection:${id}`))
        .orderBy(auditEntries.at),
    )
    return rows.map(({ action }) => action)
  }

  it('one destination has one connection; another address makes another', async () => {
    const first = await ensure('https://one.example/v1', KEY)
    expect(await ensure('https://one.example/v1')).toMatchObject({ id: first.id, sealedKey: first.sealedKey })
    const other = await ensure('https://other.example/v1')
    expect(other.id).not.toBe(first.id)
    expect(other.slug).not.toBe(first.slug)
    expect(other.sealedKey).toBeNull()
  })

  it('the same key again changes nothing, another one replaces it, and both are in the audit', async () => {
    const first = await ensure('https://replace.example/v1', KEY)
    expect(await ensure('https://replace.example/v1', `  ${KEY}\n`)).toMatchObject({ keyVersion: 1, sealedKey: first.sealedKey })
    const replaced = await ensure('https://replace.example/v1', `${KEY}-new`)
    expect(replaced.keyVersion).toBe(2)
    expect(await reveal(replaced)).toBe(`${KEY}-new`)
    expect(await audited(first.id)).toEqual(['connection.added', 'key.set', 'key.replaced'])
  })

  it('a key whose row was pointed elsewhere does not open, and given again it is sealed anew', async () => {
    const connection = await ensure('https://before.example/v1', KEY)
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx
        .update(connections)
        .set({ destination: { baseUrl: 'https://after.example/v1' } })
        .where(eq(connections.id, connection.id)),
    )
    const moved = { ...connection, destination: { baseUrl: 'https://after.example/v1' } }
    await expect(reveal(moved)).rejects.toThrow('key.unreadable')
    const mended = await ensure('https://after.example/v1', KEY)
    expect(mended.id).toBe(connection.id)
    expect(await reveal(mended)).toBe(KEY)
  })

  it('shows of a key its last four characters, and of a short one nothing', async () => {
    await ensure('https://shown.example/v1', KEY)
    await ensure('https://short.example/v1', 'short-key')
    const listed = await test.database.inWorkspace(workspaceId, listConnections)
    expect(listed.find(({ baseUrl }) => baseUrl === 'https://shown.example/v1')).toMatchObject({ key: '••••WXYZ' })
    expect(listed.find(({ baseUrl }) => baseUrl === 'https://short.example/v1')).toMatchObject({ key: '••••' })
    expect(JSON.stringify(listed)).not.toContain(KEY.slice(0, 12))
  })

  it('revoking destroys the sealed key, and the destination gets a new connection next time', async () => {
    const connection = await ensure('https://revoked.example/v1', KEY)
    await test.database.inWorkspace(workspaceId, (tx) => revokeConnection(tx, { actor: 'command', id: connection.id }))
    const [row] = await test.database.inWorkspace(workspaceId, (tx) =>
      tx.select().from(connections).where(eq(connections.id, connection.id)),
    )
    expect(row).toMatchObject({ status: 'revoked', sealedKey: null })
    await expect(
      test.database.inWorkspace(workspaceId, (tx) => revokeConnection(tx, { actor: 'command', id: connection.id })),
    ).rejects.toThrow('connection.missing')
    expect((await ensure('https://revoked.example/v1')).id).not.toBe(connection.id)
    expect(await audited(connection.id)).toContain('connection.revoked')
  })

  it('keeps prices by model, in one currency', async () => {
    const connection = await ensure('https://priced.example/v1')
    const price = (of: Connection, model: string, currency: string) =>
      test.database.inWorkspace(workspaceId, (tx) =>
        setPrices(tx, { actor: 'command', connection: of, model, currency, prices: { input_tokens: '1', output_tokens: '2' } }),
      )
    const priced = await price(await price(connection, 'a', 'USD'), 'b', 'USD')
    expect(Object.keys(priced.prices!.models)).toEqual(['a', 'b'])
    await expect(price(priced, 'c', 'EUR')).rejects.toThrow('command.invalid')
  })

  it('another workspace has connections of its own', async () => {
    const foreign = await test.workspaceId()
    await ensure('https://mine.example/v1', KEY)
    expect(await test.database.inWorkspace(foreign, listConnections)).toEqual([])
  })

  it("a context is served by the workspace's candidates in their order, else by nobody; a job may name its own", async () => {
    const { id } = await ensure('https://assigned.example/v1')
    const models = (candidates: readonly { readonly model: string }[]): string[] => candidates.map(({ model }) => model)
    const assigned = () => test.database.inWorkspace(workspaceId, (tx) => assignedCandidates(tx, 'enrichment'))
    await expect(assigned()).rejects.toThrow('assignment.missing')
    await test.database.inWorkspace(workspaceId, (tx) =>
      tx.insert(assignments).values([
        { workspaceId, context: 'enrichment', position: 1, connectionId: id, model: 'second' },
        { workspaceId, context: 'enrichment', position: 0, connectionId: id, model: 'first' },
      ]),
    )
    expect(models(await assigned())).toEqual(['first', 'second'])
    const named = await test.database.inWorkspace(workspaceId, (tx) => namedCandidates(tx, [{ connectionId: id, model: 'own' }]))
    expect(named).toMatchObject([{ position: 0, model: 'own', rules: {}, fallbackOn: [], connection: { id } }])
    const foreign = await test.workspaceId()
    const stolen = test.database.inWorkspace(foreign, (tx) => namedCandidates(tx, [{ connectionId: id, model: 'own' }]))
    await expect(stolen).rejects.toThrow('connection.missing')
  })
})
