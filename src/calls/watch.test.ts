import { afterEach, describe, expect, it } from 'vitest'
import { type TestClock, testClock } from '../../test/support/clock.ts'
import type { Database } from '../db/database.ts'
import { createLog } from '../runtime/log.ts'
import { type CallWatch, createCallWatch } from './watch.ts'

/** A database that answers, is silent, or fails, as the test says. */
function makeDatabase(engine: Database['engine']) {
  const state = { mode: 'answers' as 'answers' | 'silent' | 'fails', asked: 0 }
  const asSystem = async () => {
    state.asked += 1
    if (state.mode === 'fails') throw new Error('gone')
    if (state.mode === 'silent') return new Promise<never>(() => undefined)
    return { connections: new Set<string>(), keys: new Set<string>() }
  }
  return { state, database: { engine, asSystem } as unknown as Database }
}

describe('KEY-12: calls in flight while the database says nothing', () => {
  let clock: TestClock
  let watch: CallWatch
  const start = (engine: Database['engine']) => {
    clock = testClock()
    const made = makeDatabase(engine)
    watch = createCallWatch({ database: made.database, clock, log: createLog({ level: 'silent' }) })
    return made.state
  }
  const begin = (): { reasons: string[]; end: () => void } => {
    const reasons: string[] = []
    const end = watch.watch({ connectionId: 'c' }, (reason) => {
      reasons.push(reason)
      end()
    })
    return { reasons, end }
  }
  afterEach(() => watch.close())

  it.each(['silent', 'fails'] as const)('are cut within five seconds where it is cut off (%s), and not before four', async (mode) => {
    const state = start('postgres')
    const call = begin()
    await clock.advance(2_000)
    state.mode = mode
    await clock.advance(4_000)
    expect(call.reasons).toEqual([])
    await clock.advance(1_000)
    expect(call.reasons).toEqual(['database_gone'])
  })

  it('go on where it was away for less', async () => {
    const state = start('postgres')
    const call = begin()
    await clock.advance(1_000)
    state.mode = 'fails'
    await clock.advance(4_000)
    state.mode = 'answers'
    await clock.advance(60_000)
    expect(call.reasons).toEqual([])
    call.end()
  })

  it('are looked at anew when it is back, though an answer never came', async () => {
    const state = start('postgres')
    begin()
    await clock.advance(1_000)
    state.mode = 'silent'
    await clock.advance(5_000)
    state.mode = 'answers'
    const later = begin()
    const { asked } = state
    await clock.advance(30_000)
    expect(later.reasons).toEqual([])
    expect(state.asked).toBeGreaterThan(asked + 100)
    later.end()
  })

  it('go on where this process was asleep and the database answers', async () => {
    start('postgres')
    const call = begin()
    await clock.advance(1_000)
    clock.skip(60_000)
    await clock.advance(2_000)
    expect(call.reasons).toEqual([])
    call.end()
  })

  it.each([0, 1, 2, 3, 4, 5, 6])('are looked after also when the last one ended just before (%i turns)', async (turns) => {
    const state = start('postgres')
    begin().end()
    const woken = clock.advance(250) // nobody is left to ask for
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    const call = begin()
    await woken
    await clock.advance(1_000)
    expect(state.asked).toBeGreaterThan(0)
    call.end()
  })

  it('go on while the embedded one is busy: nobody can revoke anything meanwhile', async () => {
    const state = start('pglite')
    const call = begin()
    state.mode = 'silent'
    await clock.advance(60_000)
    expect(call.reasons).toEqual([])
    call.end()
  })
})
