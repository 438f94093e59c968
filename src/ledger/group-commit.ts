import { insertMany } from '../db/bulk.ts'
import type { Database, Tx } from '../db/database.ts'
import { callIntents } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import { admitIntents, type ConnectionsById, type IntendOperation, readConnections, readVirtualKeys } from './admit.ts'
import { type BudgetNotice, type LockedWindow, lockWindows, newlyUsed, writeWindows } from './budget-holds.ts'
import { createCommitQueue } from './commit-queue.ts'
import type { Admission, CallIntent } from './intent.ts'
import { createJournal, type JournalRows, wasCommitted } from './journal.ts'
import { type Applying, createLimits, LimitsChanged } from './limits.ts'
import { correct, lockBuckets, type LockedBucket, type Taken, writeBuckets } from './rate-limit.ts'
import type { Settlement } from './settlement.ts'
import { recordTaken, type SettleOperation, spendTaken, type TakenCall, takeIntents } from './settle.ts'

type Operation = IntendOperation | SettleOperation

/** Writes what people should be told, in the commit that found it: once, whatever fails. */
export type TellBudgets = (tx: Tx, notices: readonly BudgetNotice[]) => Promise<void>

/** What this process remembers of a live call: which rows its settlement will lock. The intent's own row is the truth of the windows. */
interface Live {
  readonly windowIds: readonly string[]
  readonly taken: readonly Taken[]
  /** Of an intent in the journal: its row, which nobody else can settle while this process lives. */
  readonly row?: typeof callIntents.$inferInsert | undefined
}

/** Less than the age at which intents are swept. */
const LONGEST_IN_JOURNAL_MS = 14 * 60_000
/** Somebody would have to change budgets in each of as many milliseconds. */
const MOST_TRIES = 10

/** Nobody can say whether a commit was made: none of its operations is tried again, and what it wrote is found at the next start. */
class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('nobody can say whether a commit was made', { cause })
    this.name = 'CommitUnknown'
  }
}

