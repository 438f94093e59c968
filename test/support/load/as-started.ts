import { fileURLToPath } from 'node:url'

/** As ./latchkey starts Node: whoever measures its process does the same. */
export const NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=16',
  '--heap-growing-percent=40',
  '--report-exclude-env',
  '--disable-warning=ExperimentalWarning',
]

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  TZ: 'UTC',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../.cache/compiled', import.meta.url)),
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
}
