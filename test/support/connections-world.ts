import type { ServerResponse } from 'node:http'
import { sql } from 'drizzle-orm'
import { expect } from 'vitest'
import * as contract from '../../src/contract/connections.ts'
import { readMe } from '../../src/contract/people.ts'
import { rowsOf } from '../../src/db/rows.ts'
import { answerJson, type RawRequest, type RawServer, startRawServer } from './raw-server.ts'
import { startTestServer, type TestClient, type TestServer } from './server.ts'
import { expectNoSecret, newSecret } from './sweep.ts'

/** Keys with "held" in them are answered when this is over. */
export const held = { until: Promise.resolve() }

/** A provider of the OpenAI dialect. What it says of a key stands in the key; it repeats keys as careless providers do. */
function answerOf({ path: asked, headers }: RawRequest, response: ServerResponse): void {
  const path = asked.replace(/\?.*$/, '')
  const key = headers.authorization?.replace('Bearer ', '') ?? ''
  const error = (status: number, message: string, code?: string) => answerJson(response, status, { error: { message, code } })
  if (path.startsWith('/html')) return void response.end('<html>Welcome</html>')
  if (path.startsWith('/other')) return answerJson(response, 200, { hello: 'world' })
  if (path.startsWith('/moved')) return answerJson(response, 307, {}, { location: '/v1/models' })
  if (path.startsWith('/broken')) return error(500, `The server had an error with ${key}`)
  if (path.startsWith('/cut')) return void response.socket?.destroy()
  if (!path.startsWith('/v1')) return error(404, `Nothing here for ${key}`)
  if (path.endsWith('/key')) return answerJson(response, 200, { data: { label: 'mine', limit_remaining: key.includes('poor') ? 0 : 3 } })
  if (path.endsWith('/api-key')) return answerJson(response, 200, { api_key_id: 'a', api_key_disabled: key.includes('off') })
  if (path.endsWith('/user/balance')) return answerJson(response, 200, { is_available: !key.includes('poor'), balance_infos: [] })
  if (!path.endsWith('/models')) return error(404, 'Not found')
  if (key.includes('scope')) return error(401, 'You have insufficient permissions for this operation. Missing scopes: api.model.read.')
  if (key.includes('poor')) return error(429, 'You exceeded your current quota', 'insufficient_quota')
  if (key.includes('quick')) return error(429, 'Slow down', 'rate_limit_exceeded')
  if (key.includes('grok')) return answerJson(response, 400, { code: 'invalid-argument', error: `Incorrect API key provided: ${key}` })
  if (!key.includes('good')) return error(401, `Incorrect API key provided: ${key}`, 'invalid_api_key')
  return answerJson(response, 200, { object: 'list', data: [{ id: 'gpt-4.1-mini' }, { id: 'house-model', context_length: 32_000 }] })
}

const startProvider = (): Promise<RawServer> =>
  startRawServer((request, response) => {
    if (!request.headers.authorization?.includes('held')) return answerOf(request, response)
    void held.until.then(() => answerOf(request, response))
  })

/** A server with a provider whose word on a key stands in the key, and all that was said of keys. */
export interface ConnectionsWorld {
  readonly server: TestServer
  readonly provider: RawServer
  /** Another host, which repeats what it is sent. */
  readonly echo: RawServer
  readonly owner: TestClient
  readonly workspaceId: string
  /** The same client, all of whose answers are kept. */
  listening(client: TestClient): TestClient
  at(path?: string): { baseUrl: string }
  /** A key that begins so, kept for the sweep. */
  secret(prefix: string): string
  add(change?: object): Promise<contract.ConnectionView>
  view(connectionId: string): Promise<contract.ConnectionView>
  /** What the audit has of a connection, in order. */
  audited(id: string): Promise<string[]>
  /** KEY-5: no key is in any answer, error or row. */
  expectNoKeyKept(atLeast: { keys: number; answers: number; storedCharacters: number }): Promise<void>
  close(): Promise<void>
}

export async function startConnectionsWorld(on: 'pglite' | 'postgres'): Promise<ConnectionsWorld> {
  const said: string[] = []
  const secrets: string[] = []
  const provider = await startProvider()
  const echo = await startRawServer(({ headers, path }, response) =>
    answerJson(response, 401, { error: { message: JSON.stringify({ headers, path }) } }),
  )
  const hosts = [provider, echo].map(({ url }) => new URL(url).host)
  const server = await startTestServer({ on, environment: { LATCHKEY_PRIVATE_HOSTS: [...hosts, '127.0.0.1:1024'].join(',') } })
  const { database } = server.server.services
  const listening = (client: TestClient): TestClient => ({
    ...client,
    call: async (route, ...args) => {
      const answer = await client.call(route, ...args)
      said.push(JSON.stringify(answer) ?? '')
      return answer
    },
    refused: async (route, ...args) => {
      const problem = await client.refused(route, ...args)
      said.push(JSON.stringify(problem))
      return problem
    },
  })
  const owner = listening(await server.owner())
  const workspaceId = (await owner.call(readMe)).workspace!.id
  const at = (path = '/v1'): { baseUrl: string } => ({ baseUrl: provider.url + path })
  const secret = (prefix: string): string => {
    const made = newSecret({ prefix })
    secrets.push(made)
    return made
  }
  return {
    server,
    provider,
    echo,
    owner,
    workspaceId,
    listening,
    at,
    secret,
    add: (change = {}) =>
      owner.call(contract.addConnection, { body: { provider: 'openai', destination: at(), key: secret('sk-good-'), ...change } }),
    view: (connectionId) => owner.call(contract.readConnection, { params: { connectionId } }),
    async audited(id) {
      const rows = await database.inWorkspace(workspaceId, (tx) =>
        rowsOf<{ action: string }>(tx, sql`select action from audit_entries where subject = ${`connection:${id}`} order by at, id`),
      )
      return rows.map(({ action }) => action)
    },
    async expectNoKeyKept({ keys, answers, storedCharacters }) {
      expect(secrets.length).toBeGreaterThan(keys)
      expect(said.length).toBeGreaterThan(answers)
      const rows = await database.asSystem('a test looks', async (tx) => {
        const texts: Record<string, string> = {}
        for (const table of ['connections', 'audit_entries', 'ledger_entries', 'call_intents']) {
          const found = await rowsOf<{ row: string }>(tx, sql`select to_jsonb(whole)::text as row from ${sql.identifier(table)} as whole`)
          texts[table] = found.map(({ row }) => row).join('\n')
        }
        return texts
      })
      expect(Object.values(rows).join('').length).toBeGreaterThan(storedCharacters)
      expectNoSecret(secrets, { texts: { answers: said.join('\n'), ...rows }, paths: [] })
    },
    async close() {
      await server.close()
      await provider.stop()
      await echo.stop()
    },
  }
}
