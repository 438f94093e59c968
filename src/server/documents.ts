import type { HandledRoute } from '../http/handle.ts'
import { API_HEADERS } from './answer.ts'
import { apiDocs } from './api-docs.ts'
import type { Serve } from './create-server.ts'
import { errorPage } from './error-pages.ts'
import { type OpenApiDocument, openApiDocument } from './openapi.ts'
import { providerPage } from './provider-pages.ts'

/** The API's own description, for programs and for people, and the pages of its errors and of the providers; each made when it is first asked for. */
export function documents(routes: readonly HandledRoute[], origin: string): Serve {
  let made: { readonly document: OpenApiDocument; readonly json: string } | undefined
  const make = () => {
    const document = openApiDocument(
      routes.map(({ route }) => route),
      origin,
    )
    return { document, json: JSON.stringify(document) }
  }
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/openapi.json') {
      return new Response((made ??= make()).json, { headers: { ...API_HEADERS, 'content-type': 'application/json' } })
    }
    if (pathname === '/api/docs') return apiDocs((made ??= make()).document)
    return errorPage(pathname) ?? providerPage(pathname)
  }
}
