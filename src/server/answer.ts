import type { RouteContract } from '../contract/route.ts'
import type { FileAnswer } from '../http/handle.ts'

/** What every answer of the API carries: nothing of it is kept, framed, guessed at or run. */
export const API_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** A handler's result as its route answers it. The schema is held against it: a property that the contract does not name never leaves. */
export function answerOf(route: RouteContract, result: unknown, headers: Headers): Response {
  if (!route.answer) return new Response(null, { status: 204, headers })
  headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(route.answer.parse(result)), { status: 200, headers })
}

export function fileOf({ name, contentType, content }: FileAnswer, headers: Headers): Response {
  headers.set('content-type', contentType)
  headers.set(
    'content-disposition',
    `attachment; filename="${name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
  )
  return new Response(streamOf(content), { status: 200, headers })
}

const HEARTBEAT_MS = 15_000
/** How long a person who may no longer see a stream can still do so: KEY-13 asks for a second. */
const ASK_AGAIN_MS = 500

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), one for each item. `mayStill` is asked while
 * the stream runs: when it throws, the stream ends, and so it does when the server is `closing`. `end` stops what makes the items.
 */
export function eventsOf(
  route: RouteContract,
  {
    items,
    headers,
    mayStill,
    end,
    closing,
  }: { items: AsyncIterable<unknown>; headers: Headers; mayStill: () => Promise<unknown>; end: () => void; closing: AbortSignal },
): Response {
  headers.set('content-type', 'text/event-stream')
  headers.set('x-accel-buffering', 'no') // a proxy that collects the stream would hide it
  const encoder = new TextEncoder()
  const iterator = items[Symbol.asyncIterator]()
  let over = false
  let timers: NodeJS.Timeout[] = []
  let onClosing: () => void = () => undefined
  let onRoom: () => void = () => undefined
  const stop = (): void => {
    over = true
    for (const timer of timers) clearInterval(timer)
    timers = []
    closing.removeEventListener('abort', onClosing)
    onRoom()
    end()
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const hasRoom = (): boolean => (controller.desiredSize ?? 0) > 0
      const send = (text: string): void => {
        if (!over) controller.enqueue(encoder.encode(text))
      }
      const close = (): void => {
        if (over) return
        stop()
        controller.close()
        void iterator.return?.().catch(() => undefined)
      }
      timers.push(setInterval(() => hasRoom() && send(': still here\n\n'), HEARTBEAT_MS))
      timers.push(setInterval(oneAtATime(mayStill, close), ASK_AGAIN_MS))
      onClosing = close
      closing.addEventListener('abort', onClosing, { once: true })
      if (closing.aborted) return close()
      send(': begin\n\n')
      void (async () => {
        for (;;) {
          // A client that does not read is told nothing more until it does: then, how things stand by now.
          while (!over && !hasRoom()) await new Promise<void>((resolve) => (onRoom = resolve))
          const next = await iterator.next()
          if (next.done === true || over) break
          send(`data: ${JSON.stringify(route.answer!.parse(next.value))}\n\n`)
        }
        send('event: end\ndata: {}\n\n') // said, so that a page does not take the end for a broken connection
        close()
      })().catch((error: unknown) => {
        if (over) return
        stop()
        controller.error(error)
      })
    },
    pull() {
      onRoom()
    },
    cancel() {
      stop()
      void iterator.return?.().catch(() => undefined)
    },
  })
  return new Response(body, { status: 200, headers })
}

/** Asks, unless it still waits for an answer; a question that fails calls `failed`. */
function oneAtATime(ask: () => Promise<unknown>, failed: () => void): () => void {
  let isAsking = false
  return () => {
    if (isAsking) return
    isAsking = true
    ask()
      .then(() => (isAsking = false))
      .catch(failed)
  }
}

function streamOf(content: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = content[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
