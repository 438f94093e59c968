import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { addConnection } from '../../src/contract/connections.ts'
import { makeVirtualKey } from '../../src/contract/gateway.ts'
import { askGateway, eventText, json, startUpstream, type Upstream } from './gateway.ts'
import { COMPLETION, piece } from './gateway-ways.ts'
import { startTestServer, type TestClient } from './server.ts'
import { newSecret } from './sweep.ts'

/** What two workspaces with the same questions heard of each other. */
export interface TenantsReport {
  readonly calls: number
  readonly left: number
  /** Answers that held what another workspace was told, or what another question was. */
  readonly foreign: readonly string[]
  /** Requests that the provider saw, by workspace. */
  readonly seen: readonly number[]
  readonly served: readonly number[]
}

/** What a provider tells the holder of a key alone. */
const canaryOf = (key: string): string => createHash('sha256').update(`canary ${key}`).digest('hex')

interface Tenant {
  readonly client: TestClient
  readonly key: string
  readonly token: string
  seen: number
  served: number
}

/**
 * Two workspaces of one server ask the same questions of one provider at the same time, over connections of the same name; a part of
 * their programs leaves in the middle. Each answer says whose key asked, and what was asked.
 */
export async function askAsTenants({
  calls,
  concurrent,
  random,
}: {
  calls: number
  concurrent: number
  random: () => number
}): Promise<TenantsReport> {
  const tenants: Tenant[] = []
  const upstream = await startUpstream((request, response, body) => {
    void answerAs(tenants, { key: keyOf(request.headers.authorization), body, response, random })
  })
  const server = await startTestServer({ environment: { LATCHKEY_PRIVATE_HOSTS: upstream.hostPort } })
  try {
    for (const client of [await server.owner(), await server.stranger()]) tenants.push(await makeTenant(client, upstream))
    const foreign: string[] = []
    let [made, left] = [0, 0]
    const program = async (): Promise<void> => {
      while (made < calls) {
        made += 1
        const question = `question ${Math.floor(made / 2) % 50}.` // both ask each, again and again
        const tenant = tenants[made % 2]!
        const leaves = random() < 0.3
        const signal = leaves ? AbortSignal.timeout(Math.ceil(random() * 25)) : undefined
        const body = { model: 'shared/m', messages: [{ role: 'user', content: question }], stream: random() < 0.5 }
        const text = await askGateway(server.url, { token: tenant.token, body, ...(signal && { signal }) })
          .then((answer) => answer.text())
          .catch(() => undefined) // it leaves before the answer, or in the middle of it
        if (text === undefined) {
          left += 1
          continue
        }
        tenant.served += 1
        const isOwn = text.includes(canaryOf(tenant.key)) && text.includes(question)
        const others = tenants.filter((other) => other !== tenant).some(({ key }) => text.includes(canaryOf(key)))
        if (others || !isOwn) foreign.push(`${question} ${text.slice(0, 300)}`)
      }
    }
    await Promise.all(Array.from({ length: concurrent }, program))
    return { calls: made, left, foreign, seen: tenants.map(({ seen }) => seen), served: tenants.map(({ served }) => served) }
  } finally {
    await server.close()
    await upstream.close()
  }
}

async function makeTenant(client: TestClient, { origin }: Upstream): Promise<Tenant> {
  const key = newSecret({ prefix: 'sk-tenant-' })
  await client.call(addConnection, { body: { provider: 'openai', slug: 'shared', destination: { baseUrl: `${origin}/v1` }, key } })
  const { token } = await client.call(makeVirtualKey, { body: { name: 'robot' } })
  return { client, key, token, seen: 0, served: 0 }
}

const keyOf = (authorization = ''): string => authorization.replace('Bearer ', '')

/** Says whose key came and what was asked, in pieces, so that a program can leave between them. */
async function answerAs(
  tenants: readonly Tenant[],
  { key, body, response, random }: { key: string; body: Buffer; response: ServerResponse; random: () => number },
): Promise<void> {
  response.on('error', () => undefined)
  const { messages, stream } = JSON.parse(body.toString()) as { messages: { content: string }[]; stream?: boolean }
  const tenant = tenants.find((one) => one.key === key)
  if (tenant) tenant.seen += 1
  const words = `${canaryOf(key)} ${messages[0]!.content}`
  await sleep(random() * 10)
  if (!stream)
    return json({ ...COMPLETION, choices: [{ ...COMPLETION.choices[0], message: { role: 'assistant', content: words } }] })(
      {} as never,
      response,
      body,
    )
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(eventText([piece(words)]))
  await sleep(random() * 20)
  response.end(eventText([piece(words), '[DONE]']))
}
