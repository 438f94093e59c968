import { beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { newId } from '../runtime/ids.ts'
import { changeDriven, claimRun, DRIVER_LEASE_MS, orphanedRuns, releaseDriver, renewDriver } from './driver-lease.ts'
import { addItems, countItems, leaseItems } from './items.ts'
import { addRun, updateRun } from './runs.ts'

const NOW = new Date('2026-11-20T10:00:00Z')
const LATER = new Date(NOW.getTime() + DRIVER_LEASE_MS + 1)

describeOnEachDatabase('who drives a run', (open) => {
  let test: TestDatabase
  let workspaceId: string

  beforeAll(async () => {
    test = await open()
    workspaceId = await test.workspaceId()
  })

  const run = (background = true): Promise<string> =>
    test.database.inWorkspace(workspaceId, async (tx) => {
      const { id } = await addRun(tx, {
        workspaceId,
        kind: 'test',
        fingerprint: newId(),
        series: 'test',
        settings: {},
        currency: 'USD',
        capNano: null,
        ...(background ? { background: { createdBy: 'user:x', plan: { selected: 2, looked: 0, unchanged: 0 }, upTo: null } } : {}),
      })
      await updateRun(tx, id, { state: 'running', plannedAt: NOW })
      return id
    })
  const claim = (runId: string, instance: string, now: Date) =>
    test.database.inWorkspace(workspaceId, (tx) => claimRun(tx, { runId, instance, now }))

  it('one process at a time; another takes over when its lease has ended, with the items it had', async () => {
    const runId = await run()
    await test.database.inWorkspace(workspaceId, (tx) =>
      addItems(tx, { runId, workspaceId, items: [1, 2].map((position) => ({ position, subjectId: newId(), workHash: '' })) }),
    )
    expect((await claim(runId, 'one', NOW))?.id).toBe(runId)
    expect(await claim(runId, 'two', NOW)).toBeUndefined()
    await test.database.inWorkspace(workspaceId, (tx) => leaseItems(tx, { runId, instance: 'one', now: NOW, limit: 2, upTo: null }))
    expect((await claim(runId, 'two', LATER))?.id).toBe(runId)
    expect(await test.database.inWorkspace(workspaceId, (tx) => countItems(tx, runId))).toMatchObject({ waiting: 2, leased: 0 })
    // The first one was slow, not dead: it learns that the run is no longer its own, and changes nothing.
    expect(await test.database.inWorkspace(workspaceId, (tx) => renewDriver(tx, { runId, instance: 'one', now: LATER }))).toBeUndefined()
    const change = { runId, instance: 'one', whileIn: 'running' as const, change: { state: 'finished' as const } }
    expect(await test.database.inWorkspace(workspaceId, (tx) => changeDriven(tx, change))).toBe(false)
    expect(await test.database.inWorkspace(workspaceId, (tx) => renewDriver(tx, { runId, instance: 'two', now: LATER }))).toBe('running')
  })

  it('finds those of all workspaces that nobody drives, and none of the command line', async () => {
    const [own, ofCommand] = [await run(), await run(false)]
    const found = async (now = NOW) => (await orphanedRuns(test.database, { instance: 'me', now })).map(({ runId }) => runId)
    expect(await found()).toContain(own)
    expect(await found()).not.toContain(ofCommand)
    await claim(own, 'other', NOW)
    expect(await found()).not.toContain(own)
    expect(await found(LATER)).toContain(own)
    await test.database.inWorkspace(workspaceId, (tx) => releaseDriver(tx, { runId: own, instance: 'other' }))
    expect(await found()).toContain(own)
  })
})
