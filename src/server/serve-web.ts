import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { NONCE_PLACEHOLDER } from './nonce.ts'
import type { Serve } from './create-server.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.png': 'image/png',
  '.webp': 'image/webp',
}

/** Paths that are the server's own and never a page. */
const NOT_PAGES = /^\/(?:api|docs|v1|healthz|assets)(?:\/|$)/

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

interface Built {
  readonly type: string
  readonly plain: Buffer
  readonly br: Buffer | undefined
  readonly gz: Buffer | undefined
}

/**
 * Answers GET for the built files and, for every path that can be a page, index.html with a fresh nonce. Files are read once: only what
 * was built can be asked for, so that no path leads out of the folder. @param folder as `ensureWeb` gives it.
 */
export function serveWeb(folder: string): Serve {
  const files = readBuilt(folder)
  const page = files.get('/index.html')!.plain.toString('utf8')
  return async (request) => {
    const { pathname } = new URL(request.url)
    const file = pathname === '/index.html' ? undefined : files.get(pathname)
    if (file) return answerFile(file, request)
    if (NOT_PAGES.test(pathname) || pathname.includes('.')) return undefined
    return answerPage(page)
  }
}

function readBuilt(folder: string): ReadonlyMap<string, Built> {
  const contents = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile()) contents.set(`/${relative(folder, file).split(sep).join('/')}`, readFileSync(file))
  }
  const files = new Map<string, Built>()
  for (const [path, plain] of contents) {
    const type = TYPES[extname(path)]
    if (type) files.set(path, { type, plain, br: contents.get(`${path}.br`), gz: contents.get(`${path}.gz`) })
  }
  return files
}

/** Names hold a hash of the content: what was fetched once is never asked for again. */
function answerFile({ type, plain, br, gz }: Built, request: Request): Response {
  const accepted = request.headers.get('accept-encoding') ?? ''
  const [encoding, body] = br && /\bbr\b/.test(accepted) ? ['br', br] : gz && /\bgzip\b/.test(accepted) ? ['gzip', gz] : [undefined, plain]
  return new Response(new Uint8Array(body), {
    headers: {
      ...HEADERS,
      'content-type': type,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      ...(encoding ? { 'content-encoding': encoding } : {}),
    },
  })
}

function answerPage(page: string): Response {
  const nonce = randomBytes(18).toString('base64')
  return new Response(page.replaceAll(NONCE_PLACEHOLDER, nonce), {
    headers: { ...HEADERS, 'content-type': TYPES['.html']!, 'cache-control': 'no-store', 'content-security-policy': policy(nonce) },
  })
}

/**
 * Scripts by nonce and what they load; nothing from or to another host; no frame around us; no text becomes code (Trusted Types, with
 * no policy that could make it so). Attributes that scripts set through the object model (React does) need no permission.
 */
const policy = (nonce: string): string =>
  [
    "default-src 'self'",
    "img-src 'self' data: blob:",
    `style-src 'self' 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "connect-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
