import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import manifest from '../../package.json' with { type: 'json' }
import { ERROR_STATUS } from '../base/errors.ts'
import { problem } from '../contract/problem.ts'
import type { RouteContract } from '../contract/route.ts'

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** The OpenAPI 3.1 document of these routes, from the same schemas that check their requests and answers. */
export function openApiDocument(routes: readonly RouteContract[], origin: string): OpenApiDocument {
  const app = new OpenAPIHono()
  for (const route of routes) app.openAPIRegistry.registerPath(operationOf(route))
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token: Account, API tokens',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', { type: 'apiKey', in: 'cookie', name: 'latchkey.session_token' })
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Latchkey', version: manifest.version, license: { name: 'Apache-2.0' } },
    servers: [{ url: origin }],
  })
}

/** Who may, in words, for readers of the document. */
export function whoMay(needs: RouteContract['needs']): string {
  if (needs === 'nobody') return 'Anyone: without sign-in.'
  if (needs === 'person') return 'A signed-in person, in the browser.'
  return needs === 'member' ? 'Any member of the workspace.' : `Members whose role allows ${needs}.`
}

function operationOf(route: RouteContract) {
  const { id, method, path, summary, needs, params, query, body, takesBytes, answer, gives } = route
  const json = (schema: NonNullable<RouteContract['answer']>) => ({ 'application/json': { schema } })
  const bytes = { 'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' } } }
  const answered =
    gives === 'file'
      ? { 200: { description: 'The file', content: bytes } }
      : gives === 'events'
        ? { 200: { description: 'Server-sent events; the data of each is this', content: { 'text/event-stream': { schema: answer! } } } }
        : answer
          ? { 200: { description: 'Done', content: json(answer) } }
          : { 204: { description: 'Done' } }
  return createRoute({
    operationId: id,
    method,
    path,
    summary,
    description: whoMay(needs),
    tags: [id.split('.')[0]!],
    security: needs === 'nobody' ? [] : needs === 'person' ? [{ session: [] }] : [{ token: [] }, { session: [] }],
    request: {
      ...(params ? { params } : {}),
      ...(query ? { query } : {}),
      ...(body ? { body: { content: json(body), required: true } } : takesBytes ? { body: { content: bytes, required: true } } : {}),
    },
    responses: {
      ...answered,
      default: { description: PROBLEMS, content: { 'application/problem+json': { schema: problem } } },
    },
  })
}

const PROBLEMS = `What went wrong, with one of ${Object.keys(ERROR_STATUS).length} codes and what to do`
