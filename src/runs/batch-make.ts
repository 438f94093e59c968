import { type BatchedCall, openBatch, type Stop } from '../calls/batches/prepare.ts'
import { submitBatch } from '../calls/batches/submit.ts'
import type { BatchedPlace } from './batch-kind.ts'
import { leaseForBatch, releaseFromBatch } from './batch-items.ts'
import { endBatch, releaseBatch } from './batch-step.ts'
import type { BatchDrive } from './drive-batches.ts'
import { returnItems } from './items.ts'
import type { Pause } from './run-kind.ts'
import { intoUnits, type Unit } from './units.ts'

/** `none`: nothing waits that may be asked about. `pause`: why no more can be. */
export type Made = { readonly kind: 'none' } | { readonly kind: 'made'; readonly pause?: Pause }

/** Requests that are composed between two statements. */
const AT_A_TIME = 128

/** Puts as many waiting items of a candidate into one batch as it may hold and budgets have room for, and submits it. */
export async function makeBatch<Subject>(drive: BatchDrive<Subject>, at: BatchedPlace): Promise<Made> {
  const { services, workspaceId, runId, kind, signal, hardSignal } = drive
  const { database } = services
  const { place, provider, destination, asking } = at
  const { connectionId, model } = asking.candidate
  const open = await openBatch(services, { workspaceId, runId, connectionId, candidate: place, model, destination, provider })
  const { id: batchId } = open.batch
  let stop: Stop | undefined
  while (open.room() > 0 && !stop && !signal.aborted) {
    const limit = Math.min(open.room(), AT_A_TIME) * kind.itemsPerUnit
    const { items, subjects } = await database.inWorkspace(workspaceId, async (tx) => {
      const leased = await leaseForBatch(tx, { runId, batchId, place, limit })
      return { items: leased, subjects: leased.length > 0 ? await kind.load(tx, leased) : [] }
    })
    if (items.length === 0) break
    const asked = await withoutFree(drive, { items, subjects })
    const units = intoUnits(asked.items, asked.subjects, kind)
    const calls = units.map((unit): BatchedCall => ({
      ...kind.compose(unit.subjects, at),
      items: unit.items.map((item) => [item.position, item.attempt]),
    }))
    const added = await open.add(calls)
    stop = added.stop
    const left = new Set(added.left)
    const back = units.filter((_, index) => left.has(calls[index]!)).flatMap((unit) => unit.items)
    await database.inWorkspace(workspaceId, (tx) => returnItems(tx, back))
  }
  const pause = pauseOf(stop, drive)
  const input = await open.close()
  if (!input) {
    await database.inWorkspace(workspaceId, (tx) => releaseFromBatch(tx, { runId, batchId })) // nothing, as a rule
    return pause ? { kind: 'made', pause } : { kind: 'none' }
  }
  const by = { provider, actor: kind.actor, member: kind.member }
  // from here on it is worth its few seconds, also to who wants to stop
  const submitted = await submitBatch(services, by, input, hardSignal)
  if (submitted.kind === 'not_made') {
    const { code, detail } = submitted.failure
    await releaseBatch(drive, at, input.batch)
    await endBatch(drive, input.batch, { code, detail })
    return { kind: 'made', pause: { code, detail } }
  }
  return { kind: 'made', ...(pause ? { pause } : {}) }
}

function pauseOf<Subject>(stop: Stop | undefined, { kind }: BatchDrive<Subject>): Pause | undefined {
  if (stop?.kind === 'no_room') return kind.noRoom(stop.refusal)
  return stop?.kind === 'refused' ? { code: stop.failure.code, detail: stop.failure.detail } : undefined
}

/** Writes what needs no answer. @returns what is to be asked about. */
async function withoutFree<Subject>(
  { kind, hardSignal, onSettled }: BatchDrive<Subject>,
  { items, subjects }: Unit<Subject>,
): Promise<Unit<Subject>> {
  const free = subjects.filter((subject) => kind.isFree(subject))
  if (free.length === 0) return { items, subjects }
  const { settled } = await kind.perform(free, hardSignal)
  if (settled.length > 0) onSettled?.(settled)
  const isAsked = (index: number): boolean => !kind.isFree(subjects[index]!)
  return { items: items.filter((_, index) => isAsked(index)), subjects: subjects.filter((_, index) => isAsked(index)) }
}
