import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { enrichmentKind } from '../apps/enrichment/run-kind.ts'
import { AppError } from '../base/errors.ts'
import type { HandledRoute } from '../http/handle.ts'
import { type ClaimToken, isClaimed, makeClaimToken } from '../people/claim.ts'
import { sessionKey } from '../people/session-key.ts'
import { createSignIn } from '../people/sign-in.ts'
import { createSignInLimits } from '../people/sign-in-limits.ts'
import { createRunManager, type RunManager } from '../runs/manager.ts'
import type { Config } from '../runtime/config.ts'
import type { Log } from '../runtime/log.ts'
import type { RunCommand } from './command-request.ts'
import { createCommandSocket } from './command-socket.ts'
import { createServer, type Serve } from './create-server.ts'
import { documents } from './documents.ts'
import { createDoorkeeper } from './guard.ts'
import { allRoutes } from './routes.ts'
import { openServices, type Services } from './services.ts'

export interface RunningServer {
  /** The address that people type. */
  readonly origin: string
  /** The one-time link with which the first person claims the server; undefined: someone has. */
  readonly claimLink: string | undefined
  readonly services: Services
  readonly routes: readonly HandledRoute[]
  /** Stops listening, lets what is under way end, closes the database and gives the data folder up. */
  close(): Promise<void>
}

const DRAIN_MS = 5_000

/**
 * Opens everything and listens. `pages` answers what is no route: the built pages. `runCommand` does what command lines ask for
 * that find this server holding their data folder; without it they are told who holds it.
 */
export async function startServer({
  config,
  log,
  pages,
  runCommand,
}: {
  config: Config
  log: Log
  pages: readonly Serve[]
  runCommand?: RunCommand
}): Promise<RunningServer> {
  const secret = sessionKey(config)
  const commands = runCommand && createCommandSocket({ run: runCommand, config, log })
  const services = await openServices({ config, log, purpose: `the server on port ${config.port}`, onConnection: commands?.accept })
  let runManager: RunManager | undefined
  try {
    let answer: FetchCallback = () => new Response(null, { status: 503 }) // until the port is known, and with it the server's own names
    const http = createAdaptorServer({
      fetch: (request, env) => answer(request, env),
      serverOptions: SERVER_OPTIONS,
    }) as Server
    const port = await listen(http, config)
    const doorkeeper = createDoorkeeper(config, port)
    const { origin } = doorkeeper
    const { database, clock } = services
    const signIn = createSignIn({ database, secret, origin, log })
    const claimToken = makeClaimToken()
    runManager = createRunManager({ ...services, kinds: [enrichmentKind(services)] })
    const driven = runManager
    const routeServices = { ...services, signIn, signInLimits: createSignInLimits(clock), claimToken, origin, runManager }
    const routes = allRoutes(routeServices)
    const closing = new AbortController()
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
    commands?.open(services)
    return {
      origin,
      claimLink: await claimLinkOf(services, claimToken, origin),
      services,
      routes,
      async close() {
        closing.abort()
        await Promise.all([commands?.close(), closeHttp(), driven.close()])
        await services.close()
      },
    }
  } catch (error) {
    await commands?.close()
    await runManager?.close()
    await services.close()
    throw error
  }
}

type FetchCallback = Parameters<typeof createAdaptorServer>[0]['fetch']

/** Headers of 16 KiB at most; a request's head within 20 seconds; bodies may take as long as an upload takes. */
const SERVER_OPTIONS = { maxHeaderSize: 16_384, headersTimeout: 20_000, requestTimeout: 0 }

async function claimLinkOf({ database }: Services, claimToken: ClaimToken, origin: string): Promise<string | undefined> {
  return (await isClaimed(database)) ? undefined : `${origin}/claim#${claimToken.text}` // behind "#": in no log and no Referer
}

async function listen(http: Server, { host, port }: Config): Promise<number> {
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
