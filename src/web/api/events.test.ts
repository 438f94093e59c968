import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineRoute } from '../../contract/route.ts'
import { readEvents, type EventsState } from './events.ts'
import { ApiProblem } from './problem.ts'

const watch = defineRoute({
  id: 'things.watch',
  method: 'get',
  path: '/api/v1/things/events',
  summary: '',
  needs: 'member',
  answer: z.strictObject({ done: z.number() }),
  gives: 'events',
})

type Answer = string | number | Error

/** A server that answers one request after the other: with a stream's text, a status, or not at all. */
function server(...answers: Answer[]) {
  const fetched = vi.fn<typeof fetch>(async () => {
    const next = answers.shift() ?? ''
    if (next instanceof Error) throw next
    if (typeof next === 'string') return new Response(next, { headers: { 'content-type': 'text/event-stream' } })
    return Response.json({ type: '', code: 'run.missing', status: next, detail: 'There is no such run.', requestId: 'r' }, { status: next })
  })
  vi.stubGlobal('fetch', fetched)
  return fetched
}

const END = 'event: end\ndata: {}\n\n'

async function read(controller = new AbortController()) {
  const events: number[] = []
  const states: EventsState[] = []
  const reading = readEvents(
    watch,
    {},
    { onEvent: ({ done }) => events.push(done), onState: (state) => states.push(state), signal: controller.signal },
  )
  const outcome = reading.then(() => 'ended' as const).catch((error: unknown) => error)
  await vi.runAllTimersAsync()
  return { events, states, outcome: await outcome }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a stream of events', () => {
  it('is read until the server says that it ends', async () => {
    server(`: begin\n\ndata: {"done":1}\n\ndata: {"done":2}\n\n${END}`)
    expect(await read()).toEqual({ events: [1, 2], states: ['open', 'ended'], outcome: 'ended' })
  })

  it('is opened again after a cut, a restart and a server that fails, and goes on after the last id', async () => {
    const fetched = server('id: 7\ndata: {"done":1}\n\n', new TypeError('Failed to fetch'), 503, `data: {"done":2}\n\n${END}`)
    const { events, states, outcome } = await read()
    expect({ events, outcome }).toEqual({ events: [1, 2], outcome: 'ended' })
    expect(states).toEqual(['open', 'waiting', 'waiting', 'waiting', 'open', 'ended'])
    expect(fetched.mock.calls[1]![1]!.headers).toMatchObject({ 'last-event-id': '7' })
  })

  it('is given up when the server refuses it', async () => {
    const fetched = server('data: {"done":1}\n\n', 404)
    const { outcome } = await read()
    expect(outcome).toBeInstanceOf(ApiProblem)
    expect(outcome).toMatchObject({ code: 'run.missing' })
    expect(fetched).toHaveBeenCalledTimes(2)
  })

  it('drops events of names that nobody declared', async () => {
    server(`event: execute\ndata: {"done":666}\n\ndata: {"done":1}\n\n${END}`)
    expect((await read()).events).toEqual([1])
  })

  it('stops when the page is left', async () => {
    const controller = new AbortController()
    vi.stubGlobal('fetch', async () => {
      controller.abort(new Error('left'))
      throw controller.signal.reason
    })
    const { outcome, states } = await read(controller)
    expect(outcome).toMatchObject({ message: 'left' })
    expect(states).toEqual([])
  })
})
