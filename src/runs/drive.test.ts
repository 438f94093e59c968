import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { driveRun } from './drive.ts'
import { addItems, countItems, leaseItems, settleItems } from './items.ts'
import type { LeasedItem, Pause, RunKind, SettledItem, UnitOutcome } from './run-kind.ts'
import { addRun } from './runs.ts'

const CAP: Pause = { code: 'budget.exceeded', detail: 'The cap is reached.' }
const never = new AbortController().signal

describeOnEachDatabase('driving a run', (open) => {
  let test: TestDatabase
  let workspaceId: string

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  /** A run with items 1 to `count`, all waiting. */
  const run = (count: number): Promise<string> =>
    test.database.inWorkspace(workspaceId, async (tx) => {
      const settings = { workspaceId, kind: 'test', fingerprint: newId(), series: 'test', settings: {}, currency: 'USD', capNano: null }
      const { id: runId } = await addRun(tx, settings)
      const items = Array.from({ length: count }, (_, index) => ({ position: index + 1, subjectId: newId(), workHash: '' }))
      await addItems(tx, { runId, workspaceId, items })
      return runId
    })

  const counts = (runId: string) => test.database.inWorkspace(workspaceId, (tx) => countItems(tx, runId))

  const settle = async (items: readonly LeasedItem[], end: Omit<SettledItem, 'position'> = { state: 'done' }): Promise<UnitOutcome> => {
    await test.database.asSystem('a test settles', (tx) =>
      settleItems(
        tx,
        items.map((item) => ({ item, ...end })),
      ),
    )
    return { settled: items.map(({ position }) => ({ position, ...end })) }
  }

  /** A kind of run whose units are watched: how many were in flight at most, and which items each worker got. */
  function watched(perform: (unit: readonly LeasedItem[], inFlight: number) => Promise<UnitOutcome>, itemsPerUnit = 1) {
    const seen = { inFlight: 0, most: 0, units: [] as number[][] }
    const kind: RunKind<LeasedItem> = {
      id: 'test',
      itemsPerUnit,
      load: (_tx, items) => Promise.resolve([...items]),
      async perform(unit) {
        seen.inFlight += 1
        seen.most = Math.max(seen.most, seen.inFlight)
        seen.units.push(unit.map(({ position }) => position))
        try {
          return await perform(unit, seen.inFlight)
        } finally {
          seen.inFlight -= 1
        }
      },
    }
    return { kind, seen }
  }

  const drive = <Subject>(runId: string, kind: RunKind<Subject>, more: Partial<Parameters<typeof driveRun<Subject>>[0]> = {}) =>
    driveRun({
      database: test.database,
      clock: systemClock,
      instance: 'one',
      workspaceId,
      runId,
      kind,
      concurrency: 8,
      signal: never,
      hardSignal: never,
      ...more,
    })

  it('does every item once, so many units at a time, and reports each end', async () => {
    const runId = await run(300)
    const { kind, seen } = watched(async (unit) => {
      await sleep(1)
      return settle(unit)
    }, 3)
    const reported: number[] = []
    const end = await drive(runId, kind, { onSettled: (items) => reported.push(...items.map(({ position }) => position)) })
    expect(end).toEqual({ kind: 'finished' })
    expect(seen.most).toBe(8)
    expect(seen.units.every((unit) => unit.length === 3)).toBe(true)
    const all = Array.from({ length: 300 }, (_, index) => index + 1)
    expect(seen.units.flat().toSorted((a, b) => a - b)).toEqual(all)
    expect(reported.toSorted((a, b) => a - b)).toEqual(all)
    expect(await counts(runId)).toMatchObject({ done: 300, waiting: 0, leased: 0 })
  })

  it('the first unit goes alone where that is asked for', async () => {
    const runId = await run(20)
    const atOnce: number[] = []
    const { kind, seen } = watched(async (unit, inFlight) => {
      atOnce.push(inFlight)
      await sleep(20)
      if (seen.units.length === 1) expect(seen.inFlight).toBe(1)
      return settle(unit)
    })
    expect(await drive(runId, kind, { firstAlone: true })).toEqual({ kind: 'finished' })
    expect(seen.units[0]).toEqual([1])
    expect(atOnce.slice(0, 3)).toEqual([1, 1, 2]) // the second starts after the first has ended
    expect(seen.most).toBe(8)
  })

  it('two workers on one run share the items, and do none twice', async () => {
    const runId = await run(400)
    const work = () =>
      watched(async (unit) => {
        await sleep(1)
        return settle(unit)
      })
    const [one, two] = [work(), work()]
    const ends = await Promise.all([drive(runId, one.kind), drive(runId, two.kind, { instance: 'two' })])
    expect(ends).toEqual([{ kind: 'finished' }, { kind: 'finished' }])
    const done = [...one.seen.units, ...two.seen.units].flat()
    expect(done).toHaveLength(400)
    expect(new Set(done).size).toBe(400)
  })

  it('takes up what this process left leased when it died', async () => {
    const runId = await run(10)
    await test.database.inWorkspace(workspaceId, (tx) => leaseItems(tx, { runId, instance: 'one', now: new Date(), limit: 4, upTo: null }))
    const { kind, seen } = watched((unit) => settle(unit))
    expect(await drive(runId, kind)).toEqual({ kind: 'finished' })
    expect(seen.units).toHaveLength(10)
  })

  it('a canary ends at its position; the rest waits', async () => {
    const runId = await run(20)
    const { kind, seen } = watched((unit) => settle(unit))
    expect(await drive(runId, kind, { upTo: 6 })).toEqual({ kind: 'finished' })
    expect(seen.units.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await counts(runId)).toMatchObject({ done: 6, waiting: 14, leased: 0 })
  })

  it('an interruption lets units under way end, starts none, and gives the rest back', async () => {
    const runId = await run(50)
    const stop = new AbortController()
    const { kind, seen } = watched(async (unit) => {
      stop.abort()
      await sleep(5)
      return settle(unit)
    })
    expect(await drive(runId, kind, { signal: stop.signal, concurrency: 4 })).toEqual({ kind: 'interrupted' })
    expect(await counts(runId)).toMatchObject({ done: seen.units.length, waiting: 50 - seen.units.length, leased: 0 })
    expect(seen.units.length).toBeLessThanOrEqual(4)
    expect(await drive(runId, kind)).toEqual({ kind: 'finished' })
    expect(await counts(runId)).toMatchObject({ done: 50 })
  })

  it('units that are cut off give their items back', async () => {
    const runId = await run(10)
    const hard = new AbortController()
    hard.abort()
    const { kind } = watched(() => Promise.resolve({ settled: [] }))
    expect(await drive(runId, kind, { signal: hard.signal, hardSignal: hard.signal })).toEqual({ kind: 'interrupted' })
    expect(await counts(runId)).toMatchObject({ waiting: 10, leased: 0 })
  })

  it('a refusal that holds for all pauses with its reason; what was not done waits', async () => {
    const runId = await run(40)
    const pause: Pause = { code: 'provider.bad_key', detail: 'The provider refuses the key.' }
    const { kind } = watched((unit) => (unit[0]!.position === 5 ? Promise.resolve({ settled: [], pause }) : settle(unit)))
    expect(await drive(runId, kind, { concurrency: 2 })).toEqual({ kind: 'paused', pause })
    const { done, waiting, leased } = await counts(runId)
    expect([done + waiting, leased]).toEqual([40, 0])
    expect(waiting).toBeGreaterThan(30)
  })

  it('25 failures of the provider in a row pause the run; one success in between does not let it come to that', async () => {
    const trouble = { state: 'failed', errorCode: 'provider.overloaded' } as const
    const bad = await run(100)
    const end = await drive(bad, watched((unit) => settle(unit, trouble)).kind, { concurrency: 1 })
    expect(end).toMatchObject({ kind: 'paused', pause: { code: 'provider.overloaded' } })
    expect(await counts(bad)).toMatchObject({ failed: 25, waiting: 75 })

    const mixed = await run(100)
    const kind = watched((unit) => (unit[0]!.position % 25 === 0 ? settle(unit) : settle(unit, trouble))).kind
    expect(await drive(mixed, kind, { concurrency: 1 })).toEqual({ kind: 'finished' })

    const ownFault = await run(100)
    const invalid = { state: 'failed', errorCode: 'output.invalid' } as const
    const afterOne = watched((unit) => settle(unit, unit[0]!.position === 1 ? { state: 'done' } : invalid)).kind
    expect(await drive(ownFault, afterOne, { concurrency: 1 })).toEqual({ kind: 'finished' })
  })

  it.each(['output.invalid', 'output.missing', 'provider.answer_malformed', 'provider.cut_off'] as const)(
    'when the first 25 items all fail, with %s or whatever, the run pauses and says what to do; the same command continues',
    async (errorCode) => {
      const runId = await run(100)
      const failing = watched((unit) => settle(unit, { state: 'failed', errorCode })).kind
      const end = await drive(runId, failing, { concurrency: 1 })
      expect(end).toMatchObject({ kind: 'paused', pause: { code: errorCode } })
      expect(end).toHaveProperty(
        'pause.detail',
        expect.stringMatching(/first 25 .*what failed.*another model or recipe.*continue this run/),
      )
      expect(await counts(runId)).toMatchObject({ failed: 25, waiting: 75, leased: 0 })
      expect(await drive(runId, watched((unit) => settle(unit)).kind)).toEqual({ kind: 'finished' })
      expect(await counts(runId)).toMatchObject({ failed: 25, done: 75 })
    },
  )

  it('a run that has nothing left to try just ends with its failures', async () => {
    const invalid = { state: 'failed', errorCode: 'output.invalid' } as const
    const small = await run(25)
    expect(await drive(small, watched((unit) => settle(unit, invalid)).kind, { concurrency: 1 })).toEqual({ kind: 'finished' })
    expect(await counts(small)).toMatchObject({ failed: 25 })
    const atOnce = await run(30)
    const together = watched(async (unit) => {
      await sleep(20)
      return settle(unit, invalid)
    }).kind
    expect(await drive(atOnce, together, { concurrency: 64 })).toEqual({ kind: 'finished' })
  })

  it('a budget with room for three calls at a time is waited for: everything ends, and nobody says "cap reached"', async () => {
    const runId = await run(60)
    let held = 0
    const { kind } = watched(async (unit) => {
      if (held >= 3) return { settled: [], noRoom: CAP }
      held += 1
      await sleep(2)
      held -= 1
      return settle(unit)
    })
    expect(await drive(runId, kind)).toEqual({ kind: 'finished' })
    expect(await counts(runId)).toMatchObject({ done: 60 })
  })

  it('"cap reached" is said only when a unit found no room with no other in flight', async () => {
    const runId = await run(60)
    let left = 10
    const refusedBeside: number[] = []
    const { kind, seen } = watched(async (unit, inFlight) => {
      if (left === 0) {
        refusedBeside.push(inFlight - 1)
        return { settled: [], noRoom: CAP }
      }
      left -= 1
      await sleep(2)
      return settle(unit)
    })
    expect(await drive(runId, kind)).toEqual({ kind: 'paused', pause: CAP })
    expect(refusedBeside.at(-1)).toBe(0)
    expect(seen.inFlight).toBe(0)
    expect(await counts(runId)).toMatchObject({ done: 10, waiting: 50, leased: 0 })
  })

  it('a large unit that found no room beside others in flight is asked again when they have ended', async () => {
    const runId = await run(4)
    let othersEnded = false
    const { kind } = watched(async (unit) => {
      if (unit[0]!.position === 1 && !othersEnded) return { settled: [], noRoom: CAP }
      await sleep(5)
      if (unit[0]!.position > 1) othersEnded = true
      return settle(unit)
    })
    expect(await drive(runId, kind)).toEqual({ kind: 'finished' })
  })

  it('a unit that finds no room half-way goes on from there when others have ended, and what it settled is reported', async () => {
    const runId = await run(6)
    const seen: string[] = []
    const kind: RunKind<LeasedItem & { readonly begun?: boolean }> = {
      id: 'test',
      itemsPerUnit: 3,
      load: (_tx, items) => Promise.resolve([...items]),
      async perform(unit) {
        seen.push(`${unit.map(({ position }) => position).join(',')}${unit[0]!.begun ? ' begun' : ''}`)
        await sleep(5)
        if (unit[0]!.begun || unit[0]!.position > 1) return settle(unit)
        const [done, ...left] = unit
        return { ...(await settle([done!])), noRoom: CAP, left: left.map((item) => ({ ...item, begun: true })) }
      },
    }
    const reported: number[] = []
    const onSettled = (items: readonly SettledItem[]) => void reported.push(...items.map(({ position }) => position))
    expect(await drive(runId, kind, { onSettled })).toEqual({ kind: 'finished' })
    expect(seen).toEqual(['1,2,3', '4,5,6', '2,3 begun'])
    expect(reported.toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await counts(runId)).toMatchObject({ done: 6, leased: 0 })
  })

  it('"cap reached" waits for a unit that started beside one which began alone', async () => {
    const runId = await run(2)
    const secondEnded = Promise.withResolvers<void>()
    let asked = 0
    const { kind } = watched(async (unit) => {
      if (unit[0]!.position === 2) {
        await sleep(5)
        setTimeout(secondEnded.resolve, 50)
        return settle(unit)
      }
      if (++asked > 1) return settle(unit)
      await secondEnded.promise // it found no room while the second held it, and hears so after that has ended
      return { settled: [], noRoom: CAP }
    })
    expect(await drive(runId, kind)).toEqual({ kind: 'finished' })
  })

  it('items given back while the next ones are being leased are not forgotten', async () => {
    const runId = await run(260) // two items a unit, 128 in the first lease
    let cutShort = false
    const giveBack = Promise.withResolvers<void>()
    const { kind } = watched(async (unit) => {
      if (unit[0]!.position !== 1 || cutShort) return settle(unit)
      cutShort = true
      await giveBack.promise
      return settle(unit.slice(0, 1))
    }, 2)
    let loads = 0
    const load: (typeof kind)['load'] = async (tx, items) => {
      if (items.at(-1)!.position === 260 && ++loads === 1) {
        giveBack.resolve()
        await sleep(100) // enough for the unit to give back its item on PostgreSQL; on PGlite it waits for this transaction
      }
      return kind.load(tx, items)
    }
    expect(await drive(runId, { ...kind, load }, { concurrency: 4 })).toEqual({ kind: 'finished' })
    expect(await counts(runId)).toMatchObject({ done: 260, waiting: 0, leased: 0 })
  })

  it('a unit that throws ends the drive with its error, also when it throws while others are being leased', async () => {
    const runId = await run(260)
    const fails = Promise.withResolvers<UnitOutcome>()
    const { kind } = watched((unit) => (unit[0]!.position === 1 ? fails.promise : settle(unit)))
    let loads = 0
    const load: (typeof kind)['load'] = async (tx, items) => {
      if (++loads === 2) {
        fails.reject(new Error('the disk is full'))
        await sleep(10)
      }
      return kind.load(tx, items)
    }
    await expect(drive(runId, { ...kind, load })).rejects.toThrow('the disk is full')
    const { waiting, leased, done } = await counts(runId)
    expect(leased).toBe(1) // only the one whose end nobody knows: the next start takes it up
    expect(waiting + done).toBe(259)
  })
})
