import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { DOORS, RAW_SQL_ROOMS, ROOMS, type Room } from './house.ts'
import { importsOf, type Import } from './imports.ts'

/** A house rule that a file breaks: a line for people. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly text: string
}

const LONGEST_FILE = 300 // lines; longer is usually two stories
const isTest = (file: string): boolean => file.endsWith('.test.ts')

/** Checks every source file under `root`/src against tools/house.ts. Tests of a room may reach anywhere. */
export function checkHouse(root: string): { violations: Finding[]; warnings: Finding[] } {
  const files = globSync('src/**/*.{ts,tsx}', { cwd: root })
    .map((file) => file.split(sep).join('/'))
    .sort()
  const violations: Finding[] = []
  const warnings: Finding[] = []
  const graph = new Map<string, Import[]>()
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8')
    const lines = source.split('\n').length - 1
    if (lines > LONGEST_FILE) warnings.push({ file, line: lines, text: `${lines} lines: does it tell one story?` })
    if (isTest(file)) continue
    const imports = importsOf(root, file)
    graph.set(file, imports)
    for (const found of imports) {
      const text = forbidden(file, found)
      if (text) violations.push({ file, line: found.line, text })
    }
    if (!RAW_SQL_ROOMS.includes(roomOf(file))) {
      for (const match of source.matchAll(/\bsql\s*\.\s*raw\s*\(/g)) {
        violations.push({
          file,
          line: source.slice(0, match.index).split('\n').length,
          text: 'sql.raw puts SQL together from strings: bind parameters (AUTH-4)',
        })
      }
    }
  }
  violations.push(...findCircles(graph))
  return { violations, warnings }
}

/** "base" for src/base/money.ts, "apps/chat" for src/apps/chat/routes.ts, "" for a file that lies in no room. */
function roomOf(file: string): string {
  const [, first, second, third] = file.split('/')
  if (first === 'apps') return second && third ? `apps/${second}` : ''
  return second ? first! : ''
}

/** Why this import is not allowed here; undefined when it is. */
function forbidden(file: string, found: Import): string | undefined {
  const room = roomOf(file)
  const row = ROOMS[room]
  if (!row) return `${room ? `the room "${room}" is not` : 'a file outside the rooms is not'} in tools/house.ts`
  if (found.file === undefined) {
    return row.browserSafe && found.specifier.startsWith('node:')
      ? `${room} is loaded by browsers too and cannot import ${found.specifier}`
      : undefined
  }
  if (!found.file.startsWith('src/')) {
    return found.file === 'package.json' ? undefined : `${found.file} is not part of the product`
  }
  if (isTest(found.file)) return 'a test is not part of the product'
  const door = DOORS[found.file]
  if (door && !door.rooms.includes(room) && !door.files.some((one) => one.file === file)) {
    return `only calls/ may import ${found.file}: it is a door of the path of a call`
  }
  const target = roomOf(found.file)
  return target === room ? undefined : betweenRooms({ room, row, target, found })
}

function betweenRooms({ room, row, target, found }: { room: string; row: Room; target: string; found: Import }): string | undefined {
  const exception = row.exceptions?.find((one) => one.room === target)
  if (exception)
    return exception.typesOnly && !found.typesOnly ? `${room} may import only types from ${target}: ${exception.reason}` : undefined
  const targetRow = ROOMS[target]
  if (!targetRow) return `the room "${target}" is not in tools/house.ts`
  if (targetRow.floor > row.floor) return `${room} (floor ${row.floor}) imports ${target} (floor ${targetRow.floor}): an arrow up`
  if (targetRow.floor === row.floor) return `${room} imports ${target}: rooms on one floor do not know each other`
  const named = row.imports.includes(target) || (target.startsWith('apps/') && row.imports.includes('apps/*'))
  return named ? undefined : `the row of ${room} in tools/house.ts does not name ${target}`
}

/** Files that import each other in a circle, by what is left when types are erased. Each circle is told once. */
function findCircles(graph: ReadonlyMap<string, readonly Import[]>): Finding[] {
  const findings: Finding[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    if (done.has(file)) return
    path.push(file)
    for (const found of graph.get(file) ?? []) {
      if (found.file === undefined || found.typesOnly) continue
      const start = path.indexOf(found.file)
      if (start === -1) visit(found.file)
      else findings.push({ file, line: found.line, text: `a circle of imports: ${[...path.slice(start), found.file].join(' -> ')}` })
    }
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return findings
}

/** A finding as editors and terminals link it. */
export const formatFinding = ({ file, line, text }: Finding): string => `${file}:${line}: ${text}`
