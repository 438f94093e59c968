import { fileURLToPath } from 'node:url'

const ALWAYS = ['--report-exclude-env', '--disable-warning=ExperimentalWarning']

/** As ./latchkey starts Node for a command, and for a server: whoever measures such a process does the same. */
export const COMMAND_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=40', ...ALWAYS]
export const SERVER_FLAGS: readonly string[] = ['--max-semi-space-size=64', ...ALWAYS]

export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  TZ: 'UTC',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../../.cache/compiled', import.meta.url)),
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
}
