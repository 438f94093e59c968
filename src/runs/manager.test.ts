import { afterEach, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { until } from '../../test/support/until.ts'
import type { Database } from '../db/database.ts'
import { systemClock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'
import { cancelRun, findRun, pauseRun, resumeRun, retryRun, startRun } from './commands.ts'
import { claimRun, DRIVER_LEASE_MS } from './driver-lease.ts'
import { addItems, countItems, leaseItems, settleItems } from './items.ts'
import { createRunManager, type ManagedKind, type RunManager } from './manager.ts'
import { addRun, type Run, updateRun } from './runs.ts'

const ITEMS = 5
const ACTOR = 'user:x'
const LOG = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore }
function ignore(): void {}

describeOnEachDatabase('the run manager', (open) => {
  let test: TestDatabase
  let database: Database
  let workspaceId: string
  const managers: RunManager[] = []

  beforeAll(async () => {
    test = await open()
    ;({ database } = test)
    workspaceId = await test.workspaceId()
  })
  afterEach(async () => {
    for (const manager of managers.splice(0)) await manager.close()
  })

  const manage = (kind: Pick<ManagedKind, 'drive'>, instance = 'one'): RunManager => {
    const kinds = [{ id: 'test', plan: () => Promise.reject(new Error('planned already')), ...kind }]
    const manager = createRunManager({ database, clock: systemClock, log: LOG as never, instance, kinds })
    managers.push(manager)
    return manager
  }
  const addPlanned = (): Promise<string> =>
    database.inWorkspace(workspaceId, async (tx) => {
      const settings = { fields: [], attributes: [] }
      const background = { createdBy: ACTOR, plan: { selected: ITEMS, looked: ITEMS, unchanged: 0 }, upTo: null }
      const added = await addRun(tx, {
        workspaceId,
        kind: 'test',
        fingerprint: newId(),
        series: 'test',
        settings,
        currency: 'USD',
        capNano: null,
        background,
      })
      const items = Array.from({ length: ITEMS }, (_, at) => ({ position: at + 1, subjectId: newId(), workHash: '' }))
      await addItems(tx, { runId: added.id, workspaceId, items })
      await updateRun(tx, added.id, { plannedAt: new Date(), itemCount: ITEMS })
      return added.id
    })
  const read = (runId: string) =>
    database.inWorkspace(workspaceId, async (tx) => ({ run: await findRun(tx, runId), counts: await countItems(tx, runId) }))
  /** Settles what waits; positions in `failing` fail. */
  const settleAll = (run: Run, failing: readonly number[] = []): Promise<unknown> =>
    database.inWorkspace(workspaceId, async (tx) => {
      const items = await leaseItems(tx, { runId: run.id, instance: 'one', now: new Date(), limit: 100, upTo: null })
      await settleItems(
        tx,
        items.map((item) =>
          failing.includes(item.position) ? { item, state: 'failed', errorCode: 'provider.failed' } : { item, state: 'done' },
        ),
      )
    })
  const command = (runManager: RunManager) => ({ database, clock: systemClock, runManager })

  it('goes on with a product that someone gives another try just when its run comes to its end', async () => {
    const runId = await addPlanned()
    let drives = 0
    const manager: RunManager = manage({
      async drive(run) {
        drives += 1
        await settleAll(run, drives === 1 ? [2] : [])
        if (drives === 1) await retryRun(command(manager), { workspaceId, actor: ACTOR, runId, position: 2 })
        return { kind: 'finished' }
      },
    })
    await startRun(command(manager), { workspaceId, actor: ACTOR, runId })
    await until(async () => (await read(runId)).run.state === 'finished')
    expect((await read(runId)).counts).toMatchObject({ done: ITEMS, waiting: 0, failed: 0 })
    expect(drives).toBe(2)
  })

  it('drops what a cancelled run still has when the process that drove it was killed', async () => {
    const runId = await addPlanned()
    await database.inWorkspace(workspaceId, async (tx) => {
      await updateRun(tx, runId, { state: 'running' })
      const now = new Date(Date.now() - DRIVER_LEASE_MS + 2_000)
      await claimRun(tx, { runId, instance: 'killed', now })
      await leaseItems(tx, { runId, instance: 'killed', now, limit: 2, upTo: null })
    })
    const asleep: RunManager = { look: ignore, close: () => Promise.resolve() }
    await cancelRun(command(asleep), { workspaceId, actor: ACTOR, runId })
    expect((await read(runId)).counts).toMatchObject({ waiting: 3, leased: 2 }) // its driver may be alive, and commit them
    await until(async () => (await read(runId)).run.driverLeaseEndsAt! < new Date())
    manage({ drive: () => Promise.reject(new Error('nothing is to be driven')) })
    await until(async () => (await read(runId)).run.driver === null)
    const { run, counts } = await read(runId)
    expect(counts).toEqual({ waiting: 0, leased: 0, done: 0, flagged: 0, failed: 0 })
    expect(run).toMatchObject({ state: 'cancelled', counts })
  })

  it('whatever people click at once, a run ends in one state, with nothing that waits in an ended one', async () => {
    const manager = manage({
      async drive(run, { signal }) {
        for (let step = 0; step < 20 && !signal.aborted; step += 1) await new Promise((resolve) => setTimeout(resolve, 1))
        if (signal.aborted) return { kind: 'interrupted' }
        await settleAll(run, [1])
        return { kind: 'finished' }
      },
    })
    const services = command(manager)
    const kept: unknown[] = []
    const counted: unknown[] = []
    for (let round = 0; round < 10; round += 1) {
      const runId = await addPlanned()
      const who = { workspaceId, actor: ACTOR, runId }
      const clicks = [startRun, pauseRun, resumeRun, pauseRun, resumeRun, cancelRun, resumeRun, retryRun].map((click) =>
        click(services, who),
      )
      await Promise.allSettled(clicks)
      await cancelRun(services, who).catch(() => undefined)
      await until(async () => {
        const { run, counts } = await read(runId)
        return ['cancelled', 'finished'].includes(run.state) && run.driver === null && counts.waiting + counts.leased === 0
      })
      const { run, counts } = await read(runId)
      kept.push(run.counts ?? counts)
      counted.push(counts)
    }
    expect(kept).toEqual(counted) // what the list shows of it is what there is
  })
})
