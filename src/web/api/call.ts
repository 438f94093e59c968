import { type RouteAnswer, type RouteArguments, type RouteContract, WORKSPACE_HEADER } from '../../contract/route.ts'
import { offline, problemOf, type ApiProblem } from './problem.ts'

/** What a call takes beside its route: nothing where the route takes nothing. */
export type CallArguments<Route extends RouteContract> =
  object extends RouteArguments<Route>
    ? [args?: RouteArguments<Route> | undefined, signal?: AbortSignal]
    : [args: RouteArguments<Route>, signal?: AbortSignal]

interface Parts {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/**
 * Calls a route of /api/v1 and answers its body. The answer is not parsed a second time: the server shapes it with the same
 * schema, and tests of the server check that.
 * @throws ApiProblem, and the signal's reason when it aborted.
 */
export async function callApi<const Route extends RouteContract>(
  route: Route,
  ...[args, signal]: CallArguments<Route>
): Promise<RouteAnswer<Route>> {
  const { body } = (args ?? {}) as Parts
  const response = await send(addressOf(route, args), {
    method: route.method.toUpperCase(),
    headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  })
  return (response.status === 204 ? undefined : await response.json()) as RouteAnswer<Route>
}

/** "/api/v1/connections/{connectionId}" with its parameters, and the query: undefined is left out, lists repeat their name. */
export function addressOf(route: RouteContract, args: unknown): string {
  const { params = {}, query = {} } = (args ?? {}) as Parts
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== null) search.append(name, String(one))
  }
  return search.size > 0 ? `${path}?${search}` : path
}

const signedOutListeners = new Set<() => void>()

/** Hears of each answer that says the session is over. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener)
  return () => signedOutListeners.delete(listener)
}

let believedWorkspace: string | undefined

/** The workspace that this page shows: a request says so, and is refused when the person has gone to another one in a second tab. */
export function believeWorkspace(workspaceId: string | undefined): void {
  believedWorkspace = workspaceId
}

/** What every request of the page says of itself. */
export const ownHeaders = (): Record<string, string> => (believedWorkspace ? { [WORKSPACE_HEADER]: believedWorkspace } : {})

/** One request to our own server. @throws ApiProblem for anything but a success. */
export async function send(
  address: string,
  init: Omit<RequestInit, 'headers'> & { headers: Readonly<Record<string, string>> },
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(address, {
      ...init,
      headers: { ...ownHeaders(), ...init.headers },
      credentials: 'same-origin',
      redirect: 'error',
    })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw offline()
  }
  if (response.ok) return response
  const problem = await problemOf(response)
  noteSignedOut(problem)
  throw problem
}

/** A wrong password and a provider's refusal of a key are 401 as well: those say nothing about who is signed in. */
export function noteSignedOut(problem: ApiProblem): void {
  if (problem.code === 'session.missing') for (const listener of signedOutListeners) listener()
}
