import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { InlineConfig, Plugin } from 'vite'

/** Stands in the built page where the server puts the nonce of each answer. */
export const NONCE_PLACEHOLDER = '__LATCHKEY_NONCE__'

const CONTRACT = fileURLToPath(new URL('../contract/', import.meta.url))

/** The contract without its schemas: support/contract-zod.ts says why. */
const contractWithoutZod: Plugin = {
  name: 'contract-without-zod',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === 'zod' && importer?.startsWith(CONTRACT) ? fileURLToPath(new URL('support/contract-zod.ts', import.meta.url)) : undefined,
}

/** How the page is built. `src/server/build-web.ts` runs it, with a folder of its own as output. */
export const webBuild = {
  root: fileURLToPath(new URL('.', import.meta.url)),
  configFile: false,
  envDir: false,
  publicDir: false,
  plugins: [contractWithoutZod, react(), tailwindcss()],
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
