import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { HandledRoute, Member, Person, RouteRequest } from '../http/handle.ts'
import { toProblem } from '../http/problem.ts'
import { AppError } from '../base/errors.ts'
import { authorize, type PeopleServices } from '../people/authorize.ts'
import type { Log } from '../runtime/log.ts'
import { newId } from '../runtime/ids.ts'
import { answerOf, API_HEADERS, eventsOf, fileOf } from './answer.ts'
import type { Doorkeeper } from './guard.ts'
import { readInput } from './read-input.ts'

/** Pages, documents and whatever else is not a route of the API; undefined: not mine. */
export type Serve = (request: Request) => Promise<Response | undefined>

interface Env {
  Bindings: HttpBindings
  Variables: { requestId: string; address: string }
}

/**
 * The whole of what the server answers. Every request passes the doorkeeper; every route of the API is authorized, then its
 * input is read, then its handler runs. Errors leave as problem+json from one place.
 */
export function createServer({
  services,
  routes,
  doorkeeper,
  serve,
  log,
  closing,
}: {
  services: PeopleServices
  routes: readonly HandledRoute[]
  doorkeeper: Doorkeeper
  serve: readonly Serve[]
  log: Log
  /** Aborts when the server stops: streams end, and their pages come back to the next start. */
  closing: AbortSignal
}): Hono<Env> {
  const app = new Hono<Env>()

  app.use(async (c, next) => {
    const requestId = newId()
    c.set('requestId', requestId)
    c.set('address', doorkeeper.addressOf(c.env.incoming.socket.remoteAddress, c.req.header('x-forwarded-for') ?? null))
    const startedMs = performance.now()
    await next()
    c.header('x-request-id', requestId)
    log.debug(
      { requestId, status: c.res.status, durationMs: Math.round(performance.now() - startedMs) },
      `${c.req.method} ${c.req.routePath}`,
    )
  })
  app.onError((error, c) => {
    const requestId = c.get('requestId')
    const problem = toProblem(error, requestId)
    if (problem.code === 'unexpected') log.error({ requestId, error }, 'a request ended unexpectedly')
    return Response.json(problem, {
      status: problem.status,
      headers: { ...API_HEADERS, 'content-type': 'application/problem+json', 'x-request-id': requestId },
    })
  })
  app.notFound(() => {
    throw new AppError('route.missing', 'There is nothing here. See /api/docs for the routes there are.')
  })

  app.get('/healthz', (c) => c.json({ status: 'ok' }, 200, API_HEADERS)) // asked under any name: by the machine it runs on
  app.use(async (c, next) => {
    doorkeeper.checkHost(c.req.header('host'))
    // The path as routes are found by it: decoded, so that "/%61pi/" is no way around.
    if (c.req.path.startsWith('/api/')) doorkeeper.checkOrigin(c.req.raw.headers)
    await next()
  })
  for (const { route, handler } of routes.toSorted((a, b) => specificity(a) - specificity(b))) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(route.method.toUpperCase(), path, (c) => perform(c, { services, route, handler, closing }))
  }
  app.get('*', async (c, next) => {
    for (const answer of serve) {
      const response = await answer(c.req.raw)
      if (response) return response
    }
    return next()
  })
  return app
}

/** Paths without parameters first: "/products/count" is not a product. */
const specificity = ({ route }: HandledRoute): number => route.path.split('{').length

async function perform(
  c: Context<Env>,
  { services, route, handler, closing }: HandledRoute & { services: PeopleServices; closing: AbortSignal },
): Promise<Response> {
  const { headers: asked } = c.req.raw
  const who: Member | Person | undefined = await authorize(services, route.needs, asked)
  const input = await readInput(route, { request: c.req.raw, params: c.req.param(), url: new URL(c.req.url) })
  const answered = new Headers(API_HEADERS)
  const end = new AbortController()
  c.env.outgoing.once('close', () => end.abort()) // the client left, or has everything
  const request: RouteRequest = {
    headers: asked,
    address: c.get('address'),
    signal: end.signal,
    bytes: route.takesBytes ? c.req.raw.body : null,
    setCookies: (from) => {
      for (const cookie of from.getSetCookie()) answered.append('set-cookie', cookie)
    },
  }
  const result = await (handler as (input: unknown) => unknown)({ ...input, who, request })
  if (route.gives === 'events') {
    return eventsOf(route, {
      items: result as AsyncIterable<unknown>,
      headers: answered,
      mayStill: () => authorize(services, route.needs, asked),
      end: () => end.abort(),
      closing,
    })
  }
  return route.gives === 'file' ? fileOf(result as Parameters<typeof fileOf>[0], answered) : answerOf(route, result, answered)
}
