import { asc, eq, lt, or, type SQL, sql } from 'drizzle-orm'
import { rowsOf } from '../db/rows.ts'
import { recordsFrom, recordsText } from '../db/bulk.ts'
import type { Database, Tx } from '../db/database.ts'
import { callIntents, callJournal, ledgerEntries } from '../db/schema/index.ts'
import type { Clock } from '../runtime/clock.ts'
import { newId } from '../runtime/ids.ts'

/** What one commit has to say of calls that come by the thousand. Entries are of calls whose intents are over. */
export interface JournalRows {
  readonly intents: readonly (typeof callIntents.$inferInsert)[]
  readonly entries: readonly (typeof ledgerEntries.$inferInsert)[]
}

/**
 * Intents and entries of many calls as one row of a commit, and later, all at once, as the rows of their tables: on PGlite a call
 * costs a tenth of what its own rows would while calls are waiting (docs/decisions/0016-calls-by-the-thousand.md). What is in the
 * journal is as durable as the tables, counts in budgets, and is unpacked before anything reads them here.
 */
export interface Journal {
  /** Inside the calls' own commit. @returns the id of what was written; undefined: there was nothing to write. */
  append(tx: Tx, rows: JournalRows): Promise<string | undefined>
  /** After that commit: so many calls are to be unpacked, in a while. */
  committed(rows: JournalRows): void
  /** Resolves when all that was committed before is in its tables; with `unlessBusy` at once while calls come by the thousand. */
  caughtUp(how?: { readonly unlessBusy?: boolean }): Promise<void>
  close(): Promise<void>
}

/** How long a quiet ledger's calls may stay in the journal. */
const UNPACK_AFTER_MS = 250
/** While more calls than this come in that time, or did in the last seconds, unpacking would only make them wait. */
const BUSY_CALLS = 50
const BUSY_FOR_MS = 2_000
/** And how many may wait, and how long, however busy it is. */
const MOST_WAITING = 100_000
const LONGEST_WAIT_MS = 30_000
/** Unpacked in one transaction, for which everybody waits on PGlite: one row of the journal while calls come, else up to so many calls. */
const SLICE_CALLS = 256
const SLICE_ROWS_LEFT = 16

export function createJournal({ database, clock, instance }: { database: Database; clock: Clock; instance: string }): Journal {
  const closing = new AbortController()
  const written: number[] = [] // calls in each row of the journal that is not unpacked, the oldest first
  let waiting = 0 // all of them
  let unpacked = 0 // rows, since this process began
  let ahead = 0 // rows that were unpacked before their commit's own word came
  let since = 0 // when the first of them came
  let recent = 0 // calls since then
  let recentSince = 0
  let busyUntil = 0
  let lastIdMs = 0
  let looking: Promise<void> | undefined
  let unpacking: Promise<void> | undefined
  let readers = 0

  const nowMs = (): number => clock.now().getTime()
  const isBusy = (): boolean => nowMs() < busyUntil
  const mustGo = (): boolean => waiting >= MOST_WAITING || nowMs() - since >= LONGEST_WAIT_MS
  const mayWait = (): boolean => readers === 0 && isBusy()
  const noteCalls = (calls: number): void => {
    if (nowMs() - recentSince >= UNPACK_AFTER_MS) {
      recent = 0
      recentSince = nowMs()
    }
    recent += calls
    if (recent > BUSY_CALLS) busyUntil = nowMs() + BUSY_FOR_MS
  }
  const rowsOfSlice = (): number => {
    if (isBusy()) return 1
    let [rows, calls] = [0, 0]
    while (rows < written.length && (calls += written[rows]!) <= SLICE_CALLS) rows += 1
    return Math.max(1, rows)
  }

  const unpackSome = async (): Promise<void> => {
    const before = written.length
    const rows = await unpackSlice(database, { instance, rows: rowsOfSlice() })
    // None of those that were there: another process has had them, after this one slept for long.
    const done = Math.min(rows === 0 ? before : rows, written.length)
    for (const calls of written.splice(0, done)) waiting -= calls
    unpacked += done
    ahead += Math.max(0, rows - done)
    since = nowMs()
  }
  /** Until so many rows were unpacked since this process began, or none is left, or it may stop before that. */
  const unpackUntil = async (count: number, mayStop = (): boolean => false): Promise<void> => {
    while (written.length > 0 && unpacked < count && !mayStop()) {
      await (unpacking ??= unpackSome().finally(() => {
        unpacking = undefined
      }))
    }
  }

  const look = async (): Promise<void> => {
    try {
      while (waiting > 0) {
        await clock.sleep(UNPACK_AFTER_MS, closing.signal)
        // What may wait stops as soon as calls come; what waited too long does not.
        await unpackUntil(unpacked + written.length, mustGo() ? undefined : mayWait)
      }
    } catch {
      // It is closing; or what cannot be unpacked now stays where it is, and the next look, or the next start, tries again.
    }
    looking = undefined // in the same turn as the last look, so that no call that comes after it is overlooked
  }

  return {
    async append(tx, { intents, entries }) {
      if (intents.length === 0 && entries.length === 0) return undefined
      lastIdMs = Math.max(nowMs(), lastIdMs + 1) // rows are unpacked in their order: an intent never after its entry
      const id = newId(lastIdMs)
      await tx.insert(callJournal).values({
        id,
        instance,
        writtenAt: clock.now(),
        intents: recordsText(callIntents, intents),
        entries: recordsText(ledgerEntries, entries),
      })
      return id
    },
    committed({ intents, entries }) {
      const calls = intents.length + entries.length
      if (calls === 0) return
      noteCalls(calls)
      if (ahead > 0) {
        ahead -= 1
        return
      }
      if (waiting === 0) since = nowMs()
      written.push(calls)
      waiting += calls
      void (looking ??= look())
    },
    async caughtUp({ unlessBusy = false } = {}) {
      if (unlessBusy && isBusy()) return
      readers += 1
      try {
        await unpackUntil(unpacked + written.length) // what comes meanwhile is not waited for: it may come for ever
      } finally {
        readers -= 1
      }
    },
    async close() {
      closing.abort()
      await looking
      await unpackUntil(Number.POSITIVE_INFINITY)
    },
  }
}

