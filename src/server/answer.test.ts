import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { defineRoute } from '../contract/route.ts'
import { eventsOf } from './answer.ts'

const route = defineRoute({
  id: 'test.events',
  method: 'get',
  path: '/api/v1/test',
  summary: 'Numbers',
  needs: 'member',
  gives: 'events',
  answer: z.strictObject({ number: z.int() }),
})

const made = { items: 0, ended: false }
async function* numbers(): AsyncGenerator<{ number: number }> {
  try {
    for (;;) {
      made.items += 1
      yield { number: made.items }
      await sleep(1)
    }
  } finally {
    made.ended = true
  }
}

const eventsWith = (more: Partial<Parameters<typeof eventsOf>[1]> = {}): Response => {
  made.items = 0
  made.ended = false
  const closing = new AbortController().signal
  return eventsOf(route, {
    items: numbers(),
    headers: new Headers(),
    mayStill: () => Promise.resolve(),
    end: () => undefined,
    closing,
    ...more,
  })
}

it('makes nothing for a client that does not read, and goes on when it does', async () => {
  const reader = eventsWith().body!.getReader()
  await sleep(100)
  const unread = made.items
  expect(unread).toBeLessThan(5)
  let text = ''
  while (!text.includes('"number":20}')) text += new TextDecoder().decode((await reader.read()).value)
  expect(text.match(/"number":\d+/g)).toEqual(Array.from({ length: 20 }, (_, at) => `"number":${at + 1}`)) // none left out
  await reader.cancel()
  await sleep(10)
  expect(made.ended).toBe(true)
})

it('ends at once when its client leaves while it waits for it to read', async () => {
  let ended = 0
  const reader = eventsWith({ end: () => (ended += 1) }).body!.getReader()
  await reader.read()
  await sleep(20)
  await reader.cancel()
  await sleep(20)
  expect({ ended, made: made.ended }).toEqual({ ended: 1, made: true })
})

it('is over when its person may no longer see it, whether they read or not, and asks no second time meanwhile', async () => {
  let asked = 0
  let ended = 0
  const { body } = eventsWith({
    end: () => (ended += 1),
    mayStill: async () => {
      asked += 1
      await sleep(1_200) // a busy database
      throw new Error('no longer a member')
    },
  })
  await sleep(2_000)
  expect({ asked, ended }).toEqual({ asked: 1, ended: 1 })
  const reader = body!.getReader()
  let isDone = false
  while (!isDone) isDone = (await reader.read()).done
  expect(made.items).toBeLessThan(5)
})

it('begins no stream on a server that is stopping', async () => {
  expect(await eventsWith({ closing: AbortSignal.abort() }).text()).toBe('')
})
