import { eq } from 'drizzle-orm'
import { addBudget, addRateLimit } from '../../../src/contract/budgets.ts'
import { addConnection } from '../../../src/contract/connections.ts'
import { makeVirtualKey } from '../../../src/contract/gateway.ts'
import * as people from '../../../src/contract/people.ts'
import { connections } from '../../../src/db/schema/index.ts'
import type { CallIntent } from '../../../src/ledger/intent.ts'
import { loadConfig } from '../../../src/runtime/config.ts'
import { newId } from '../../../src/runtime/ids.ts'
import { createLog } from '../../../src/runtime/log.ts'
import { startServer } from '../../../src/server/start.ts'
import { makeClient } from '../server.ts'
import { startProfiling, type ThreadProfile } from './profiler.ts'

export interface ServerGreeting {
  readonly origin: string
  /** Of the first start alone. */
  readonly token: string | undefined
}

/**
 * A server whose gateway has all that a team would have on: a sealed key, a virtual key, a budget, a rate limit, and every call as
 * a durable intent and entry. Argument: the upstream's base URL. Says its address, and at its first start the virtual key; ends
 * with its parent.
 */
const baseUrl = process.argv[2]!
const config = loadConfig({ ...process.env, LATCHKEY_HOST: '127.0.0.1', LATCHKEY_PORT: '0', LATCHKEY_PRIVATE_HOSTS: new URL(baseUrl).host })
const server = await startServer({ config, log: createLog({ level: 'error' }), pages: [] })
const origin = server.origin.replace('localhost', '127.0.0.1')

async function setUp(claimToken: string): Promise<string> {
  const who = { email: 'ada@example.com', password: 'correct horse battery' }
  const owner = makeClient({ url: server.origin, ...who })
  await owner.call(people.claimServer, { body: { token: claimToken, name: 'Ada', ...who, workspaceName: 'Bench' } })
  const models = { '*': { input_tokens: '0.15', output_tokens: '0.6' } } // USD per million tokens, for any model
  const key = `sk-bench-${'0'.repeat(26)}`
  const up = { provider: 'openai-compatible', slug: 'up', destination: { baseUrl }, key, prices: { currency: 'USD', models } }
  await owner.call(addConnection, { body: up })
  // OpenAI stops its work when its caller leaves; of a server of one's own nobody knows.
  await owner.call(addConnection, { body: { ...up, provider: 'openai', slug: 'open' } })
  await owner.call(addBudget, { body: { name: 'Month', currency: 'USD', limit: '1000000', period: 'month', covers: {} } })
  await owner.call(addRateLimit, { body: { name: 'Requests', counts: 'requests', perMinute: 100_000_000, covers: {} } })
  return (await owner.call(makeVirtualKey, { body: { name: 'bench', maxOutputTokens: 1_000 } })).token
}

const COMMITS = 200

/** What one intent waits for when nothing else is under way, ms. */
async function commitWaits(): Promise<number[]> {
  const { ledger, database, clock } = server.services
  const [connection] = await database.asSystem('a connection to measure with', (tx) =>
    tx.select({ id: connections.id, workspaceId: connections.workspaceId }).from(connections).where(eq(connections.slug, 'up')),
  )
  const waits: number[] = []
  for (let commit = 0; commit < COMMITS; commit += 1) {
    const intent: CallIntent = {
      id: newId(),
      workspaceId: connection!.workspaceId,
      connectionId: connection!.id,
      actor: 'bench',
      origin: 'bench',
      context: 'chat',
      attempt: 1,
      requestedModel: 'json',
      worstCaseNano: 1_000_000n,
      currency: 'USD',
      budgetIds: [],
      byTheThousand: true,
    }
    const startedMs = performance.now()
    const admission = await ledger.intend(intent)
    waits.push(performance.now() - startedMs)
    if (admission.kind !== 'admitted') throw new Error(`a call was not admitted: ${admission.kind}`)
    await ledger.settle({ intent, intendedAt: admission.intendedAt, keyVersion: 1, outcome: 'not_sent', endedAt: clock.now() })
  }
  return waits
}

let endProfiling: (() => Promise<ThreadProfile[]>) | undefined
const answers: Readonly<Record<string, () => Promise<unknown>>> = {
  async profile() {
    endProfiling = await startProfiling()
    return 'profiling'
  },
  profiled: () => endProfiling!(),
  'commit waits': commitWaits,
}
process.on('message', (question) => {
  void answers[question as string]!().then((answer) => process.send!(answer))
})
process.once('disconnect', () => void server.close().then(() => process.exit(0)))

const token = server.claimLink === undefined ? undefined : await setUp(server.claimLink.split('#')[1]!)
const greeting: ServerGreeting = { origin, token }
process.send!(greeting)
