import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { settled } from '../../test/support/ledger-call.ts'
import { type LedgerWorld, ledgerWorld } from '../../test/support/ledger-world.ts'
import { newId } from '../runtime/ids.ts'
import type { CallIntent } from './intent.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { availableIn, correct, type LockedBucket, refusedBy, takeFrom } from './rate-limit.ts'

const START = Date.parse('2026-11-20T10:00:00Z')
const at = (ms: number): Date => new Date(START + ms)

describe('a token bucket', () => {
  const bucketOf = (perMinute: number, burst: number): LockedBucket => ({
    id: newId(),
    name: 'Slowly',
    counts: 'tokens',
    perMinute,
    burst,
    fullAtNs: 0n,
    changed: false,
  })

  it('never lets more than its burst and a minute’s flow through in any minute, whatever is asked and given back', () => {
    const step = fc.record({ afterMs: fc.nat(20_000), asked: fc.nat(120), usedPercent: fc.nat(100), lastsMs: fc.nat(90_000) })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 300 }),
        fc.array(step, { maxLength: 200 }),
        (rate, burst, steps) => {
          const bucket = bucketOf(rate, burst)
          const used: { ms: number; count: number }[] = []
          const open: { endsMs: number; taken: ReturnType<typeof takeFrom>; count: number }[] = []
          let ms = 0
          for (const { afterMs, asked, usedPercent, lastsMs } of steps) {
            ms += afterMs
            for (const { endsMs, taken, count } of open.filter((one) => one.endsMs <= ms)) {
              const settlement = settled({ id: '' } as CallIntent, { usage: { output_tokens: count } })
              correct(bucket, { taken, settlement, now: at(endsMs) })
            }
            open.splice(0, open.length, ...open.filter((one) => one.endsMs > ms))
            if (refusedBy(bucket, { asked, now: at(ms) })) continue
            const count = Math.floor((asked * usedPercent) / 100)
            open.push({ endsMs: ms + lastsMs, taken: takeFrom(bucket, { count: asked, now: at(ms) }), count })
            used.push({ ms, count })
          }
          for (const { ms: from } of used) {
            const inMinute = used.filter((one) => one.ms >= from && one.ms < from + 60_000).reduce((sum, { count }) => sum + count, 0)
            expect(inMinute).toBeLessThanOrEqual(rate + burst)
          }
        },
      ),
    )
  })

  it('lets a call through exactly when it said that it would', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), (rate, burst, more) => {
        const bucket = bucketOf(rate, burst)
        takeFrom(bucket, { count: burst, now: at(0) })
        const asked = Math.min(burst, more + 1)
        const refusal = refusedBy(bucket, { asked, now: at(0) })!
        expect(refusal.available).toBe(0)
        expect(refusedBy(bucket, { asked, now: at(refusal.retryAfterMs! - 1) })).toBeDefined()
        expect(refusedBy(bucket, { asked, now: at(refusal.retryAfterMs!) })).toBeUndefined()
      }),
    )
  })

  it('gives back what was not used, and takes what was used beyond that', () => {
    const bucket = bucketOf(60, 100)
    const taken = takeFrom(bucket, { count: 80, now: at(0) })
    expect(availableIn(bucket, at(0))).toBe(20)
    const intent = { id: '' } as CallIntent
    correct(bucket, {
      taken,
      settlement: settled(intent, { usage: { input_tokens: 20, cache_read_tokens: 5, reasoning_tokens: 5 } }),
      now: at(0),
    })
    expect(availableIn(bucket, at(0))).toBe(70)
    const more = takeFrom(bucket, { count: 10, now: at(0) })
    correct(bucket, { taken: more, settlement: settled(intent, { usage: { output_tokens: 90 } }), now: at(0) })
    expect(availableIn(bucket, at(0))).toBe(-20)
    const unknown = takeFrom(bucket, { count: 10, now: at(30_000) })
    correct(bucket, { taken: unknown, settlement: settled(intent, { usage: undefined }), now: at(30_000) })
    expect(availableIn(bucket, at(30_000))).toBe(0)
  })

  it('says that a call can never come through when it asks for more than the burst', () => {
    expect(refusedBy(bucketOf(1_000, 100), { asked: 101, now: at(0) })).toMatchObject({ retryAfterMs: null, available: 100 })
  })
})

