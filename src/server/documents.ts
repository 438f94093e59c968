import type { HandledRoute } from '../http/handle.ts'
import { API_HEADERS } from './answer.ts'
import type { Serve } from './create-server.ts'
import { openApiDocument } from './openapi.ts'

/** The API's own description, made when it is first asked for. */
export function documents(routes: readonly HandledRoute[], origin: string): Serve {
  let document: string | undefined
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/api/openapi.json') return undefined
    document ??= JSON.stringify(
      openApiDocument(
        routes.map(({ route }) => route),
        origin,
      ),
    )
    return new Response(document, { headers: { ...API_HEADERS, 'content-type': 'application/json' } })
  }
}
