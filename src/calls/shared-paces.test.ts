import { eq } from 'drizzle-orm'
import { beforeAll, describe, expect, it } from 'vitest'
import { describeOnEachDatabase, openOnPostgres, type TestDatabase } from '../../test/support/databases.ts'
import { postgresAbsence } from '../../test/support/postgres-cluster.ts'
import { until } from '../../test/support/until.ts'
import { learnedViews } from '../connections/learned.ts'
import type { PaceView } from '../contract/pace.ts'
import type { Database } from '../db/database.ts'
import { connections, members, notices, users } from '../db/schema/index.ts'
import type { ProviderFailure } from '../providers/wire-protocol.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { createLog } from '../runtime/log.ts'
import type { Pace, PaceReport, PaceTurn } from './pace.ts'
import { createPaces, type Paces } from './shared-paces.ts'

const log = createLog({ level: 'silent' })
const succeeded: PaceReport = { kind: 'succeeded' }
const failed: PaceReport = { kind: 'failed', failure: failure('provider.failed') }
const limited = (retryAfterMs?: number): PaceReport => ({ kind: 'limited', failure: failure('provider.rate_limited', retryAfterMs) })

function failure(code: ProviderFailure['code'], retryAfterMs?: number): ProviderFailure {
  return { code, detail: 'text', retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** What a provider at a limit of so many requests a minute tells. */
const told = (remaining: number): PaceReport => ({
  kind: 'succeeded',
  limits: [{ kind: 'requests', windowMs: 60_000, limit: 100, remaining, resetsInMs: 50_000 }],
})

/** Asks once. @returns the turn, when there is one; it goes on waiting. */
function ask(pace: Pace, signal = new AbortController().signal): { turn: PaceTurn | undefined } {
  const asked: { turn: PaceTurn | undefined } = { turn: undefined }
  pace.begin({ signal, askedAtMs: Date.now(), model: 'm' }).then(
    (turn) => {
      if (turn.kind === 'begun') asked.turn = turn
    },
    () => undefined,
  )
  return asked
}

async function begin(pace: Pace): Promise<PaceTurn> {
  const turn = await pace.begin({ signal: new AbortController().signal, askedAtMs: Date.now(), model: 'm' })
  if (turn.kind === 'given_up') throw new Error('given up')
  return turn
}

/** How many calls may be in flight now; all end at once, saying nothing. */
async function widthOf(pace: Pace): Promise<number> {
  const stop = new AbortController()
  const asked = Array.from({ length: 100 }, () => ask(pace, stop.signal))
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop.abort()
  const begun = asked.flatMap(({ turn }) => turn ?? [])
  for (const turn of begun) turn.end({ kind: 'nothing' })
  return begun.length
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function suite(open: () => Promise<TestDatabase>) {
  let test: TestDatabase
  let workspaceId: string
  const owner = newId()
  const opened: Paces[] = []
  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
    await test.database.asSystem('people', async (tx) => {
      const now = new Date()
      const editor = newId()
      for (const id of [owner, editor])
        await tx.insert(users).values({ id, name: 'A', email: `${id}@example.com`, emailVerified: true, createdAt: now, updatedAt: now })
      await tx.insert(members).values([
        { workspaceId, userId: owner, role: 'owner' },
        { workspaceId, userId: editor, role: 'editor' },
      ])
    })
    return () => Promise.all(opened.map((paces) => paces.close())).then(() => undefined)
  })
  return {
    async connection(): Promise<string> {
      const id = newId()
      await test.database.inWorkspace(workspaceId, (tx) =>
        tx
          .insert(connections)
          .values({ id, workspaceId, provider: 'openai', label: 'Our OpenAI', slug: id, destination: { baseUrl: 'x' } }),
      )
      return id
    },
    async start(instance: string, database: Database = test.database): Promise<Paces> {
      const paces = await createPaces({ database, clock: systemClock, log, instance })
      opened.push(paces)
      return paces
    },
    database: () => test.database,
    async view(id: string): Promise<PaceView | undefined> {
      const now = new Date()
      return (await test.database.inWorkspace(workspaceId, (tx) => learnedViews(tx, { connectionIds: [id], now }))).get(id)
    },
    notices: (id: string) =>
      test.database.inWorkspace(workspaceId, (tx) =>
        tx
          .select()
          .from(notices)
          .where(eq(notices.subject, `connection:${id}`)),
      ),
    owner,
  }
}

describeOnEachDatabase('what is learned of a connection', (open) => {
  const world = suite(open)

  it('a start remembers what was learned before it: waits, bounds and limits', async () => {
    const [id, other] = [await world.connection(), await world.connection()]
    const before = await world.start('one')
    const turns = await Promise.all(Array.from({ length: 8 }, () => begin(before.of(id))))
    turns[0]!.end(told(40))
    turns[1]!.end(limited(30_000))
    for (const turn of turns.slice(2)) turn.end(succeeded)
    await before.close()
    const after = await world.start('one')
    const held = ask(after.of(id))
    const free = ask(after.of(other))
    await pause(200)
    expect([held.turn, free.turn?.kind]).toEqual([undefined, 'begun'])
    expect(after.of(id).state()).toMatchObject({
      held: { code: 'provider.rate_limited' },
      width: { total: 3 }, // seven in flight when the limit was met, halved
      limits: [{ model: 'm', kind: 'requests', limit: 100, remaining: 40 }],
    })
    expect(await world.view(id)).toMatchObject({
      mostInFlight: 3,
      held: { code: 'provider.rate_limited' },
      circuit: null,
      limits: [{ model: 'm', kind: 'requests', windowSeconds: 60, limit: 100, remaining: 40 }],
    })
  })

  it('a circuit that opens is seen and told to who may mend it; it closes by itself, and the same notice says so', async () => {
    const id = await world.connection()
    const paces = await world.start('two')
    const pace = paces.of(id)
    const turns = await Promise.all(Array.from({ length: 6 }, () => begin(pace)))
    for (const turn of turns) turn.end(failed)
    await until(async () => (await world.view(id))?.circuit?.openSince !== undefined)
    expect(await world.notices(id)).toEqual([]) // one probe first
    ;(await begin(pace)).end(failed)
    await until(async () => (await world.notices(id)).length > 0)
    expect(await world.notices(id)).toMatchObject([{ kind: 'connection.failing', text: 'Our OpenAI', userId: world.owner, endedAt: null }])
    ;(await begin(pace)).end(succeeded)
    await until(async () => (await world.view(id))?.circuit === null)
    await until(async () => (await world.notices(id))[0]!.endedAt !== null)
    expect(await world.notices(id)).toHaveLength(1)
    ;(await begin(pace)).end(succeeded)
  })

  it('an open circuit is remembered by a start, and closed by its first success', async () => {
    const id = await world.connection()
    const before = await world.start('three')
    const turns = await Promise.all(Array.from({ length: 6 }, () => begin(before.of(id))))
    for (const turn of turns) turn.end(failed)
    await before.close()
    const after = await world.start('three')
    expect(after.of(id).isOpen()).toBe(true)
    const [probe, next] = [await begin(after.of(id)), ask(after.of(id))]
    await pause(100)
    expect(next.turn).toBeUndefined() // one at a time
    probe.end(succeeded)
    await until(() => next.turn !== undefined)
    next.turn!.end(succeeded)
    await until(async () => (await world.view(id))?.circuit === null)
  })

  it('calls cause no writes by themselves: thousands share a few', async () => {
    const id = await world.connection()
    let writes = 0
    const database = world.database()
    const counting: Database = {
      ...database,
      inWorkspace: (workspaceId, work) => {
        writes += 1
        return database.inWorkspace(workspaceId, work)
      },
    }
    const paces = await world.start('four', counting)
    const until3 = Date.now() + 3_000
    let calls = 0
    while (Date.now() < until3) {
      for (let number = 0; number < 100; number += 1) (await begin(paces.of(id))).end(told(90))
      calls += 100
      await pause(10)
    }
    await paces.close()
    expect(calls).toBeGreaterThan(1_000)
    expect(writes).toBeGreaterThan(0)
    expect(writes).toBeLessThan(6)
  })
})

const absence = postgresAbsence()
describe.skipIf(absence !== undefined)('several instances', () => {
  let opened: TestDatabase
  const world = suite(async () => (opened = await openOnPostgres()))
  beforeAll(() => () => opened.destroy())

  it('what a provider asks of one holds the others: also one that had no calls before', async () => {
    const id = await world.connection()
    const [one, busy, idle] = [await world.start('a'), await world.start('b'), await world.start('c')]
    ;(await begin(busy.of(id))).end(succeeded)
    ;(await begin(one.of(id))).end(limited(60_000))
    await until(async () => (await world.view(id))?.held?.code === 'provider.rate_limited')
    const late = ask(idle.of(id))
    await until(() => busy.of(id).state().held !== undefined)
    const early = ask(busy.of(id))
    await pause(300)
    expect([late.turn, early.turn]).toEqual([undefined, undefined])
  })

  it('those that work share how many may be in flight, and a limit that one meets halves it for all', async () => {
    const id = await world.connection()
    const [one, other] = [await world.start('d'), await world.start('e')]
    const here = await Promise.all(Array.from({ length: 16 }, () => begin(one.of(id))))
    const there = await Promise.all(Array.from({ length: 16 }, () => begin(other.of(id))))
    await until(async () => (await world.view(id))?.inFlight === 32)
    await until(() => one.of(id).state().inFlightElsewhere === 16)
    here[0]!.end(limited())
    await until(() => other.of(id).state().width?.total === 16)
    for (const turn of here.slice(2)) turn.end({ kind: 'nothing' }) // one call of each goes on: they are at work
    for (const turn of there.slice(1)) turn.end({ kind: 'nothing' })
    expect([(await widthOf(one.of(id))) + 1, (await widthOf(other.of(id))) + 1]).toEqual([8, 8])
  })

  it('a circuit that one opens is open for all, and closed for all by a success of any', async () => {
    const id = await world.connection()
    const [one, other] = [await world.start('f'), await world.start('g')]
    const working = await begin(other.of(id))
    const turns = await Promise.all(Array.from({ length: 6 }, () => begin(one.of(id))))
    for (const turn of turns) turn.end(failed)
    await until(() => other.of(id).isOpen())
    working.end(succeeded) // began before: no probe
    expect(other.of(id).isOpen()).toBe(true)
    ;(await begin(other.of(id))).end(succeeded)
    await until(() => !one.of(id).isOpen())
    expect(await world.view(id)).toMatchObject({ circuit: null })
  })

  it('what remains of a limit is heard of by all', async () => {
    const id = await world.connection()
    const [one, other] = [await world.start('h'), await world.start('i')]
    ;(await begin(other.of(id))).end(succeeded)
    ;(await begin(one.of(id))).end(told(0))
    await until(() => other.of(id).state().limits.length > 0)
    const held = ask(other.of(id))
    await pause(300)
    expect(held.turn).toBeUndefined()
  })
})
