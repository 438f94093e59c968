/** Operations that wait for a commit which many of them share. */
export interface CommitQueue<Operation> {
  add(operation: Operation): void
  /** Resolves when nothing is queued or under way. */
  settled(): Promise<void>
  /** Resolves when all that was added before is committed, or refused. */
  passed(): Promise<void>
}

/** Resolves when all that was asked before it is committed. */
interface Barrier {
  readonly kind: 'barrier'
  readonly resolve: () => void
}

const MOST_PER_COMMIT = 256
/** With more calls than this in so long, each commit waits two milliseconds for more of them. */
const CROWD = 150
const COUNTED_MS = 100
/** How long an operation that nobody waits for waits for company. */
const PATIENCE_MS = 10

/**
 * Whatever queued up while the last commit was under way goes into the next: the wait of each operation is the database's own,
 * whatever the load. When a shared commit fails, its operations are tried one by one, so that a bad one fails alone.
 */
export function createCommitQueue<Operation extends { readonly kind: string }>({
  commit,
  refuse,
  isOver,
  isCall,
  canWait,
}: {
  /** Commits these and tells those who wait. */
  commit: (operations: readonly Operation[]) => Promise<void>
  /** Tells who waits that it failed. */
  refuse: (operation: Operation, error: unknown) => void
  /** Whether a failure is everybody's, and nothing is to be tried again. */
  isOver: (error: unknown) => boolean
  /** Whether it is one of the calls that make a crowd. */
  isCall: (operation: Operation) => boolean
  /** Whether nobody waits for it: it goes with the next commit that somebody does wait for, or alone when none comes. */
  canWait: (operation: Operation) => boolean
}): CommitQueue<Operation> {
  let queue: (Operation | Barrier)[] = []
  let running: Promise<void> | undefined
  let patient: Operation[] = []
  let patience: NodeJS.Timeout | undefined
  let counted = 0 // calls since then
  let countedSinceMs = performance.now()
  let wasCrowded = false

  const commitAlone = async (operation: Operation): Promise<void> => {
    try {
      await commit([operation])
    } catch (error) {
      refuse(operation, error)
    }
  }

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      await (isCrowded() ? gather() : nextTurn()) // what comes meanwhile shares the commit
      hurry()
      const batch = queue.slice(0, MOST_PER_COMMIT)
      queue = queue.slice(MOST_PER_COMMIT)
      const operations = batch.filter((one): one is Operation => !isBarrier(one))
      try {
        if (operations.length > 0) await commit(operations)
      } catch (error) {
        if (operations.length === 1 || isOver(error)) for (const operation of operations) refuse(operation, error)
        else for (const operation of operations) await commitAlone(operation)
      }
      for (const operation of batch) if (isBarrier(operation)) operation.resolve()
    }
    running = undefined // in the same turn as the last look at the queue, so that nothing is left lying in it
    if (patient.length > 0) wait()
  }

  const begin = (): void => {
    running ??= drain()
  }

  /** Whether so many calls come that a commit costs more than the moment in which others join it. */
  const isCrowded = (): boolean => {
    const nowMs = performance.now()
    if (nowMs - countedSinceMs >= COUNTED_MS) {
      wasCrowded = counted >= CROWD * ((nowMs - countedSinceMs) / COUNTED_MS)
      counted = 0
      countedSinceMs = nowMs
    }
    return wasCrowded
  }

  /** Puts the patient ones before those that were asked meanwhile: what they give back is there for those. */
  const hurry = (): void => {
    clearTimeout(patience)
    patience = undefined
    if (patient.length > 0) queue = [...patient, ...queue]
    patient = []
  }

  const wait = (): void => {
    patience ??= setTimeout(() => {
      hurry()
      begin()
    }, PATIENCE_MS)
  }

  return {
    add(operation) {
      if (canWait(operation) && patient.length < MOST_PER_COMMIT / 2) {
        patient.push(operation)
        if (!running) wait()
        return
      }
      if (isCall(operation)) counted += 1
      queue.push(operation)
      begin()
    },
    async settled() {
      if (patient.length > 0) {
        hurry()
        begin()
      }
      while (running) await running
    },
    async passed() {
      if (!running && patient.length === 0) return
      await new Promise<void>((resolve) => {
        hurry()
        queue.push({ kind: 'barrier', resolve })
        begin()
      })
    },
  }
}

const isBarrier = (operation: { readonly kind: string }): operation is Barrier => operation.kind === 'barrier'
const gather = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
