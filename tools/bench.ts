import { existsSync, globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './steps.ts'

/** `npm run bench -- NAME [ARGUMENTS]`: runs bench/<name>.ts in this process. */
const [name, ...args] = process.argv.slice(2)
const file = join(ROOT, 'bench', `${name}.ts`)
if (name && /^[\w-]+$/.test(name) && existsSync(file)) {
  process.argv.splice(1, process.argv.length, file, ...args)
  await import(pathToFileURL(file).href)
} else {
  const names = globSync('bench/*.ts', { cwd: ROOT }).map((path) => basename(path, '.ts'))
  process.stderr.write(`usage: npm run bench -- NAME, where NAME is one of: ${names.sort().join(', ') || '(none yet)'}\n`)
  process.exitCode = 2
}
