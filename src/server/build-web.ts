import { createHash, randomUUID } from 'node:crypto'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const ROOT = join(import.meta.dirname, '..', '..')
const OUTPUT = join(ROOT, 'dist', 'web')
const INPUTS = ['src/web/**', 'src/contract/**', 'src/base/**', 'src/server/web-config.ts']
const OLD_MS = 3_600_000
const COMPRESSED = new Set(['.js', '.css', '.svg', '.html', '.json'])

/**
 * The folder of the built pages. It is named after what it was built from, so that a second start finds it and builds nothing. Built
 * aside and renamed: two that start at once never see half a build, and an old one that cannot be removed harms nobody.
 */
export async function ensureWeb(): Promise<string> {
  const name = hashInputs()
  const folder = join(OUTPUT, name)
  if (existsSync(folder)) return folder
  const aside = join(OUTPUT, `.${name}-${randomUUID()}`)
  try {
    await mkdir(OUTPUT, { recursive: true })
    await buildInto(aside)
    await compressAll(aside)
    await rename(aside, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error // another start was faster
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  await removeOld(name).catch(() => undefined) // another start may be removing the same
  return folder
}

/** SHA-256 over the names and contents of everything that a build reads. */
function hashInputs(): string {
  const hash = createHash('sha256')
  const files = globSync(INPUTS, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts') && !entry.name.endsWith('.md'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  for (const file of [...files, join(ROOT, 'package-lock.json')]) {
    const content = readFileSync(file)
    hash.update(`${file.slice(ROOT.length).split(sep).join('/')}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex').slice(0, 32)
}

/** Vite is loaded here and nowhere else: a start that builds nothing does not pay for it. */
async function buildInto(folder: string): Promise<void> {
  const [{ build }, { webBuild }] = await Promise.all([import('vite'), import('./web-config.ts')])
  const { NODE_ENV } = process.env
  process.env['NODE_ENV'] = 'production' // Vite and React look here, whatever `mode` says: tests run with another one
  try {
    await build({ ...webBuild, mode: 'production', logLevel: 'warn', build: { ...webBuild.build, outDir: folder } })
  } finally {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = NODE_ENV
  }
}

const toBrotli = promisify(brotliCompress)
const toGzip = promisify(gzip)

/** Once at the build, as small as can be, so that no request pays for it. */
async function compressAll(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && COMPRESSED.has(extname(entry.name)))
  await Promise.all(
    files.map(async (entry) => {
      const file = join(entry.parentPath, entry.name)
      const content = await readFile(file)
      const [br, gz] = await Promise.all([
        toBrotli(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
        toGzip(content, { level: 9 }),
      ])
      await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)])
    }),
  )
}

/** Builds that nobody can be about to read any more; a server that runs on one of them has it in memory. */
async function removeOld(name: string): Promise<void> {
  for (const other of await readdir(OUTPUT)) {
    const folder = join(OUTPUT, other)
    const { mtimeMs } = await stat(folder)
    if (other !== name && Date.now() - mtimeMs > OLD_MS) await rm(folder, { recursive: true, force: true })
  }
}
