import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asc } from 'drizzle-orm'
import { Secret } from '../../src/base/secret.ts'
import type { Candidate } from '../../src/calls/call.ts'
import { createMachines } from '../../src/calls/machine-time.ts'
import { createPace } from '../../src/calls/pace.ts'
import type { CallServices } from '../../src/calls/services.ts'
import { createCallWatch } from '../../src/calls/watch.ts'
import { addConnection } from '../../src/connections/add.ts'
import type { Database } from '../../src/db/database.ts'
import { ledgerEntries } from '../../src/db/schema/index.ts'
import { createLedger } from '../../src/ledger/ledger.ts'
import type { RateCard } from '../../src/prices/rate-card.ts'
import { createSender } from '../../src/providers/send.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { newId } from '../../src/runtime/ids.ts'
import { createLog } from '../../src/runtime/log.ts'
import { openVault } from '../../src/vault/vault.ts'
import type { TestDatabase } from './databases.ts'

/** The path of a call with everything real but the providers, below any route: for kinds of work that no route asks for. */
export interface CallBench {
  readonly services: CallServices
  readonly workspaceId: string
  /** A connection to a server of the test, and what a call needs of it. */
  candidate(connection: {
    readonly provider: string
    readonly baseUrl: string
    readonly model: string
    readonly apiVersion?: string | undefined
    readonly key?: string | undefined
    readonly prices?: RateCard | undefined
  }): Promise<Candidate>
  /** The ledger's entries since the last time it was asked, in the order of their calls. */
  entries(): Promise<(typeof ledgerEntries.$inferSelect)[]>
  close(): Promise<void>
}

/** Reaches `urls` and no other private address. Close it before its database. */
export async function startCallBench({ database, workspaceId: makeWorkspace }: TestDatabase, urls: readonly string[]): Promise<CallBench> {
  const clock = systemClock
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-calls-'))
  const vault = await openVault({ database, masterKeyFile: join(folder, 'master.key'), clock })
  const privateHosts = new Set(urls.map((url) => new URL(url).host))
  const sender = createSender({ privateHosts })
  const log = createLog({ level: 'silent' })
  const watch = createCallWatch({ database, clock, log })
  const close = async (): Promise<void> => {
    await watch.close()
    await sender.close()
    vault.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const ledger = createLedger({ database, clock, instance: newId() })
  const pace = createPace(clock)
  const services: CallServices = { database, vault, ledger, sender, clock, log, watch, paceOf: () => pace, machineOf: createMachines() }
  const workspaceId = await makeWorkspace()
  const seen = new Set<string>()
  return {
    services,
    workspaceId,
    close,
    async candidate({ provider, baseUrl, model, apiVersion, key, prices = null }) {
      const secret = key === undefined ? undefined : new Secret(Buffer.from(key))
      const input = {
        provider,
        destination: { baseUrl, ...(apiVersion === undefined ? {} : { apiVersion }) },
        key: secret,
        contexts: null,
        prices,
      }
      const connection = await addConnection({ database, vault, clock, privateHosts }, { workspaceId, actor: 'test', input })
      return { connectionId: connection.id, provider, model, rateCard: prices }
    },
    async entries() {
      const all = await allEntries(database, workspaceId)
      const fresh = all.filter(({ id }) => !seen.has(id))
      for (const { id } of fresh) seen.add(id)
      return fresh
    },
  }
}

const allEntries = (database: Database, workspaceId: string) =>
  database.inWorkspace(workspaceId, (tx) => tx.select().from(ledgerEntries).orderBy(asc(ledgerEntries.id)))
