import { getRequestListener } from '@hono/node-server'
import { createServer as createHttpServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPulls } from '../apps/connection-checks/pulls.ts'
import { createGateway } from '../apps/gateway/gateway.ts'
import { enrichmentKind } from '../apps/enrichment/run-kind.ts'
import { AppError } from '../base/errors.ts'
import type { HandledRoute } from '../http/handle.ts'
import { isClaimed, makeClaimToken } from '../people/claim.ts'
import { createSignIn } from '../people/sign-in.ts'
import { createSignInLimits } from '../people/sign-in-limits.ts'
import { createRunManager } from '../runs/manager.ts'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import { createServer, type Serve } from './create-server.ts'
import { documents } from './documents.ts'
import { createDoorkeeper } from './guard.ts'
import { allRoutes } from './routes.ts'
import type { Services } from './services.ts'

/** A server that listens and drives runs. */
export interface Listening {
  /** The address that people type. */
  readonly origin: string
  /** The one-time link with which the first person claims the server; undefined: someone has. */
  readonly claimLink: string | undefined
  readonly routes: readonly HandledRoute[]
  /** Stops listening and driving, and lets what is under way end. The services stay open. */
  close(): Promise<void>
}

const DRAIN_MS = 5_000

/** Answers requests with these services, and drives the runs of all workspaces. */
export async function listen({
  services,
  secret,
  config,
  log,
  pages,
}: {
  services: Services
  /** What sessions are signed with. */
  secret: string
  config: Config
  log: Log
  pages: readonly Serve[]
}): Promise<Listening> {
  const { database, clock } = services
  const claimed = await isClaimed(database) // what can fail comes before what would have to be stopped
  const closing = new AbortController()
  const gateway = createGateway(services, { closing: closing.signal })
  let answer: FetchCallback = () => new Response(null, { status: 503 }) // until the port is known, and with it the server's own names
  const listener = getRequestListener((request, env) => answer(request, env))
  // The gateway's requests carry bytes through, thousands a second: they take the short way, past what pages need.
  const http = createHttpServer(SERVER_OPTIONS, (incoming, outgoing) =>
    gateway.handles(incoming.url ?? '') ? gateway.handle(incoming, outgoing) : void listener(incoming, outgoing),
  )
  const port = await listenOn(http, config)
  const doorkeeper = createDoorkeeper(config, port)
  const { origin } = doorkeeper
  const claimToken = makeClaimToken()
  const signIn = createSignIn({ database, secret, origin, log })
  const runManager = createRunManager({ ...services, kinds: [enrichmentKind(services)] })
  const pulls = createPulls(services)
  const routeServices = { ...services, pulls, signIn, signInLimits: createSignInLimits(clock), claimToken, origin, runManager }
  const routes = allRoutes(routeServices)
  const app = createServer({
    services: routeServices,
    routes,
    doorkeeper,
    serve: [documents(routes, origin), ...pages],
    log,
    closing: closing.signal,
  })
  answer = (request, env) => app.fetch(request, env)
  const closeHttp = closer(http)
  return {
    origin,
    claimLink: claimed ? undefined : `${origin}/claim#${claimToken.text}`, // behind "#": in no log and no Referer
    routes,
    async close() {
      closing.abort()
      await Promise.all([closeHttp(), runManager.close(), pulls.close()])
    },
  }
}

type FetchCallback = Parameters<typeof getRequestListener>[0]

/** Headers of 16 KiB at most; a request's head within 20 seconds; bodies may take as long as an upload takes. */
const SERVER_OPTIONS = { maxHeaderSize: 16_384, headersTimeout: 20_000, requestTimeout: 0 }

async function listenOn(http: Server, { host, port }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const detail =
        error.code === 'EADDRINUSE'
          ? `Port ${port} is in use. Stop what listens there, or choose another one in LATCHKEY_PORT.`
          : `The server cannot listen on ${host}, port ${port} (${error.code}). Choose others in LATCHKEY_HOST and LATCHKEY_PORT.`
      reject(new AppError('config.invalid', detail, { cause: error }))
    })
    http.listen(port, host, resolve)
  })
  return (http.address() as AddressInfo).port
}

/** Requests under way may end; streams, which would not, are cut after a while. */
function closer(http: Server): () => Promise<void> {
  return async () => {
    const closed = new Promise((resolve) => http.close(resolve))
    http.closeIdleConnections()
    const cut = setTimeout(() => http.closeAllConnections(), DRAIN_MS)
    await closed
    clearTimeout(cut)
  }
}