/** Whether a row of the journal was committed: it is there, or what it held is where it was unpacked to. */
export async function wasCommitted(database: Database, { id, rows }: { id: string; rows: JournalRows }): Promise<boolean> {
  // One statement, so that what is unpacked meanwhile is seen in one place or in the other.
  const found = await database.asSystem('whether a commit was made of which no word came', (tx) =>
    rowsOf(
      tx,
      sql`select 1 from ${callJournal} where ${callJournal.id} = ${id}
      union all select 1 from ${ledgerEntries} where ${ledgerEntries.id} = ${idsOf([...rows.intents, ...rows.entries])}
      union all select 1 from ${callIntents} where ${callIntents.id} = ${idsOf(rows.intents)}`,
    ),
  )
  return found.length > 0
}

const idsOf = (rows: readonly { readonly id: string }[]): SQL => sql`any(${sql.param(rows.map(({ id }) => id))}::uuid[])`

/** No instance that lives leaves a row in the journal for so long. */
const ABANDONED_MS = 15 * 60_000

/** Unpacks what this instance's last process left, and what others did that are gone. Before the sweep of their intents. */
export async function unpackLeft({ database, clock, instance }: { database: Database; clock: Clock; instance: string }): Promise<void> {
  const abandonedBefore = new Date(clock.now().getTime() - ABANDONED_MS)
  for (;;) {
    const unpacked = await unpackSlice(database, { instance, rows: SLICE_ROWS_LEFT, abandonedBefore })
    if (unpacked === 0) return
  }
}

/**
 * Moves the oldest rows of the journal into their tables: intents that are not over, and entries in place of their intents.
 * @returns how many rows that were.
 */
async function unpackSlice(
  database: Database,
  { instance, rows, abandonedBefore }: { instance: string; rows: number; abandonedBefore?: Date },
): Promise<number> {
  return database.asSystem('unpack the journal of calls', async (tx) => {
    const own = eq(callJournal.instance, instance)
    const slice = await tx
      .select({ id: callJournal.id })
      .from(callJournal)
      .where(abandonedBefore ? or(own, lt(callJournal.writtenAt, abandonedBefore)) : own)
      .orderBy(asc(callJournal.id))
      .limit(rows)
      .for('update')
    if (slice.length > 0)
      await putIntoTables(
        tx,
        slice.map(({ id }) => id),
      )
    return slice.length
  })
}

async function putIntoTables(tx: Tx, ids: readonly string[]): Promise<void> {
  const these = sql`${callJournal.id} = any(${sql.param([...ids])}::uuid[])`
  const entries = recordsFrom(ledgerEntries, sql`${callJournal.entries}`)
  const intents = recordsFrom(callIntents, sql`${callJournal.intents}`)
  // One statement: what ended is read once, and its intents are never put where they would be deleted again.
  await tx.execute(sql`
    with ended as (
      insert into ${ledgerEntries} (${entries.names}) select ${entries.givenNames} from ${callJournal}, ${entries.given} where ${these}
      on conflict (id) do nothing returning id
    ), over as (
      delete from ${callIntents} using ended where ${callIntents.id} = ended.id
    ), open as (
      insert into ${callIntents} (${intents.names}) select ${intents.givenNames} from ${callJournal}, ${intents.given}
      where ${these} and given.id not in (select id from ended)
      on conflict (id) do nothing
    )
    delete from ${callJournal} where ${these}`)
}