/** Intents and settlements of many calls, one commit for all that came while the last one was under way (commit-queue.ts). */
export function createGroupCommit({
  database,
  clock,
  instance,
  tell,
}: {
  database: Database
  clock: Clock
  instance: string
  tell?: TellBudgets | undefined
}) {
  const limits = createLimits(database)
  const journal = createJournal({ database, clock, instance })
  const live = new WeakMap<CallIntent, Live>()
  const over = new WeakSet<CallIntent>() // settled here

  const commitOnce = async (operations: readonly Operation[], now: Date): Promise<() => void> => {
    const ended = operations.filter((operation) => operation.kind === 'settle')
    const intended = operations.filter((operation) => operation.kind === 'intend')
    const applying = findApplying(intended, now)
    const ids = rowsOfAll(ended, applying)
    const [journaled, others] = partition(ended, ({ settlement }) => isInJournal(settlement, now))
    const stored = others.filter(({ intent }) => !over.has(intent)) // its intent may be in its table, and its entry in the journal
    if (stored.some(({ intent }) => live.get(intent)?.row)) await journal.caughtUp() // too old for the journal, and perhaps still in it
    let written: { id: string; rows: JournalRows; apply: () => void } | undefined
    const committing = database.asSystem('group commit of call intents and ledger entries', async (tx) => {
      // Statements that do not wait for each other's answers are sent together: the database is waited for three times.
      const [windows, buckets, takenFromTable, connectionsById, virtualKeysById] = await Promise.all([
        lockWindows(tx, ids.windows),
        lockBuckets(tx, ids.buckets),
        takeIntents(tx, stored),
        readConnections(tx, intended),
        readVirtualKeys(tx, intended),
      ])
      requireCurrent({ intended, applying, connectionsById, windows, buckets })
      const takenFromJournal = onceEach(journaled).map((operation): TakenCall => ({
        operation,
        held: heldBy(live.get(operation.intent)!.row!),
      }))
      const taken = [...takenFromTable, ...takenFromJournal]
      requireWindows(taken, windows)
      const entries = spendTaken(takenFromTable, windows)
      correctBuckets(taken, buckets, now)
      const rows = { connectionsById, virtualKeysById, windows, buckets }
      const { admitted, exhausted } = admitIntents({ operations: intended, applying, rows, instance, now })
      const notices = newlyUsed(windows.values(), exhausted)
      const [toJournal, toTable] = partition(admitted, ({ operation }) => operation.intent.byTheThousand === true)
      const rowsForJournal = { intents: rowsIn(toJournal), entries: spendTaken(takenFromJournal, windows) }
      const [journalId] = await Promise.all([
        journal.append(tx, rowsForJournal),
        recordTaken(tx, { taken: takenFromTable, entries }),
        insertMany(tx, callIntents, rowsIn(toTable)),
        writeWindows(tx, windows),
        writeBuckets(tx, buckets),
        notices.length > 0 ? tell?.(tx, notices) : undefined,
      ])
      const apply = (): void => {
        const settled = new Set(taken.map(({ operation }) => operation))
        journal.committed(rowsForJournal)
        for (const operation of ended) {
          live.delete(operation.intent)
          over.add(operation.intent)
          operation.resolve(settled.has(operation))
        }
        for (const { operation, admission, taken: fromBuckets, row } of admitted) {
          const { intent } = operation
          const windowIds = [...intent.budgetIds, ...applying.get(intent)!.windows.map(({ id }) => id)]
          live.set(intent, { windowIds, taken: fromBuckets, row: intent.byTheThousand && row })
          operation.resolve(admission)
        }
      }
      if (journalId !== undefined) written = { id: journalId, rows: rowsForJournal, apply }
      return apply
    })
    return committing.catch(async (error: unknown) => {
      // The word of a commit may be lost on its way. What is in the journal already must not be written there again.
      if (!written || !(await isMade(written, error))) throw error
      return written.apply
    })
  }

  const isMade = (written: { id: string; rows: JournalRows }, cause: unknown): Promise<boolean> =>
    wasCommitted(database, written).catch(() => {
      throw new CommitUnknown(cause)
    })

  /** Not after so long that another process may have taken it for a crash's. A second settlement of one call finds nothing here. */
  const isInJournal = ({ intent, intendedAt, writes = [] }: Settlement, now: Date): boolean =>
    live.get(intent)?.row !== undefined && writes.length === 0 && now.getTime() - intendedAt.getTime() < LONGEST_IN_JOURNAL_MS

  /** What holds for each of these calls. @throws LimitsChanged where that is to be read first */
  const findApplying = (operations: readonly IntendOperation[], now: Date): Map<CallIntent, Applying> => {
    const found = new Map<CallIntent, Applying>()
    const unknown = new Set<string>()
    for (const { intent } of operations) {
      const applying = limits.find(intent, now)
      if (applying) found.set(intent, applying)
      else unknown.add(intent.workspaceId)
    }
    if (unknown.size > 0) throw new LimitsChanged([...unknown])
    return found
  }

  /** The rows that all these calls lock; of one that ended what this process remembers. */
  const rowsOfAll = (ended: readonly SettleOperation[], applying: ReadonlyMap<CallIntent, Applying>) => {
    const windows = new Set<string>()
    const buckets = new Set<string>()
    for (const { intent } of ended) {
      const { windowIds = intent.budgetIds, taken = [] } = live.get(intent) ?? {}
      for (const id of windowIds) windows.add(id)
      for (const { bucketId } of taken) buckets.add(bucketId)
    }
    for (const [{ budgetIds }, { windows: covering, bucketIds }] of applying) {
      for (const id of budgetIds) windows.add(id)
      for (const { id } of covering) windows.add(id)
      for (const id of bucketIds) buckets.add(id)
    }
    return { windows: [...windows], buckets: [...buckets] }
  }

  /** What was taken for granted still holds, now that the workspaces' rows cannot change any more. @throws LimitsChanged */
  const requireCurrent = ({
    intended,
    applying,
    connectionsById,
    windows,
    buckets,
  }: {
    intended: readonly IntendOperation[]
    applying: ReadonlyMap<CallIntent, Applying>
    connectionsById: ConnectionsById
    windows: ReadonlyMap<string, LockedWindow>
    buckets: ReadonlyMap<string, LockedBucket>
  }): void => {
    const changed = new Set<string>()
    for (const checked of connectionsById.values()) {
      if (!limits.isCurrent(checked.connection.workspaceId, checked)) changed.add(checked.connection.workspaceId)
    }
    for (const { intent } of intended) {
      const { windows: covering, bucketIds } = applying.get(intent)!
      const isThere = covering.every(({ id }) => windows.has(id)) && bucketIds.every((id) => buckets.has(id))
      if (!isThere) changed.add(intent.workspaceId)
    }
    if (changed.size > 0) throw new LimitsChanged([...changed])
  }

  /** The windows that the intents' rows name are all locked. @throws LimitsChanged where this process did not know of one */
  const requireWindows = (taken: readonly TakenCall[], windows: ReadonlyMap<string, LockedWindow>): void => {
    const unknown = taken.filter(({ held }) => !held.budgetIds.every((id) => windows.has(id)))
    for (const { operation, held } of unknown)
      live.set(operation.intent, { taken: [], ...live.get(operation.intent), windowIds: held.budgetIds })
    if (unknown.length > 0) throw new LimitsChanged([])
  }

  const correctBuckets = (taken: readonly TakenCall[], buckets: ReadonlyMap<string, LockedBucket>, now: Date): void => {
    for (const { operation } of taken) {
      for (const one of live.get(operation.intent)?.taken ?? []) {
        const bucket = buckets.get(one.bucketId)
        if (bucket) correct(bucket, { taken: one, settlement: operation.settlement, now })
      }
    }
  }

  const commit = async (operations: readonly Operation[]): Promise<() => void> => {
    for (let tries = 1; ; tries += 1) {
      const now = clock.now()
      try {
        return await commitOnce(operations, now)
      } catch (error) {
        if (!(error instanceof LimitsChanged) || tries === MOST_TRIES) throw error
        await limits.read(error.workspaceIds, now)
      }
    }
  }

  const refuse = (operation: Operation, error: unknown): void => {
    if (!(error instanceof CommitUnknown)) return operation.reject(error)
    over.add(operation.intent) // who tries to settle it again finds nothing, as it may be settled
    operation.reject(error.cause)
  }

  const queue = createCommitQueue<Operation>({
    commit: async (operations) => (await commit(operations))(),
    refuse,
    isOver: (error) => error instanceof CommitUnknown,
    isCall: ({ kind }) => kind === 'intend',
    canWait: ({ kind, intent }) => kind === 'settle' && intent.byTheThousand === true,
  })

  return {
    intend: (intent: CallIntent): Promise<Admission> =>
      new Promise((resolve, reject) => queue.add({ kind: 'intend', intent, resolve, reject })),
    /** @returns whether this closed the call; false: it was settled before, or swept as interrupted. */
    settle: (settlement: Settlement): Promise<boolean> =>
      new Promise((resolve, reject) => queue.add({ kind: 'settle', intent: settlement.intent, settlement, resolve, reject })),
    /** Resolves when nothing is queued or under way, and all is in its tables. */
    async idle(): Promise<void> {
      await queue.settled()
      await journal.caughtUp()
    },
    /** Resolves when all that was asked before is in its tables. */
    async caughtUp(how?: { readonly unlessBusy?: boolean }): Promise<void> {
      await queue.passed()
      await journal.caughtUp(how)
    },
    async close(): Promise<void> {
      await queue.settled()
      await journal.close()
    },
  }
}

const rowsIn = (admitted: readonly { readonly row?: typeof callIntents.$inferInsert }[]): (typeof callIntents.$inferInsert)[] =>
  admitted.flatMap(({ row }) => row ?? [])

/** What an intent's row says of what holds it, as the table would give it back. */
const heldBy = ({ id, instance, budgetIds, worstCaseNano, currency, ownerPriced }: typeof callIntents.$inferInsert): TakenCall['held'] => ({
  id,
  instance,
  budgetIds,
  worstCaseNano: worstCaseNano ?? null,
  currency,
  ownerPriced: ownerPriced ?? null,
})

/** Of two settlements of one call the first. */
const onceEach = (operations: readonly SettleOperation[]): SettleOperation[] => [
  ...new Map(operations.toReversed().map((operation) => [operation.intent, operation])).values(),
]

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const both: [Item[], Item[]] = [[], []]
  for (const item of items) both[isFirst(item) ? 0 : 1].push(item)
  return both
}
