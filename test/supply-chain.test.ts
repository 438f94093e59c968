import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

/** SUP-1 on what is in the repository: the lockfile and the manifest. */
const readJson = (file: string): unknown => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))

const Versions = z.record(z.string(), z.string()).default({})
const manifest = z
  .object({
    dependencies: Versions,
    devDependencies: Versions,
    optionalDependencies: Versions,
    allowScripts: z.record(z.string(), z.boolean()),
    scripts: Versions,
  })
  .parse(readJson('package.json'))

const Entry = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  link: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
  optionalDependencies: Versions,
})
const lockfile = z.object({ lockfileVersion: z.number(), packages: z.record(z.string(), Entry) }).parse(readJson('package-lock.json'))
const packages = Object.entries(lockfile.packages).filter(([path]) => path !== '')
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)

describe('SUP-1: what is installed', () => {
  it('comes from the registry, each package with its SHA-512', () => {
    for (const [path, entry] of packages) {
      expect(entry.link, path).toBeUndefined()
      expect(entry.integrity, path).toMatch(/^sha512-/)
      // Absent: npm takes the configured registry (.npmrc, omit-lockfile-registry-resolved). Never git, never a URL of its own.
      if (entry.resolved) expect(entry.resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//)
    }
  })

  it('runs no install script; the packages that have one are for development and named as refused', () => {
    const withScripts = packages.filter(([, entry]) => entry.hasInstallScript)
    for (const [path, entry] of withScripts) {
      // devOptional: better-auth may be used together with what we develop with (an optional peer), and is not.
      expect(entry.dev ?? entry.devOptional, `${path} is needed at run time and has an install script`).toBe(true)
      expect(manifest.allowScripts[nameOf(path)], `${path} is not named in allowScripts of package.json`).toBe(false)
    }
    expect(Object.values(manifest.allowScripts)).not.toContain(true)
    expect(Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([])
  })

  it('is pinned: no range in package.json, and the lockfile holds just that version', () => {
    const asked = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
    for (const [name, version] of Object.entries(asked)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/)
      expect(lockfile.packages[`node_modules/${name}`]?.version, name).toBe(version)
    }
  })

  it('is the same on every platform: each optional package that one names is in the lockfile too', () => {
    for (const [path, entry] of packages) {
      for (const name of Object.keys(entry.optionalDependencies)) {
        const found = `${path}/node_modules/${name}` in lockfile.packages || `node_modules/${name}` in lockfile.packages
        expect(found, `${path} names ${name}; npm ci refuses a lockfile without it`).toBe(true)
      }
    }
  })

  it('npm is told to keep it so', () => {
    const settings = readFileSync(new URL('../.npmrc', import.meta.url), 'utf8').split('\n')
    expect(settings).toEqual(expect.arrayContaining(['save-exact=true', 'ignore-scripts=true', 'omit-lockfile-registry-resolved=true']))
  })
})
