import { fc } from '@fast-check/vitest'
import { eq } from 'drizzle-orm'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { type MadeEntry, madeEntry, writeEntries } from '../../test/support/entries.ts'
import { formatNano, parseNano } from '../base/money.ts'
import { type Consumption, type ConsumptionFigures, type Grouping, GROUPINGS } from '../contract/consumption.ts'
import { workspaces } from '../db/schema/index.ts'
import { readConsumption } from './consumption.ts'
import { tokensOf } from './figures.ts'
import { dayIn } from './period.ts'

// Half hours and quarters from UTC, clocks that change at midnight (Havana, Beirut, Cairo), by half an hour (Lord Howe), not at all.
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/Havana',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
]
// Hours around changes of the clock in these zones, 2025, and one of no importance.
const MOMENTS = [
  '2025-03-09T04:00Z',
  '2025-03-29T21:00Z',
  '2025-03-30T00:00Z',
  '2025-04-24T21:00Z',
  '2025-10-05T15:00Z',
  '2025-10-25T21:00Z',
  '2025-10-26T00:00Z',
  '2025-10-30T20:00Z',
  '2025-11-02T04:00Z',
  '2025-07-10T10:00Z',
].map((text) => Date.parse(text))

const count = fc.oneof(fc.nat(5_000), fc.constant(Number.MAX_SAFE_INTEGER))
const entries = fc
  .array(
    fc.record({
      moment: fc.constantFrom(...MOMENTS),
      offMinutes: fc.integer({ min: -36 * 60, max: 36 * 60 }),
      actor: fc.constantFrom('command', 'user:1', 'token:2'),
      origin: fc.constantFrom('run:1', 'run:2', 'chat:1', 'test'),
      context: fc.constantFrom('enrichment', 'chat'),
      model: fc.constantFrom('a', 'b', `long ${'x'.repeat(400)}`),
      served: fc.constantFrom(null, 'a-1', 'b-1'),
      connection: fc.constantFrom('1', '2'),
      currency: fc.constantFrom('USD', 'EUR'),
      cost: fc.option(fc.bigInt({ min: 0n, max: 9_000_000_000_000_000_000n })),
      outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'interrupted' as const, 'not_sent' as const, 'cancelled' as const),
      usage: fc.option(fc.record({ input_tokens: count, cache_read_tokens: count, output_tokens: count, images: count })),
      usageSource: fc.constantFrom('reported' as const, 'counted' as const, 'estimated' as const),
    }),
    { maxLength: 40 },
  )
  .map((made) =>
    made.map((one): Partial<MadeEntry> => {
      const { moment, offMinutes, model, served, connection, cost, usage, usageSource, ...same } = one
      return {
        ...same,
        intendedAt: new Date(moment + offMinutes * 60_000),
        requestedModel: model,
        servedModel: served,
        connectionId: `00000000-0000-7000-8000-00000000000${connection}`,
        costNano: cost,
        usage,
        usageSource: usage ? usageSource : null,
      }
    }),
  )

/** What the contract says of a group, reckoned from the entries one by one. */
const keyOf: Record<Grouping, (entry: MadeEntry, timeZone: string) => string> = {
  day: (entry, timeZone) => dayIn(timeZone, entry.intendedAt),
  originKind: (entry) => entry.origin.split(':')[0]!,
  origin: (entry) => entry.origin,
  context: (entry) => entry.context,
  connection: (entry) => entry.connectionId,
  model: (entry) => (entry.servedModel ?? entry.requestedModel).slice(0, 200),
  member: (entry) => entry.actor,
}

function sumOf(all: readonly MadeEntry[]): { calls: number; unknown: number; cost: Record<string, string> } {
  const cost: Record<string, bigint> = {}
  for (const { currency, costNano } of all) {
    if (costNano !== null && costNano !== undefined) cost[currency] = (cost[currency] ?? 0n) + costNano
  }
  return {
    calls: all.length,
    unknown: all.filter(({ costNano }) => costNano === null).length,
    cost: Object.fromEntries(Object.entries(cost).map(([currency, nano]) => [currency, formatNano(nano)])),
  }
}

const shown = ({ calls, unknownCostCalls, cost }: Pick<ConsumptionFigures, 'calls' | 'unknownCostCalls' | 'cost'>) => ({
  calls,
  unknown: unknownCostCalls,
  cost: Object.fromEntries(cost.map(({ currency, amount }) => [currency, amount])),
})

describeOnEachDatabase('consumption', (open) => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await open()
  })

  it('sums of any grouping are those of the entries, to the last nano-unit, in any time zone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ZONES),
        fc.constantFrom(...MOMENTS),
        fc.nat(300),
        entries,
        async (timeZone, start, length, given) => {
          const workspaceId = await test.workspaceId()
          await test.database.asSystem('a time zone for a test', (tx) =>
            tx.update(workspaces).set({ timeZone }).where(eq(workspaces.id, workspaceId)),
          )
          const made = given.map((more) => madeEntry(workspaceId, more))
          for (let at = 0; at < made.length; at += 7) await writeEntries(test.database, made.slice(at, at + 7))
          const from = dayIn(timeZone, new Date(start))
          const to = dayIn(timeZone, new Date(start + length * 86_400_000))
          const inPeriod = made.filter(
            (entry) => entry.outcome !== 'not_sent' && keyOf.day(entry, timeZone) >= from && keyOf.day(entry, timeZone) <= to,
          )
          for (const by of GROUPINGS) {
            const asked = { workspaceId, by, now: new Date(), asked: { from, to }, filters: {} }
            const read = await readConsumption(test.database, asked)
            const expected = Map.groupBy(inPeriod, (entry) => keyOf[by](entry, timeZone))
            expect(Object.fromEntries(read.groups.map(({ key, figures }) => [key, shown(figures)])), by).toEqual(
              Object.fromEntries([...expected].map(([key, all]) => [key, sumOf(all)])),
            )
            expect(shown(read.total), by).toEqual(sumOf(inPeriod))
            expectDays(read, inPeriod, timeZone)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  function expectDays(read: Consumption, inPeriod: readonly MadeEntry[], timeZone: string): void {
    const expected = Map.groupBy(inPeriod, (entry) => keyOf.day(entry, timeZone))
    let tokens = 0
    for (const { day, parts } of read.days) {
      const { calls, cost } = sumOf(expected.get(day) ?? [])
      const sums: Record<string, bigint> = {}
      for (const money of parts.flatMap((part) => part.cost)) sums[money.currency] = (sums[money.currency] ?? 0n) + parseNano(money.amount)
      expect(parts.reduce((sum, part) => sum + part.calls, 0)).toBe(calls)
      expect(Object.fromEntries(Object.entries(sums).map(([currency, nano]) => [currency, formatNano(nano)]))).toEqual(cost)
      tokens += parts.reduce((sum, part) => sum + part.tokens, 0)
    }
    expect(read.days.map(({ day }) => day)).toEqual(expect.arrayContaining([...expected.keys()]))
    if (tokens < Number.MAX_SAFE_INTEGER / 4) expect(tokens).toBe(tokensOf(read.total))
  }
})
