import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseSync, type Node, type Program } from 'oxc-parser'

const ROOT = join(import.meta.dirname, '..', '..', 'src', 'web')

export interface SourceFile {
  /** Below src/web. */
  readonly path: string
  readonly text: string
  readonly program: Program
}

/** Every source file of the pages, tests aside. */
export function sourceFiles(): SourceFile[] {
  return globSync('**/*.{ts,tsx}', { cwd: ROOT })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => !path.endsWith('.test.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(ROOT, path), 'utf8')
      return { path, text, program: parseSync(path, text).program }
    })
}

/** Each node below this one, parents first. */
export function visit(node: Node, seen: (node: Node) => void): void {
  seen(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) if (isNode(child)) visit(child, seen)
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

/** All strings, and templates with "\0" for each part that is computed. */
export function literalsOf(program: Program): string[] {
  const found: string[] = []
  visit(program, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') found.push(node.value)
    if (node.type === 'TemplateLiteral') found.push(node.quasis.map((quasi) => quasi.value.cooked ?? '').join('\0'))
  })
  return found
}
