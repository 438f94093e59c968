import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

const ROOT = new URL('../../../shared/', import.meta.url)

/** Third-party test material lives beside the project, never in it. */
export const sharedPath = (path: string): string => fileURLToPath(new URL(path, ROOT))

/** Whether missing parts (test material, PostgreSQL) fail a suite instead of skipping it; CI sets it. */
export const requireAll = process.env['LATCHKEY_REQUIRE_ALL'] === '1'

/** A suite that reads `../shared`: skipped with its reason where that is absent, failing there in CI. */
export function describeShared(name: string, suite: () => void): void {
  if (existsSync(ROOT) || requireAll) describe(name, suite)
  else describe.skip(`${name} (skipped: the folder ../shared with third-party test material is absent)`, suite)
}
