import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkHouse, formatFinding } from '../tools/check-house.ts'
import { DOORS, ROOMS } from '../tools/house.ts'

/** Checks a house made of these files; each violation as `file:line: text`. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'latchkey-house-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkHouse(root).violations.map(formatFinding)
}

describe('a planted violation is found', () => {
  it.each([
    ['an arrow up', 'src/vault/a.ts', `import { b } from '../calls/b.ts'`, 'vault (floor 3) imports calls (floor 5): an arrow up'],
    ['an arrow up for types only', 'src/vault/a.ts', `import type { B } from '../calls/b.ts'`, 'an arrow up'],
    ['an arrow up by re-export', 'src/vault/a.ts', `export { b } from '../calls/b.ts'`, 'an arrow up'],
    ['an arrow up by export *', 'src/vault/a.ts', `export * from '../calls/b.ts'`, 'an arrow up'],
    ['an arrow up when needed', 'src/vault/a.ts', `export const b = () => import('../calls/b.ts')`, 'an arrow up'],
    ['an arrow up by its short name', 'src/vault/a.ts', `import { b } from '#latchkey/calls/b.ts'`, 'an arrow up'],
    ['a room on the same floor', 'src/ledger/a.ts', `import { b } from '../people/b.ts'`, 'rooms on one floor do not know each other'],
    ['an app in an app', 'src/apps/chat/a.ts', `import { b } from '../images/b.ts'`, 'apps/chat imports apps/images'],
    ['a lower room that the row does not name', 'src/providers/a.ts', `import { b } from '../contract/b.ts'`, 'does not name contract'],
    [
      'a value where types are the exception',
      'src/db/a.ts',
      `import { b } from '../providers/b.ts'`,
      'may import only types from providers',
    ],
    [
      'the vault opened elsewhere',
      'src/apps/chat/a.ts',
      `import { open } from '../../vault/open.ts'`,
      'only calls/ may import src/vault/open.ts',
    ],
    [
      'bytes sent elsewhere',
      'src/connections/a.ts',
      `import { send } from '../providers/send.ts'`,
      'only calls/ may import src/providers/send.ts',
    ],
    ['a room nobody planned', 'src/misc/a.ts', `import { b } from '../base/b.ts'`, 'the room "misc" is not in tools/house.ts'],
    ['the web in the database', 'src/web/a.ts', `import { b } from '../db/b.ts'`, 'does not name db'],
    ['Node in the browser', 'src/base/a.ts', `import { readFileSync } from 'node:fs'`, 'loaded by browsers too'],
    ['a test as a part', 'src/calls/a.ts', `import { b } from '../vault/b.test.ts'`, 'a test is not part of the product'],
    ['test support as a part', 'src/calls/a.ts', `import { b } from '../../test/support/shared.ts'`, 'is not part of the product'],
  ])('%s', (_, file, text, expected) => {
    const found = check({ [file]: `// a line before\n${text}\n` })
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(`${file}:2: `)
    expect(found[0]).toContain(expected)
  })

  it('files that import each other in a circle', () => {
    const found = check({
      'src/ledger/a.ts': `import { b } from './b.ts'\nexport const a = b`,
      'src/ledger/b.ts': `import { c } from './c.ts'\nexport const b = c`,
      'src/ledger/c.ts': `import { a } from './a.ts'\nexport const c = a`,
    })
    expect(found).toEqual([
      'src/ledger/c.ts:1: a circle of imports: src/ledger/a.ts -> src/ledger/b.ts -> src/ledger/c.ts -> src/ledger/a.ts',
    ])
  })

  it('SQL put together from strings outside the database room', () => {
    const found = check({
      'src/ledger/a.ts': 'export const query = (sql: { raw(text: string): string }, id: string) => sql.raw(`select ${id}`)',
    })
    expect(found[0]).toContain('AUTH-4')
  })
})

describe('what the house allows', () => {
  it('is not reported', () => {
    expect(
      check({
        'src/calls/a.ts': `import { open } from '../vault/open.ts'\nimport { send } from '../providers/send.ts'\nimport { z } from 'zod'`,
        'src/db/a.ts': `import type { Destination } from '../providers/provider.ts'\nimport { sql } from 'drizzle-orm'\nexport const x = sql.raw('select 1')`,
        'src/vault/a.test.ts': `import { b } from '../calls/b.ts'`,
        'src/ledger/a.ts': `import type { B } from './b.ts'`,
        'src/ledger/b.ts': `import type { A } from './a.ts'`,
        'src/cli/a.ts': `import { b } from '../server/b.ts'\nimport { c } from '../apps/chat/c.ts'`,
      }),
    ).toEqual([])
  })

  it('gives a reason for each exception, and points every row at rooms that are there', () => {
    for (const [name, room] of Object.entries(ROOMS)) {
      for (const target of room.imports.filter((one) => one !== 'apps/*'))
        expect(ROOMS[target]!.floor, `${name} -> ${target}`).toBeLessThan(room.floor)
      for (const exception of room.exceptions ?? []) expect(exception.reason.length, `${name} -> ${exception.room}`).toBeGreaterThan(20)
    }
    for (const door of Object.values(DOORS)) for (const { reason } of door.files) expect(reason.length).toBeGreaterThan(20)
  })
})
