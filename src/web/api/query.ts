import { infiniteQueryOptions, QueryClient, queryOptions, type QueryKey } from '@tanstack/react-query'
import type { RouteAnswer, RouteContract } from '../../contract/route.ts'
import { callApi, type CallArguments } from './call.ts'
import { ApiProblem } from './problem.ts'

/** What the page has read. Answers are fresh for 5 s; a refusal is not asked again, a server that is away is, twice. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < 2 && !(error instanceof ApiProblem && error.status > 0 && error.status < 500),
    },
    mutations: { retry: false },
  },
})

/** A query for `useQuery`, known by the route's id and what was asked: `queryOf(listConnections)`. */
export function queryOf<const Route extends RouteContract>(route: Route, ...[args]: CallArguments<Route>) {
  return queryOptions<RouteAnswer<Route>>({
    queryKey: keyOf(route, args),
    queryFn: ({ signal }) => callApi(route, ...([args, signal] as CallArguments<Route>)),
  })
}

const keyOf = (route: RouteContract, args?: unknown): QueryKey => (args === undefined ? [route.id] : [route.id, args])

interface PageOfList {
  readonly nextCursor: string | null
}

/** A paged list (`pageOf` in the contract) for `useInfiniteQuery`; `data` is the items of all pages read so far. */
export function listOf<const Route extends RouteContract>(route: Route, ...[args]: CallArguments<Route>) {
  type Answer = RouteAnswer<Route> & PageOfList & { readonly items: readonly unknown[] }
  return infiniteQueryOptions({
    queryKey: [...keyOf(route, args), 'pages'],
    queryFn: async ({ pageParam, signal }) => {
      const given = (args ?? {}) as { query?: object }
      const query = { ...given.query, ...(pageParam === null ? {} : { cursor: pageParam }) }
      return (await callApi(route, ...([{ ...given, query }, signal] as unknown as CallArguments<Route>))) as Answer
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last: Answer) => last.nextCursor,
    select: (data): { items: Answer['items'][number][]; first: Answer | undefined } => ({
      items: data.pages.flatMap((page) => page.items as Answer['items'][number][]),
      first: data.pages[0],
    }),
  })
}

/** After a change: what these routes answered before is read again, whatever they were asked. */
export async function invalidate(...routes: readonly RouteContract[]): Promise<void> {
  await Promise.all(routes.map((route) => queryClient.invalidateQueries({ queryKey: [route.id] })))
}

/** For `onSuccess` of a mutation. */
export const invalidates =
  (...routes: readonly RouteContract[]) =>
  (): Promise<void> =>
    invalidate(...routes)
