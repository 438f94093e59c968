import type { Role } from '../../src/contract/permissions.ts'
import * as people from '../../src/contract/people.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { RouteAnswer, RouteArguments, RouteContract } from '../../src/contract/route.ts'
import { loadConfig } from '../../src/runtime/config.ts'
import { createLog, type Log } from '../../src/runtime/log.ts'
import type { Serve } from '../../src/server/create-server.ts'
import { type RunningServer, startServer } from '../../src/server/start.ts'
import { makeHome } from './cli.ts'
import { openMigratedPostgres, fillDataFolder } from './databases.ts'

/** A server of this test alone, in this process, on a port of its own. */
export interface TestServer {
  readonly url: string
  readonly server: RunningServer
  readonly folder: string
  /** What another process needs to work on the same data; on PostgreSQL alone. */
  readonly shared: Readonly<Record<string, string>> | undefined
  /** Someone without a session. */
  visitor(): TestClient
  /** The first person, owner of the first workspace; claimed at the first use. */
  owner(): Promise<TestClient>
  /** A new member of the owner's workspace, in this role. */
  member(role: Role): Promise<TestClient>
  /** The owner of a workspace of their own. */
  stranger(): Promise<TestClient>
  /** Stops it and starts it again on the same data. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** A browser, as far as a server can tell: it keeps its cookies. */
export interface TestClient {
  readonly email: string
  readonly password: string
  /** Calls a route. @throws ProblemAnswer for any status that is not the route's own */
  call<Route extends RouteContract>(route: Route, ...args: Arguments<Route>): Promise<RouteAnswer<Route>>
  /** A call whatever comes of it. */
  ask(route: RouteContract, args?: AnyArguments): Promise<Response>
  /** The problem that a call ends with. */
  refused<Route extends RouteContract>(route: Route, ...args: Arguments<Route>): Promise<Problem>
  /** A request with this client's cookies, as fetch makes it. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** The items of a stream, until it ends or `signal` aborts. */
  events<Route extends RouteContract>(route: Route, args: RouteArguments<Route>, signal?: AbortSignal): AsyncGenerator<RouteAnswer<Route>>
  /** The same person through an API token. */
  withToken(): Promise<TestClient>
  cookies(): { name: string; value: string }[]
}

// A route without inputs is called without arguments.
type Arguments<Route extends RouteContract> =
  object extends RouteArguments<Route> ? [args?: RouteArguments<Route>] : [args: RouteArguments<Route>]

export class ProblemAnswer extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

const PASSWORD = 'correct horse battery'

export async function startTestServer({
  on = 'pglite',
  environment = {},
  pages = [],
  log = createLog({ level: 'silent' }),
}: {
  on?: 'pglite' | 'postgres'
  environment?: Readonly<Record<string, string>>
  pages?: readonly Serve[]
  log?: Log
} = {}): Promise<TestServer> {
  const postgres = on === 'postgres' ? await openMigratedPostgres() : undefined
  const home = makeHome({ databaseUrl: postgres?.url })
  if (!postgres && environment['DATABASE_URL'] === undefined) await fillDataFolder(home.file('data'))
  const start = (port: string): Promise<RunningServer> => {
    const config = loadConfig({ HOME: home.folder, ...home.environment, LATCHKEY_PORT: port, LATCHKEY_HOST: '127.0.0.1', ...environment })
    return startServer({ config, log, pages })
  }
  let server = await start('0')
  const { origin } = server
  const counted = { number: 0 }
  const newClient = (email: string): TestClient => makeClient({ url: origin, email, password: PASSWORD })
  let owner: Promise<TestClient> | undefined
  const claim = async (): Promise<TestClient> => {
    const client = newClient('ada@example.com')
    const token = server.claimLink!.split('#')[1]!
    await client.call(people.claimServer, { body: { token, name: 'Ada', email: client.email, password: PASSWORD, workspaceName: 'Lamps' } })
    return client
  }
  const theOwner = (): Promise<TestClient> => (owner ??= claim())
  const join = async (role: Role): Promise<TestClient> => {
    const { link } = await (await theOwner()).call(people.invite, { body: { as: role } })
    counted.number += 1
    const client = newClient(`${role}-${counted.number}@example.com`)
    const person = { name: `${role} ${counted.number}`, email: client.email, password: PASSWORD }
    await client.call(people.acceptInvitation, { body: { token: link.split('/join/')[1]!, person } })
    return client
  }
  return {
    url: origin,
    folder: home.folder,
    shared: postgres && { DATABASE_URL: postgres.url, LATCHKEY_MASTER_KEY_FILE: home.environment['LATCHKEY_MASTER_KEY_FILE']! },
    get server() {
      return server
    },
    visitor: () => newClient('nobody@example.com'),
    owner: theOwner,
    member: join,
    async stranger() {
      const client = await join('viewer')
      const { user } = await client.call(people.makeWorkspace, { body: { name: 'Elsewhere' } })
      await (await theOwner()).call(people.removeMember, { params: { userId: user.id } })
      return client
    },
    async restart() {
      await server.close()
      server = await start(new URL(origin).port)
    },
    async close() {
      await server.close()
      await postgres?.remove()
      home.remove()
    },
  }
}

/** A client of a server at any address. */
export function makeClient({ url, email, password, token }: { url: string; email: string; password: string; token?: string }): TestClient {
  const cookies = new Map<string, string>()

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (token) headers.set('authorization', `Bearer ${token}`)
    else if (cookies.size > 0) headers.set('cookie', Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(new URL(path, url), { redirect: 'manual', ...init, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      if (value === '' || /max-age=0/i.test(cookie)) cookies.delete(name!)
      else cookies.set(name!, value!)
    }
    return response
  }

  async function ask(route: RouteContract, args: AnyArguments = {}, signal?: AbortSignal): Promise<Response> {
    const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(args.params?.[name])))
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(args.query ?? {}))
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) query.append(name, String(one))
    const body = args.body === undefined ? {} : { body: JSON.stringify(args.body), headers: { 'content-type': 'application/json' } }
    const bytes = args.bytes === undefined ? {} : { body: args.bytes, headers: { 'content-type': 'application/octet-stream' } }
    return request(`${path}${query.size > 0 ? `?${query.toString()}` : ''}`, {
      method: route.method.toUpperCase(),
      ...body,
      ...bytes,
      ...(signal ? { signal } : {}),
    })
  }

  async function call(route: RouteContract, args?: AnyArguments): Promise<unknown> {
    const response = await ask(route, args)
    if (!response.ok) throw new ProblemAnswer((await response.json()) as Problem)
    return route.answer ? route.answer.parse(await response.json()) : undefined
  }

  const client: TestClient = {
    email,
    password,
    fetch: request,
    ask,
    call: call as TestClient['call'],
    refused: (async (route: RouteContract, args?: AnyArguments) => {
      const response = await ask(route, args)
      if (response.ok) throw new Error(`${route.id} was not refused: ${response.status} ${await response.text()}`)
      return (await response.json()) as Problem
    }) as TestClient['refused'],
    events: async function* (route: RouteContract, args: unknown, signal?: AbortSignal) {
      const response = await ask(route, args as AnyArguments, signal)
      if (!response.ok) throw new ProblemAnswer((await response.json()) as Problem)
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop()!
        for (const block of blocks) {
          if (block.includes('event: end')) return
          const data = block
            .split('\n')
            .filter((line) => line.startsWith('data: '))
            .map((line) => line.slice(6))
          if (data.length > 0) yield route.answer!.parse(JSON.parse(data.join('\n')))
        }
      }
    } as TestClient['events'],
    async withToken() {
      const made = await client.call(people.makeApiToken, { body: { name: 'test' } })
      return makeClient({ url, email, password, token: made.token })
    },
    cookies: () => Array.from(cookies, ([name, value]) => ({ name, value })),
  }
  return client
}

/** A route's inputs, unchecked. */
export interface AnyArguments {
  readonly params?: Record<string, unknown>
  readonly query?: Record<string, unknown>
  readonly body?: unknown
  /** The body of a route that takes bytes. */
  readonly bytes?: NonNullable<RequestInit['body']>
}
