import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { expect, it } from 'vitest'
import { claimServer } from '../src/contract/people.ts'
import * as runs from '../src/contract/runs.ts'
import { openDatabase } from '../src/db/open.ts'
import { rowsOf } from '../src/db/rows.ts'
import { describeOnEachEngine } from './support/engines.ts'
import { type Home, makeHome, type RunningCli, startCli } from './support/cli.ts'
import { openMigratedPostgres, fillDataFolder } from './support/databases.ts'
import { bringFile } from './support/bring-file.ts'
import { CALL_NANO, connectTo, EVERYTHING, planned, productFile, RECIPE, until } from './support/enrichment.ts'
import { startMockProvider } from './support/mock-provider.ts'
import { postgresAbsence } from './support/postgres-cluster.ts'
import { makeClient } from './support/server.ts'

const PRODUCTS = 240
const CONCURRENCY = 8
const KILLS_AFTER = [40, 110, 180] // requests
const EMAIL = 'ada@example.com'
const PASSWORD = 'correct horse battery'

interface Running extends RunningCli {
  readonly url: string
  readonly claimToken: string | undefined
}

/** A server of its own process, as `npm start` has it; resolves when it has said where it is. */
async function startServer(home: Home, environment: Readonly<Record<string, string>>): Promise<Running> {
  const running = startCli(['serve'], { home, environment })
  let said = ''
  running.child.stdout!.on('data', (text: string) => (said += text))
  for (;;) {
    const [, url] = /Latchkey is at (http:\/\/\S+)/.exec(said) ?? []
    if (url) {
      await sleep(50) // the link comes with the same words
      return { ...running, url, claimToken: /#(\S+)/.exec(said)?.[1] }
    }
    if (running.child.exitCode !== null) throw new Error(`the server ended: ${(await running.result).stderr}`)
    await sleep(50)
  }
}

async function kill({ child, result }: Running): Promise<void> {
  child.kill('SIGKILL')
  await result
}

describeOnEachEngine('a run whose server is killed (kill -9)', (engine) => {
  it.skipIf(engine === 'postgres' && postgresAbsence() !== undefined)(
    'goes on at the next start: nothing is lost, nothing is written twice, and every request is on record',
    async () => {
      const mock = await startMockProvider({ latencyMs: 40 })
      const postgres = engine === 'postgres' ? await openMigratedPostgres() : undefined
      const home = makeHome({ databaseUrl: postgres?.url })
      try {
        if (!postgres) await fillDataFolder(home.file('data'))
        const environment = { LATCHKEY_PRIVATE_HOSTS: new URL(mock.url).host, LATCHKEY_PORT: '0', LATCHKEY_HOST: '127.0.0.1' }
        let server = await startServer(home, environment)
        const again = { ...environment, LATCHKEY_PORT: new URL(server.url).port } // the same address, so that the session holds
        const client = makeClient({ url: server.url, email: EMAIL, password: PASSWORD })
        await client.call(claimServer, { body: { token: server.claimToken!, email: EMAIL, password: PASSWORD, workspaceName: 'Lamps' } })
        const connectionId = await connectTo(client, mock.url, 'mock')
        await bringFile(client, 'lamps.csv', productFile(PRODUCTS))
        const body = { selection: EVERYTHING, recipe: RECIPE, servedBy: { connectionId, model: 'm' }, concurrency: CONCURRENCY }
        const { id: runId } = await client.call(runs.addRun, { body })
        await planned(client, runId)
        await client.call(runs.startRun, { params: { runId } })

        for (const requests of KILLS_AFTER) {
          while (mock.requests().length < requests) await sleep(5)
          await kill(server)
          server = await startServer(home, again)
        }
        const end = await until(client, runId, ({ state }) => state === 'finished')
        expect(end.counts).toMatchObject({ total: PRODUCTS, done: PRODUCTS, failed: 0, waiting: 0 })

        const receipt = await client.call(runs.readRunReceipt, { params: { runId } })
        const cutOff = receipt.byOutcome.find(({ outcome }) => outcome === 'interrupted')
        expect(receipt.calls - (cutOff?.calls ?? 0)).toBe(PRODUCTS)
        expect(cutOff?.calls ?? 0).toBeLessThanOrEqual(KILLS_AFTER.length * CONCURRENCY)
        expect(receipt.unknownCostCalls).toBe(cutOff?.calls ?? 0)
        expect(receipt.cost).toEqual([{ currency: 'USD', amount: (Number(CALL_NANO * BigInt(PRODUCTS)) / 1e9).toString() }])
        server.child.kill('SIGTERM')
        expect((await server.result).code).toBe(0)

        const database = await openDatabase({
          dataDir: home.file('data'),
          databaseUrl: postgres?.url,
          log: { debug: () => undefined, warn: () => undefined },
        })
        const [audit] = await database.asSystem('a test audits', (tx) =>
          rowsOf<Record<string, number>>(
            tx,
            sql`select (select count(*) from value_changes)::integer as changes,
                  (select count(distinct (product_id, attribute)) from value_changes where state = 'proposed')::integer as proposed,
                  (select count(*) from ledger_entries where id = any (${sql.param(mock.callIds())}::uuid[]))::integer as known,
                  (select count(*) from call_intents)::integer as intents,
                  (select count(*) from budget_windows where spent_nano <> (select coalesce(sum(charged_nano), 0) from ledger_entries) or held_nano <> 0)::integer as wrong`,
          ),
        )
        await database.close()
        expect(audit).toEqual({ changes: 3 * PRODUCTS, proposed: 3 * PRODUCTS, known: new Set(mock.callIds()).size, intents: 0, wrong: 0 })
      } finally {
        await mock.stop()
        await postgres?.remove()
        home.remove()
      }
    },
    180_000,
  )
})
