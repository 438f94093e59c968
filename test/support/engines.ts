import { randomInt } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../src/db/database.ts'
import { postgresAbsence } from './postgres-cluster.ts'
import { requireAll } from './shared.ts'

/**
 * A suite that starts the command, once for each engine; PostgreSQL's half is skipped with the reason where that is absent,
 * and fails when LATCHKEY_REQUIRE_ALL=1. The seed is another one each time unless LATCHKEY_SEED names one; print it.
 */
export function describeOnEachEngine(name: string, suite: (engine: Database['engine'], seed: number) => void): void {
  const seed = Number(process.env['LATCHKEY_SEED'] ?? randomInt(2 ** 31))
  describe(`${name} (PGlite)`, () => suite('pglite', seed))
  const absence = postgresAbsence()
  if (absence === undefined) describe(`${name} (PostgreSQL)`, () => suite('postgres', seed))
  else if (requireAll) it(`${name} (PostgreSQL)`, () => expect.fail(absence))
  else describe.skip(`${name} (PostgreSQL; skipped: ${absence})`, () => suite('postgres', seed))
}
