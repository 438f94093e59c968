import type { Role } from '../contract/permissions.ts'
import type { RouteContract, RouteInput, RouteResult } from '../contract/route.ts'

/** Who asks, as the session or the token says; nothing of it comes from the request's own words. */
export interface Member {
  readonly workspaceId: string
  readonly userId: string
  readonly role: Role
  /** As the ledger and the audit log name them: "user:<id>" or "token:<id>". */
  readonly actor: string
}

/** A signed-in person, whether or not they are in a workspace now. */
export interface Person {
  readonly userId: string
  readonly sessionId: string
}

export interface RouteRequest {
  /** The caller's own headers: for sign-in alone, which reads its cookies there. */
  readonly headers: Headers
  /** The address the connection came from, after trusted proxies. */
  readonly address: string
  readonly signal: AbortSignal
  /** The body of a route that takes bytes. */
  readonly bytes: ReadableStream<Uint8Array> | null
  /** Cookies to send with the answer. */
  readonly setCookies: (headers: Headers) => void
}

export interface FileAnswer {
  readonly name: string
  readonly contentType: string
  readonly content: AsyncIterable<Uint8Array>
}

type Who<Route extends RouteContract> = Route['needs'] extends 'nobody'
  ? { readonly who?: undefined }
  : Route['needs'] extends 'person'
    ? { readonly who: Person }
    : { readonly who: Member }

export type HandlerInput<Route extends RouteContract> = RouteInput<Route> & Who<Route> & { readonly request: RouteRequest }

export type HandlerResult<Route extends RouteContract> = Route['gives'] extends 'file'
  ? FileAnswer
  : Route['gives'] extends 'events'
    ? AsyncIterable<RouteResult<Route>>
    : undefined extends RouteResult<Route>
      ? void
      : RouteResult<Route>

/** A route with what answers it: parse is done before, the answer is shaped after; a handler only calls. */
export interface HandledRoute {
  readonly route: RouteContract
  readonly handler: (input: never) => unknown
}

export const handle = <const Route extends RouteContract>(
  route: Route,
  handler: (input: HandlerInput<Route>) => Promise<HandlerResult<Route>> | HandlerResult<Route>,
): HandledRoute => ({ route, handler })
