/**
 * A process that seals a key, opens it, uses it once and then is idle. Run with --expose-gc:
 * node --expose-gc idle-process.ts <data folder> <master key file> <folder for what it leaves>
 * It leaves `secret.bin` (the key), `control.bin` (bytes it holds on to as a string) and `heap.heapsnapshot`.
 */
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'
import { Secret } from '../../../src/base/secret.ts'
import { openDatabase } from '../../../src/db/open.ts'
import { workspaces } from '../../../src/db/schema/people.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { newId } from '../../../src/runtime/ids.ts'
import { withOpenKey } from '../../../src/vault/open.ts'
import { openVault } from '../../../src/vault/vault.ts'

const [dataDir, masterKeyFile, out] = process.argv.slice(2) as [string, string, string]
const silent = { debug: (): void => undefined, warn: (): void => undefined }

const database = await openDatabase({ dataDir, databaseUrl: undefined, log: silent })
const vault = await openVault({ database, masterKeyFile, clock: systemClock })
const workspaceId = newId()
await database.asSystem('test', (tx) => tx.insert(workspaces).values({ id: workspaceId, name: 'Idle', slug: 'idle' }))

const record = { id: newId(), provider: 'openai', destination: { baseUrl: 'https://api.openai.com/v1' }, keyVersion: 1 }
const secret = randomKey('secret.bin')
const { sealed } = await vault.sealKey({ workspaceId, record, secret })
secret.wipe()
const length = await withOpenKey({
  vault,
  workspaceId,
  connection: { ...record, sealedKey: sealed },
  use: async (key) => headerOf(key).length,
  onUnreadable: () => Promise.reject(new Error('it should have opened')),
})
const control = randomKey('control.bin')
const held = { header: headerOf(control) }
control.wipe()

await sleep(1_000)
for (let round = 0; round < 3; round += 1) {
  globalThis.gc!()
  await sleep(50)
}
writeHeapSnapshot(join(out, 'heap.heapsnapshot'))
if (held.header.length !== length) throw new Error('the two keys have the same length')
vault.close()
await database.close()

/** A key that never was a string; its bytes are left for the reader of the snapshot. */
function randomKey(file: string): Secret {
  const bytes = new Uint8Array(48)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = randomInt(0x61, 0x7b) // a to z
  writeFileSync(join(out, file), bytes)
  return new Secret(bytes)
}

/** What a call makes of a key for one request. */
function headerOf(key: Secret): string {
  return `Bearer ${Buffer.from(key.reveal()).toString('latin1')}`
}
