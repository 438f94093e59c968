import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { parseAst, type InlineConfig, type Plugin } from 'vite'
import { NONCE_PLACEHOLDER } from './nonce.ts'

const CONTRACT = fileURLToPath(new URL('../contract/', import.meta.url))
const STAND_IN = fileURLToPath(new URL('../web/support/contract-zod.ts', import.meta.url))

/** The contract without its schemas: each becomes the stand-in of support/contract-zod.ts, which says why. */
const contractWithoutSchemas: Plugin = {
  name: 'contract-without-schemas',
  enforce: 'pre',
  resolveId: (source, importer) => (source === 'zod' && importer?.startsWith(CONTRACT) ? STAND_IN : undefined),
  transform: (code, id) => (id.startsWith(CONTRACT) && id.endsWith('.ts') ? withoutSchemas(code) : undefined),
}

/** `z.strictObject({ ... }).meta({ ... })` -> `z`, wherever a schema is made. */
function withoutSchemas(code: string): string {
  const cuts: { start: number; end: number }[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('type' in node && node.type === 'CallExpression' && rootOf(node) === 'z')
      cuts.push(node as unknown as { start: number; end: number })
    else for (const child of Object.values(node)) walk(child)
  }
  walk(parseAst(code, { lang: 'ts' }))
  return cuts.sort((a, b) => b.start - a.start).reduce((text, { start, end }) => `${text.slice(0, start)}z${text.slice(end)}`, code)
}

/** What a chain of calls and members hangs on: "z" for `z.string().min(1)`. */
function rootOf(node: object): string | undefined {
  if ('callee' in node) return rootOf(node.callee as object)
  if ('object' in node) return rootOf(node.object as object)
  return 'name' in node && typeof node.name === 'string' ? node.name : undefined
}

/** How the page is built. `src/server/build-web.ts` runs it, with a folder of its own as output. */
export const webBuild = {
  root: fileURLToPath(new URL('../web/', import.meta.url)),
  configFile: false,
  envDir: false,
  publicDir: false,
  plugins: [contractWithoutSchemas, react(), tailwindcss()],
  html: { cspNonce: NONCE_PLACEHOLDER },
  build: {
    target: ['chrome123', 'firefox128', 'safari17.5'], // the first with light-dark() and Intl.Segmenter
    assetsInlineLimit: 0, // a picture in a data: address is no smaller once compressed, and is never cached
    modulePreload: { polyfill: false },
    manifest: true,
    emptyOutDir: true,
    chunkSizeWarningLimit: 800, // kB before compression; a test holds the first page's size after it
  },
} satisfies InlineConfig
