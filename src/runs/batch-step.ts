import { eq } from 'drizzle-orm'
import { cancelBatch, lookAtBatch } from '../calls/batches/follow.ts'
import type { BatchAccount } from '../calls/batches/ask.ts'
import { collectBatch, LOST, NOT_SENT, type ReadAnswers, type RestEnd, REVOKED, settleRest } from '../calls/batches/collect.ts'
import type { BatchAnswer } from '../calls/batches/judge.ts'
import { discardBatch } from '../calls/batches/discard.ts'
import { type Batch, changeBatch, liveBatches, openRequests } from '../calls/batches/rows.ts'
import { providerBatchRequests } from '../db/schema/index.ts'
import { type ResultWrite, resultWrite } from '../ledger/settlement.ts'
import { itemsInBatch, releaseFromBatch } from './batch-items.ts'
import type { BatchedPlace, BatchKind } from './batch-kind.ts'
import type { BatchDrive } from './drive-batches.ts'
import { returnItems } from './items.ts'
import type { LeasedItem, Pause, SettledItem } from './run-kind.ts'
import { unitsOf } from './units.ts'

/** What a step with a batch came to. `wasSent`: it was at its provider; `answered` of its requests were answered in this step. */
export type Step =
  | { readonly kind: 'under_way' }
  | { readonly kind: 'ended'; readonly wasSent: boolean; readonly answered: number; readonly pause?: Pause }
  | { readonly kind: 'trouble'; readonly pause: Pause }

/** A file that broke off is fetched again after so long. */
const FETCH_AGAIN_MS = 5_000

/** Takes a batch as far as it can be taken now: looks at it, and collects it when it has ended. */
export async function stepBatch<Subject>(drive: BatchDrive<Subject>, batch: Batch): Promise<Step> {
  const { services, kind, hardSignal } = drive
  const at = kind.places.find(({ place }) => place === batch.candidate)
  if (!at) throw new Error(`the run of batch ${batch.id} has no candidate ${batch.candidate} with a batch service`)
  if (batch.state === 'preparing' || batch.state === 'uploading') {
    await releaseBatch(drive, at, batch)
    await endBatch(drive, batch, null)
    return { kind: 'ended', wasSent: false, answered: 0 }
  }
  const account = accountOf(kind, at, batch)
  const look = await lookAtBatch(services, account, hardSignal)
  switch (look.kind) {
    case 'under_way':
      return { kind: 'under_way' }
    case 'trouble': {
      const { code, detail } = look.failure
      if (code === 'connection.revoked' || code === 'connection.missing') return giveUp(drive, at, batch)
      return {
        kind: 'trouble',
        pause: { code, detail: `${detail} Its batch goes on at the provider: it is collected when you continue the run.` },
      }
    }
    case 'lost':
      return lose(drive, at, batch)
    case 'over': {
      const reader = createReader(drive, at)
      const collected = await collectBatch(services, { account, asking: at.asking, word: look.word, read: reader.read, signal: hardSignal })
      reader.tell()
      const second = await askAgain(drive, reader.again())
      if (collected.kind === 'foreign') return lose(drive, at, batch)
      if (collected.kind === 'some') {
        const nextLookAt = new Date(services.clock.now().getTime() + (collected.failure.retryAfterMs ?? FETCH_AGAIN_MS))
        await services.database.inWorkspace(batch.workspaceId, (tx) => changeBatch(tx, batch.id, { nextLookAt }))
        const { code, detail, retryable } = collected.failure
        return retryable || hardSignal.aborted ? { kind: 'under_way' } : { kind: 'trouble', pause: { code, detail } }
      }
      const isRefused = look.word.state === 'refused'
      const pause = isRefused
        ? REFUSED
        : (second ?? (collected.refusal && { code: collected.refusal.code, detail: collected.refusal.detail }))
      await endBatch(drive, batch, isRefused ? REFUSED : null)
      await discardBatch(services, account, look.word, hardSignal) // now that nobody collects it again
      return { kind: 'ended', wasSent: true, answered: reader.answered(), ...(pause ? { pause } : {}) }
    }
  }
}

/**
 * Ends the batches of a run that was paused or cancelled: their providers are told to stop, what they have done is collected, the rest is
 * released. Until all have ended, or `signal` aborts. `isFinal`: nobody comes back for what cannot be reached now.
 */
export async function windDownBatches<Subject>(drive: BatchDrive<Subject>, { isFinal }: { isFinal: boolean }): Promise<void> {
  const { services, workspaceId, runId, kind, signal } = drive
  const { database, clock } = services
  for (;;) {
    const live = await database.inWorkspace(workspaceId, (tx) => liveBatches(tx, runId))
    if (live.length === 0 || signal.aborted) return
    let troubled = 0
    for (const batch of live) {
      const at = kind.places.find(({ place }) => place === batch.candidate)
      if (at && batch.state === 'submitted') await cancelBatch(services, accountOf(kind, at, batch), drive.hardSignal)
      if (batch.state !== 'submitted' && batch.nextLookAt && batch.nextLookAt > clock.now()) continue
      const now = (await database.inWorkspace(workspaceId, (tx) => liveBatches(tx, runId))).find(({ id }) => id === batch.id)
      const step = now ? await stepBatch({ ...drive, kind: { ...kind, perform: () => Promise.resolve({ settled: [] }) } }, now) : undefined
      if (step?.kind !== 'trouble') continue
      if (isFinal && at) await lose(drive, at, batch)
      else troubled += 1
    }
    if (troubled === live.length) return
    await clock.sleep(BETWEEN_MS, signal).catch(() => undefined)
  }
}

