import { sql } from 'drizzle-orm'
import type { Usage } from '../base/usage.ts'
import { updateMany } from '../db/bulk.ts'
import type { Tx } from '../db/database.ts'
import { rateLimitBuckets, rateLimits } from '../db/schema/index.ts'
import type { CallIntent, RateLimitRefusal } from './intent.ts'
import type { Settlement } from './settlement.ts'

/**
 * A token bucket while its transaction holds the lock. It holds `burst` when full, and `perMinute` flow in each minute, so that no
 * minute ever lets more than the two together through. Its state is one number, the moment at which it is full (the "theoretical
 * arrival time" of the generic cell rate algorithm, ITU-T I.371): taking moves it on, giving back moves it back.
 */
export interface LockedBucket {
  readonly id: string
  readonly name: string
  readonly counts: 'requests' | 'tokens'
  readonly perMinute: number
  readonly burst: number
  fullAtNs: bigint
  changed: boolean
}

/** What a call took from a bucket, to be corrected by what it really used. */
export interface Taken {
  readonly bucketId: string
  readonly counts: 'requests' | 'tokens'
  readonly perMinute: number
  readonly count: number
}

const MINUTE_NS = 60_000_000_000n
const NS_PER_MS = 1_000_000n

/** The buckets in the order of their ids, after the windows of budgets: one order for everybody. */
export async function lockBuckets(tx: Tx, ids: readonly string[]): Promise<Map<string, LockedBucket>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .select({
      id: rateLimitBuckets.id,
      name: rateLimits.name,
      counts: rateLimits.counts,
      perMinute: rateLimits.perMinute,
      burst: rateLimits.burst,
      fullAtNs: rateLimitBuckets.fullAtNs,
    })
    .from(rateLimitBuckets)
    .innerJoin(rateLimits, sql`${rateLimits.id} = ${rateLimitBuckets.id}`)
    .where(sql`${rateLimitBuckets.id} = any(${sql.param(ids)}::uuid[])`)
    .orderBy(rateLimitBuckets.id)
    .for('update', { of: rateLimitBuckets })
  return new Map(rows.map((row) => [row.id, { ...row, changed: false }]))
}

export async function writeBuckets(tx: Tx, buckets: ReadonlyMap<string, LockedBucket>): Promise<void> {
  const rows = [...buckets.values()].filter(({ changed }) => changed).map(({ id, fullAtNs }) => ({ id, fullAtNs }))
  await updateMany(tx, rateLimitBuckets, { key: ['id'], rows })
}

/** What a call asks of a bucket. Who does not know their tokens asks for one, and the rest is taken when the call is over. */
export const askedOf = ({ counts }: Pick<LockedBucket, 'counts'>, { tokensAtMost }: CallIntent): number =>
  counts === 'requests' ? 1 : Math.max(1, tokensAtMost ?? 1)

/** Undefined: there is enough in it. */
export function refusedBy(bucket: LockedBucket, { asked, now }: { asked: number; now: Date }): RateLimitRefusal | undefined {
  const { id, name, counts, perMinute, burst } = bucket
  const nowNs = toNs(now)
  const waitNs = later(bucket.fullAtNs, nowNs) + flowNs(asked, perMinute) - (nowNs + flowNs(burst, perMinute))
  if (waitNs <= 0n) return undefined
  const retryAfterMs = asked > burst ? null : Number((waitNs + NS_PER_MS - 1n) / NS_PER_MS)
  return { rateLimitId: id, name, counts, perMinute, burst, available: availableIn(bucket, now), asked, retryAfterMs }
}

/** Whole requests or tokens that are in a bucket; below 0 where calls took more than was held for them. */
export function availableIn({ perMinute, burst, fullAtNs }: Pick<LockedBucket, 'perMinute' | 'burst' | 'fullAtNs'>, now: Date): number {
  // Each taking was rounded up by less than a nanosecond: a thousand of them are not yet one more.
  const missingNs = later(fullAtNs, toNs(now)) - toNs(now) - 1_000n
  return burst - (missingNs <= 0n ? 0 : Number((missingNs * BigInt(perMinute) + MINUTE_NS - 1n) / MINUTE_NS))
}

export function takeFrom(bucket: LockedBucket, { count, now }: { count: number; now: Date }): Taken {
  bucket.fullAtNs = later(bucket.fullAtNs, toNs(now)) + flowNs(count, bucket.perMinute)
  bucket.changed = true
  const { id, counts, perMinute } = bucket
  return { bucketId: id, counts, perMinute, count }
}

/** Gives back what a call did not use, or takes what it used beyond that; what nobody knows stays taken. */
export function correct(
  bucket: LockedBucket,
  { taken: { counts, perMinute, count }, settlement, now }: { taken: Taken; settlement: Settlement; now: Date },
): void {
  const used = usedBy(settlement, counts) ?? count
  if (used === count) return
  const nowNs = toNs(now)
  const moved = later(bucket.fullAtNs, nowNs) + flowNs(used, perMinute) - flowNs(count, perMinute)
  bucket.fullAtNs = later(moved, nowNs)
  bucket.changed = true
}

function usedBy({ outcome, usage }: Settlement, counts: 'requests' | 'tokens'): number | undefined {
  if (outcome === 'not_sent') return 0
  return counts === 'requests' ? undefined : usage && tokensIn(usage)
}

/** All tokens of a call, in and out, of whatever kind. */
export const tokensIn = (usage: Usage): number => TOKEN_UNITS.reduce((sum, unit) => sum + (usage[unit] ?? 0), 0)

const TOKEN_UNITS = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_long_tokens',
  'output_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'image_input_tokens',
  'image_output_tokens',
] as const

/** How long it takes for so many to flow in, rounded up. */
const flowNs = (count: number, perMinute: number): bigint => (BigInt(count) * MINUTE_NS + BigInt(perMinute) - 1n) / BigInt(perMinute)

const toNs = (at: Date): bigint => BigInt(at.getTime()) * NS_PER_MS

const later = (a: bigint, b: bigint): bigint => (a > b ? a : b)
