import { readFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { parseSync } from 'oxc-parser'

/** One import or re-export, static or dynamic, as the parser sees it. */
export interface Import {
  /** Relative to the repository, with forward slashes; undefined for a package or a module of Node. */
  readonly file?: string
  readonly specifier: string
  /** Erased before it runs (`import type`). */
  readonly typesOnly: boolean
  readonly line: number
}

const repositoryPath = (root: string, file: string): string => relative(root, file).split(sep).join('/')

/** Every import of a source file. @throws Error when the file does not parse or imports what is computed. */
export function importsOf(root: string, path: string): Import[] {
  const file = resolve(root, path)
  const source = readFileSync(file, 'utf8')
  const { module, errors } = parseSync(file, source)
  if (errors[0]) throw new Error(`${path} does not parse: ${errors[0].message}`)
  const lineAt = (offset: number): number => source.slice(0, offset).split('\n').length
  const target = (specifier: string): { specifier: string; file?: string } => {
    const absolute = specifier.startsWith('#latchkey/')
      ? resolve(root, 'src', specifier.slice('#latchkey/'.length))
      : specifier.startsWith('.')
        ? resolve(dirname(file), specifier)
        : undefined
    return absolute === undefined ? { specifier } : { specifier, file: repositoryPath(root, absolute) }
  }
  const imports: Import[] = module.staticImports.map(({ moduleRequest, entries, start }) => ({
    ...target(moduleRequest.value),
    typesOnly: entries.length > 0 && entries.every((entry) => entry.isType),
    line: lineAt(start),
  }))
  for (const { entries, start } of module.staticExports) {
    const from = entries.find((entry) => entry.moduleRequest)?.moduleRequest
    if (from) imports.push({ ...target(from.value), typesOnly: entries.every((entry) => entry.isType), line: lineAt(start) })
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const literal = /^(['"`])([^$]*)\1$/.exec(source.slice(moduleRequest.start, moduleRequest.end))
    if (literal) imports.push({ ...target(literal[2]!), typesOnly: false, line: lineAt(start) })
  }
  return imports
}
