import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ENDPOINTS } from './endpoints.ts'
import type { GatewayRequest } from './request.ts'
import { replyStream } from './same-dialect.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A stream without an end, and a program that takes nothing of it: its answer waits behind another one of the same connection. */
function begin() {
  const outgoing = new ServerResponse(new IncomingMessage(new Socket()))
  const seen = { chunks: 0, left: 0 }
  const stream = {
    next: () => Promise.resolve(new Uint8Array(((seen.chunks += 1), 64 * 1024))),
    leave: () => void (seen.left += 1),
    ended: new Promise<never>(() => undefined),
  }
  const forwarded = { kind: 'stream', callId: 'c', status: 200, headers: {}, sentAtMs: 0, stream } as const
  const request = { endpoint: ENDPOINTS[0]!, left: new AbortController().signal, receivedMs: 0, wantsReceipt: false } as GatewayRequest
  return { outgoing, seen, over: replyStream(outgoing, { forwarded, request, slug: 'up', takesUsageOut: false }) }
}

it('a program that reads nothing for two minutes counts as gone, and its call may end', async () => {
  const { outgoing, seen, over } = begin()
  await vi.advanceTimersByTimeAsync(110_000)
  expect(seen).toEqual({ chunks: 1, left: 0 }) // nothing is pulled for who does not read
  await vi.advanceTimersByTimeAsync(11_000)
  await over
  expect(seen).toEqual({ chunks: 1, left: 1 })
  expect(outgoing.destroyed).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

it('one that is slow is waited for', async () => {
  const { outgoing, seen } = begin()
  for (let pause = 0; pause < 5; pause += 1) {
    await vi.advanceTimersByTimeAsync(100_000)
    outgoing.emit('drain')
  }
  await vi.advanceTimersByTimeAsync(1)
  expect(seen).toEqual({ chunks: 6, left: 0 })
  outgoing.destroy()
})
