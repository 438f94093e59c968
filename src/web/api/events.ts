import { createParser } from 'eventsource-parser'
import { useEffect, useRef, useState } from 'react'
import type { RouteAnswer, RouteArguments, RouteContract } from '../../contract/route.ts'
import { addressOf, send } from './call.ts'
import { ApiProblem, offline } from './problem.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000

/** `ended`: the server has no more to say. `waiting`: cut off, and trying again. */
export type EventsState = 'open' | 'waiting' | 'ended' | 'failed'

/**
 * Reads a route with `gives: 'events'` until it ends. A stream that breaks is opened again, later and later, and goes on after
 * the last event's id; the first event of a stream tells the whole state, so nothing is missed. Events of other names are dropped.
 * @throws ApiProblem when the server refuses (not found, signed out), and the signal's reason when it aborted.
 */
export async function readEvents<const Route extends RouteContract>(
  route: Route,
  args: RouteArguments<Route>,
  {
    onEvent,
    onState,
    signal,
  }: { onEvent: (event: RouteAnswer<Route>) => void; onState?: (state: EventsState) => void; signal: AbortSignal },
): Promise<void> {
  const { body } = args as { readonly body?: unknown }
  let waitMs = FIRST_WAIT_MS
  let lastId: string | undefined
  let ended = false
  for (;;) {
    try {
      const response = await send(addressOf(route, args), {
        method: route.method.toUpperCase(),
        headers: {
          accept: 'text/event-stream',
          ...(lastId ? { 'last-event-id': lastId } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      })
      onState?.('open')
      const parser = createParser({
        onEvent: ({ event, id, data }) => {
          waitMs = FIRST_WAIT_MS
          if (id) lastId = id
          if (event === undefined || event === 'message') onEvent(JSON.parse(data) as RouteAnswer<Route>)
          else if (event === 'end') ended = true
        },
      })
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) parser.feed(text)
      if (ended) return onState?.('ended')
      throw offline() // closed without its end: a proxy, a restart
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof ApiProblem && error.status > 0 && error.status < 500) throw error
      onState?.('waiting')
      await pause(waitMs, signal)
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms * (0.5 + Math.random() / 2))
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}

/** Reads the events of a route while the component is shown. `args` null: not now. */
export function useEvents<const Route extends RouteContract>(
  route: Route,
  args: RouteArguments<Route> | null,
  { onEvent }: { onEvent: (event: RouteAnswer<Route>) => void },
): { state: EventsState; problem: ApiProblem | undefined } {
  const [state, setState] = useState<EventsState>('open')
  const [problem, setProblem] = useState<ApiProblem>()
  const listener = useRef(onEvent)
  useEffect(() => {
    listener.current = onEvent
  })
  const name = args === null ? null : addressOf(route, args)
  const latest = useRef(args)
  useEffect(() => {
    latest.current = args
  })
  useEffect(() => {
    if (name === null || latest.current === null) return
    const controller = new AbortController()
    setProblem(undefined)
    readEvents(route, latest.current, { onEvent: (event) => listener.current(event), onState: setState, signal: controller.signal }).catch(
      (error: unknown) => {
        if (controller.signal.aborted || !(error instanceof ApiProblem)) return
        setProblem(error)
        setState('failed')
      },
    )
    return () => controller.abort()
  }, [route, name])
  return { state, problem }
}