const BETWEEN_MS = 1_000

const accountOf = <Subject>({ actor, member }: BatchKind<Subject>, { provider }: BatchedPlace, batch: Batch): BatchAccount => ({
  batch,
  provider,
  actor,
  member,
})

/** Nothing of it was sent: all that it holds is given back. */
export const releaseBatch = <Subject>(drive: BatchDrive<Subject>, at: BatchedPlace, batch: Batch): Promise<void> =>
  settleOpen(drive, { at, batch, end: NOT_SENT })

async function lose<Subject>(drive: BatchDrive<Subject>, at: BatchedPlace, batch: Batch): Promise<Step> {
  await settleOpen(drive, { at, batch, end: LOST })
  await endBatch(drive, batch, GONE)
  return { kind: 'ended', wasSent: true, answered: 0 }
}

/** A revoked connection takes no key any more: its batch cannot be followed, cancelled or collected. */
async function giveUp<Subject>(drive: BatchDrive<Subject>, at: BatchedPlace, batch: Batch): Promise<Step> {
  await settleOpen(drive, { at, batch, end: REVOKED })
  await endBatch(drive, batch, GIVEN_UP)
  return { kind: 'ended', wasSent: true, answered: 0, pause: GIVEN_UP }
}

async function settleOpen<Subject>(
  drive: BatchDrive<Subject>,
  { at, batch, end }: { at: BatchedPlace; batch: Batch; end: RestEnd },
): Promise<void> {
  const { services, kind } = drive
  const open = await services.database.inWorkspace(batch.workspaceId, (tx) => openRequests(tx, batch.id))
  const { read } = createReader(drive, at)
  await settleRest(services, { account: accountOf(kind, at, batch), asking: at.asking, requests: [...open.values()], end, read })
}

/** A batch is over when all its requests are settled: what it still holds waits again. */
export function endBatch<Subject>(
  { services, runId }: BatchDrive<Subject>,
  { id, workspaceId }: Batch,
  problem: Pause | null,
): Promise<void> {
  return services.database.inWorkspace(workspaceId, async (tx) => {
    await releaseFromBatch(tx, { runId, batchId: id })
    await tx.delete(providerBatchRequests).where(eq(providerBatchRequests.batchId, id))
    await changeBatch(tx, id, { state: 'ended', endedAt: services.clock.now(), nextLookAt: null, problem: problem && { ...problem } })
  })
}

/** Reads answers as they are collected, and remembers what is to be asked about once more. */
function createReader<Subject>({ services, workspaceId, runId, kind, onSettled }: BatchDrive<Subject>, at: BatchedPlace) {
  const again: Subject[] = []
  let settled: SettledItem[] = [] // by commits that may be under way
  let answered = 0
  const tell = (): void => {
    if (settled.length > 0) onSettled?.(settled)
    settled = []
  }
  const read: ReadAnswers = async (answers) => {
    tell()
    const { units, subjects } = await load(answers)
    return answers.map(({ request, outcome }, index): readonly ResultWrite<never>[] => {
      const items = units[index]!
      if (items.length < request.items.length) return [] // its run was cancelled, and lost them
      if (outcome.kind === 'unanswered') return [resultWrite(returnItems, items)]
      if (outcome.kind === 'answered') answered += 1
      const unit = items.map(({ position }) => subjects.get(position)!)
      const result = kind.settle(unit, at, { request, outcome })
      settled.push(...result.settled)
      again.push(...result.again)
      return result.writes
    })
  }
  const load = (answers: readonly BatchAnswer[]) =>
    services.database.inWorkspace(workspaceId, async (tx) => {
      const found = await itemsInBatch(
        tx,
        runId,
        answers.flatMap(({ request }) => request.items),
      )
      const units = answers.map(({ request }) => request.items.flatMap(([position]) => found.get(position) ?? []))
      const needed: LeasedItem[] = answers.flatMap(({ outcome }, index) => (outcome.kind === 'unanswered' ? [] : units[index]!))
      const loaded = needed.length > 0 ? await kind.load(tx, needed) : []
      return { units, subjects: new Map(needed.map(({ position }, index) => [position, loaded[index]!])) }
    })
  return { read, tell, again: (): readonly Subject[] => again, answered: (): number => answered }
}

/** The second question about products whose answer was not right goes out at once, by usual calls. @returns why not all were asked. */
async function askAgain<Subject>(drive: BatchDrive<Subject>, again: readonly Subject[]): Promise<Pause | undefined> {
  const { kind, concurrency, signal, hardSignal, onSettled } = drive
  const units = unitsOf(again, kind)
  let pause: Pause | undefined
  const work = async (): Promise<void> => {
    for (let unit = units.shift(); unit && !pause && !signal.aborted; unit = units.shift()) {
      const outcome = await kind.perform(unit, hardSignal)
      if (outcome.settled.length > 0) onSettled?.(outcome.settled)
      pause ??= outcome.pause ?? outcome.noRoom
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, units.length) }, work))
  return pause
}

const REFUSED: Pause = {
  code: 'batch.refused',
  detail:
    'The provider found the batch’s requests wrong and did none of them; nothing was charged. Try another model, or a run without batches.',
}

const GIVEN_UP: Pause = {
  code: 'batch.unreachable',
  detail:
    'The connection was revoked while a batch was under way: it can neither be followed nor cancelled from here. It may be charged; cancel it on the provider’s own pages. Its products wait.',
}

const GONE: Pause = {
  code: 'batch.lost',
  detail:
    'The provider does not know this batch: it was never made, or is gone with its results. What it cost is unknown; its products wait again.',
}
