import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureWeb } from '../src/server/build-web.ts'
import { serveWeb } from '../src/server/serve-web.ts'

const MOST_FIRST_PAGE_BYTES = 250_000 // gzipped JavaScript, fonts and styles aside

interface Manifest {
  [source: string]: { file: string; isEntry?: boolean; imports?: string[] }
}

let folder: string
beforeAll(async () => {
  folder = await ensureWeb()
}, 120_000)

describe('the built pages', () => {
  it('are found by the second start, which builds nothing', async () => {
    const before = readFileSync(join(folder, 'index.html'), 'utf8')
    const [one, other] = await Promise.all([ensureWeb(), ensureWeb()])
    expect([one, other]).toEqual([folder, folder])
    expect(readFileSync(join(folder, 'index.html'), 'utf8')).toBe(before)
  })

  it(`load at most ${MOST_FIRST_PAGE_BYTES / 1000} kB of gzipped JavaScript for the first page, whichever it is`, () => {
    const manifest = JSON.parse(readFileSync(join(folder, '.vite', 'manifest.json'), 'utf8')) as Manifest
    const bytesOf = (...sources: string[]): number => {
      const files = new Set<string>()
      const add = (source: string): void => {
        const { file, imports = [] } = manifest[source]!
        if (files.has(file)) return
        files.add(file)
        for (const one of imports) add(one)
      }
      for (const source of sources) add(source)
      return [...files].reduce((sum, file) => sum + readFileSync(join(folder, `${file}.gz`)).length, 0)
    }
    for (const page of ['pages/start/start.tsx', 'pages/people/sign-in.tsx', 'pages/people/claim.tsx']) {
      expect(bytesOf('index.html', page), page).toBeLessThanOrEqual(MOST_FIRST_PAGE_BYTES)
    }
  })

  it('name no host but their own', () => {
    const text = ['index.html', ...readdirSync(join(folder, 'assets')).map((name) => join('assets', name))]
      .filter((name) => /\.(?:html|css)$/.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n')
    expect(text.match(/(?:url\(|src=|href=)["']?https?:/g)).toBeNull()
  })
})

describe('serving them', () => {
  const get = (path: string, headers: Record<string, string> = {}, from = folder) =>
    serveWeb(from)(new Request(`http://localhost${path}`, { headers }))
  const script = (): string => readdirSync(join(folder, 'assets')).find((name) => /^index-.*\.js$/.test(name))!

  it('answers every page path with a nonce of its own, and a policy without exceptions', async () => {
    const answers = await Promise.all(['/', '/catalogue', '/catalogue/0189-x', '/sign-in?back=/runs'].map((path) => get(path)))
    const nonces = await Promise.all(
      answers.map(async (answer) => {
        expect(answer!.status).toBe(200)
        expect(answer!.headers.get('cache-control')).toBe('no-store')
        const policy = answer!.headers.get('content-security-policy')!
        const nonce = /script-src 'nonce-([^']+)' 'strict-dynamic';/.exec(policy)![1]!
        for (const part of [
          "default-src 'self'",
          "object-src 'none'",
          "base-uri 'none'",
          "frame-ancestors 'none'",
          "connect-src 'self'",
          "require-trusted-types-for 'script'",
        ]) {
          expect(policy).toContain(part)
        }
        expect(policy).not.toMatch(/unsafe|\*|https?:/)
        const html = await answer!.text()
        const tags = [...html.matchAll(/<(?:script|link rel="modulepreload")[^>]*>/g)].map(([tag]) => tag)
        expect(tags.length).toBeGreaterThan(1)
        for (const tag of tags) expect(tag).toContain(`nonce="${nonce}"`)
        return nonce
      }),
    )
    expect(new Set(nonces).size).toBe(nonces.length)
  })

  it('answers files as small as the browser takes them, to be kept for ever', async () => {
    const path = `/assets/${script()}`
    const plain = readFileSync(join(folder, path), 'utf8')
    const [br, gzip, none] = await Promise.all([
      get(path, { 'accept-encoding': 'gzip, br' }),
      get(path, { 'accept-encoding': 'gzip' }),
      get(path),
    ])
    expect(br!.headers.get('content-encoding')).toBe('br')
    expect(gunzipSync(Buffer.from(await gzip!.arrayBuffer())).toString('utf8')).toBe(plain)
    expect(none!.headers.get('content-encoding')).toBeNull()
    expect(none!.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(none!.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(none!.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await none!.text()).toBe(plain)
  })

  it('leaves to others what is not a page and not a built file', async () => {
    const paths = [
      '/api/v1/things',
      '/api/docs',
      '/docs/errors/x',
      '/v1/chat',
      '/healthz',
      '/assets/missing.js',
      '/favicon.ico',
      '/.vite/manifest.json',
    ]
    for (const path of paths) expect(await get(path), path).toBeUndefined()
  })

  describe('a folder beside a secret', () => {
    const outer = mkdtempSync(join(tmpdir(), 'latchkey-web-'))
    const inner = join(outer, 'web')
    afterAll(() => rmSync(outer, { recursive: true, force: true }))

    it('is never left, however the path is written', async () => {
      cpSync(folder, inner, { recursive: true })
      writeFileSync(join(outer, 'secret.js'), 'secret')
      expect(existsSync(join(inner, '..', 'secret.js'))).toBe(true)
      for (const path of [
        '/../secret.js',
        '/%2e%2e/secret.js',
        '/..%2fsecret.js',
        '/assets/..%2f..%2fsecret.js',
        '/assets\\..\\..\\secret.js',
        '//secret.js',
        '/secret.js%00',
      ]) {
        const answer = await get(path, {}, inner)
        expect((await answer?.text()) ?? '', path).not.toContain('secret')
      }
    })
  })
})
