import type { DatabaseLog } from './open.ts'
import { WORKSPACE_ROLE } from './roles.ts'
import type { Engine, Session } from './session.ts'

/** Rows changed between two looks at the tables. */
const LOOK_EVERY_ROWS = 5_000
/** A table is tended when this many of its rows, and this share, have changed or died since it was last. */
const LEAST_ROWS = 500
const SHARE = 0.5
/** Tables whose indexes alone are read where their rows are known to be visible to all: that is told by vacuum, so also after inserts. */
const READ_BY_INDEX = ['product_index']
const SHARE_INSERTED = 0.2
/** Of 100: a sample of 9,000 rows tells a large table from a small one, which is what plans need to know. */
const STATISTICS_TARGET = 30

/**
 * What autovacuum does on PostgreSQL, and nobody does inside PGlite: statistics for the planner (without them it takes
 * every table for a small one and reads all of it at each statement) and the removal of dead rows. Tables are tended
 * between transactions, one at a time, when they have grown by half, so that the effort stays in proportion.
 */
export function withUpkeep(engine: Engine, log: DatabaseLog): Engine {
  let changedRows = 0
  let upkeep: Promise<void> | undefined
  const tend = async (): Promise<void> => {
    const startedMs = performance.now()
    try {
      const tables = await neglectedTables(engine)
      for (const table of tables) await asOwner(engine, `${table.vacuum ? 'vacuum (analyze)' : 'analyze'} "${table.name}"`)
      if (tables.length > 0) log.debug({ count: tables.length, durationMs: Math.round(performance.now() - startedMs) }, 'tables tended')
    } catch (error) {
      log.debug({ error }, 'tables not tended') // closing, or stopped: whoever needs the database learns it first-hand
    }
  }
  const watched = (session: Session): Session => ({
    async send(config, values, before) {
      const answer = await session.send(config, values, before)
      if (/^(?:INSERT|UPDATE|DELETE)$/.test(answer.result.command)) changedRows += answer.result.rowCount ?? 0
      return answer
    },
    end(verb) {
      const ended = session.end(verb)
      if (changedRows >= LOOK_EVERY_ROWS && !upkeep) {
        changedRows = 0
        upkeep = tend().finally(() => (upkeep = undefined))
      }
      return ended
    },
    release: () => session.release(),
  })
  return {
    name: engine.name,
    acquire: async () => watched(await engine.acquire()),
    async close() {
      await engine.close()
      await upkeep
    },
  }
}

async function neglectedTables(engine: Engine): Promise<{ name: string; vacuum: boolean }[]> {
  const due = (count: string, share = SHARE): string => `${count} > ${LEAST_ROWS} + ${share} * greatest(reltuples, 0)`
  const readByIndex = READ_BY_INDEX.map((name) => `'${name}'`).join(', ')
  const vacuumDue = `(${due('n_dead_tup')} or pg_class.relname in (${readByIndex}) and ${due('n_ins_since_vacuum', SHARE_INSERTED)})`
  const rows = await asOwner(
    engine,
    `select pg_class.relname::text, ${vacuumDue} as vacuum from pg_stat_user_tables join pg_class on pg_class.oid = relid
     where ${vacuumDue} or ${due('n_mod_since_analyze')}`,
  )
  return rows.map(([name, vacuum]) => ({ name: String(name), vacuum: vacuum === true }))
}

/** Runs one statement outside any transaction as the owner of the tables, whom no row-level security binds, and steps back. */
async function asOwner(engine: Engine, text: string): Promise<unknown[][]> {
  const session = await engine.acquire()
  try {
    await session.send(
      { text: 'select pg_stat_force_next_flush()' },
      [],
      `SET ROLE NONE; SET default_statistics_target = ${STATISTICS_TARGET}`,
    )
    const { result } = await session.send({ text, rowMode: 'array' }, [])
    return result.rows as unknown[][]
  } finally {
    await session.send({ text: 'RESET default_statistics_target' }, [], `SET ROLE ${WORKSPACE_ROLE}`)
    session.release()
  }
}
