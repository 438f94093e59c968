import { z } from 'zod'
import type { Action } from './permissions.ts'

/**
 * What a route of /api/v1 takes and gives, as data: the server mounts it, the page calls it, OpenAPI and the security matrices
 * are made from it. Objects are strict: a property nobody declared is refused, not ignored.
 */
export interface RouteContract {
  /** Also the operation's id in OpenAPI: "connections.list". */
  readonly id: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** With parameters in braces: "/api/v1/connections/{connectionId}". */
  readonly path: `/api/v1/${string}`
  readonly summary: string
  /** The action that the caller's role must allow; `member`: any role; `person`: signed in, in no workspace; `nobody`: without sign-in. */
  readonly needs: Action | 'member' | 'person' | 'nobody'
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The body is a file's bytes; `body` is absent then. */
  readonly takesBytes?: true
  /** Absent: 204 without a body, unless `gives` says otherwise. */
  readonly answer?: z.ZodType
  /** `events`: server-sent events, each with `answer` as its data. `file`: a download. */
  readonly gives?: 'events' | 'file'
}

/** Keeps the types of a route's schemas for its handler and its callers. */
export const defineRoute = <const Route extends RouteContract>(route: Route): Route => route

/** The header in which a page says for which workspace it was loaded: refused when its person has gone to another one in a second tab. */
export const WORKSPACE_HEADER = 'x-latchkey-workspace'

type Out<Schema, None = undefined> = Schema extends z.ZodType ? z.output<Schema> : None
type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined

/** What a handler is given, after the schemas have checked it. */
export interface RouteInput<Route extends RouteContract> {
  readonly params: Out<Route['params'], Record<string, never>>
  readonly query: Out<Route['query'], Record<string, never>>
  readonly body: Out<Route['body']>
}

/** What a caller gives. */
export type RouteArguments<Route extends RouteContract> = (Route['params'] extends z.ZodType
  ? { readonly params: In<Route['params']> }
  : unknown) &
  (Route['query'] extends z.ZodType ? { readonly query?: In<Route['query']> } : unknown) &
  (Route['body'] extends z.ZodType ? { readonly body: In<Route['body']> } : unknown)

/** What the route answers, as a caller reads it. */
export type RouteAnswer<Route extends RouteContract> = Out<Route['answer']>
/** What a handler gives to be answered: its schema keeps of it what the contract names, and nothing else. */
export type RouteResult<Route extends RouteContract> = In<Route['answer']>

declare module 'zod' {
  interface GlobalMeta {
    /** The value is the id of such a thing: the isolation matrix tries foreign ones here. */
    refersTo?: string
  }
}

/** The id of a thing of the workspace. */
export const idOf = (thing: string) => z.uuid().meta({ refersTo: thing })

/** An exact amount of money: plain decimals and an ISO 4217 currency. */
export const money = z.strictObject({ currency: z.string().length(3), amount: z.string().regex(/^-?\d+(\.\d+)?$/) }).meta({ id: 'Money' })
export type MoneyView = z.output<typeof money>

/** An exact amount in plain decimals, below a thousand million: what budgets count in. Its currency stands beside it. */
export const amount = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'is not an amount such as 1.50, below 1,000,000,000')

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime().meta({ description: 'ISO 8601, UTC' })

/** One page of a list: ask for the next one with `cursor`; null: there is none. */
export const pageOf = <Item extends z.ZodType>(item: Item) => z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })

/** A whole number in a query string. */
export const countQuery = (max: number, fallback: number) => z.coerce.number().int().min(1).max(max).default(fallback)