describeOnEachDatabase('rate limits', (open) => {
  let test: TestDatabase
  let world: LedgerWorld
  let ledger: Ledger
  let nowMs: number
  const clock = { now: () => new Date(nowMs), sleep: () => Promise.reject(new Error('nobody sleeps here')) }
  beforeAll(async () => {
    test = await open()
  })
  beforeEach(async () => {
    world = await ledgerWorld(test)
    nowMs = START
    ledger = createLedger({ database: test.database, clock, instance: newId() })
  })

  it('in requests and in tokens hold together, and what one refuses is not taken from the other', async () => {
    const requests = await world.addRateLimit({ name: 'Requests', counts: 'requests', perMinute: 60, burst: 2 })
    await world.addRateLimit({ name: 'Tokens', counts: 'tokens', perMinute: 6_000, burst: 1_000 })
    expect(await ledger.intend(world.intent({ tokensAtMost: 900 }))).toMatchObject({ kind: 'admitted' })
    expect(await ledger.intend(world.intent({ tokensAtMost: 200 }))).toEqual({
      kind: 'limited',
      refusal: expect.objectContaining({ name: 'Tokens', available: 100, asked: 200, retryAfterMs: 1_000 }),
    })
    expect(await ledger.intend(world.intent({ tokensAtMost: 100 }))).toMatchObject({ kind: 'admitted' })
    expect(await ledger.intend(world.intent({ tokensAtMost: 1 }))).toMatchObject({
      kind: 'limited',
      refusal: { rateLimitId: requests, available: 0, asked: 1, retryAfterMs: 1_000 },
    })
    nowMs += 1_000
    expect(await ledger.intend(world.intent({ tokensAtMost: 1_001 }))).toMatchObject({ kind: 'limited', refusal: { retryAfterMs: null } })
    expect(await ledger.intend(world.intent({ tokensAtMost: 100 }))).toMatchObject({ kind: 'admitted' })
  })

  it('of 663 tokens through a limit of 100 in a minute no call is admitted but the first', async () => {
    await world.addRateLimit({ counts: 'tokens', perMinute: 100 })
    const calls = Array.from({ length: 7 }, () => world.intent({ tokensAtMost: 95 }))
    const kinds = (await Promise.all(calls.map((call) => ledger.intend(call)))).map(({ kind }) => kind)
    expect(kinds).toEqual(['admitted', ...Array.from({ length: 6 }, () => 'limited')])
  })

  it('a call that was not sent gives its request back, and the rest of its tokens when less was used', async () => {
    await world.addRateLimit({ counts: 'requests', perMinute: 1, burst: 1 })
    const unsent = world.intent()
    await ledger.intend(unsent)
    await ledger.settle(settled(unsent, { outcome: 'not_sent', cost: undefined, usage: undefined }))
    const sent = world.intent()
    expect(await ledger.intend(sent)).toMatchObject({ kind: 'admitted' })
    await ledger.settle(settled(sent))
    expect(await ledger.intend(world.intent())).toMatchObject({ kind: 'limited', refusal: { retryAfterMs: 60_000 } })
  })

  it('a budget that has no room takes nothing from a rate limit', async () => {
    await world.addBudget({ limit: '0' })
    await world.addRateLimit({ perMinute: 1, burst: 1 })
    expect(await ledger.intend(world.intent())).toMatchObject({ kind: 'no_room' })
    expect(await ledger.intend(world.intent({ worstCaseNano: 0n }))).toMatchObject({ kind: 'admitted' })
  })

  it('a person’s free check of a connection is not held up', async () => {
    await world.addRateLimit({ perMinute: 1, burst: 1 })
    await ledger.intend(world.intent())
    expect(await ledger.intend(world.intent({ context: 'connection-check', worstCaseNano: 0n }))).toMatchObject({ kind: 'admitted' })
    expect(await ledger.intend(world.intent({ worstCaseNano: 0n }))).toMatchObject({ kind: 'limited' })
  })
})
