import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GatewayGreeting } from './gateway-program.ts'
import type { Target } from './load.ts'
import { GATEWAY_CORE, type Program, startPinned } from './pinned.ts'

const PROGRAM = fileURLToPath(new URL('./gateway-program.ts', import.meta.url))
const CACHE = fileURLToPath(new URL('../../.cache/compiled', import.meta.url))
/** As ./latchkey starts it. */
const NODE_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=40', '--disable-warning=ExperimentalWarning']

/** An installation whose server can be killed and started again. */
export interface Installation {
  readonly folder: string
  /** Its database, for who reads it after the server. */
  readonly environment: Readonly<Record<string, string>>
  start(upstreamUrl: string): Promise<{ program: Program; origin: string; token: string }>
  remove(): void
}

/** `databaseUrl`: an empty PostgreSQL database; without: PGlite. */
export function makeInstallation({ databaseUrl }: { databaseUrl?: string } = {}): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const environment = {
    LATCHKEY_DATA: join(folder, 'data'),
    LATCHKEY_MASTER_KEY_FILE: join(folder, 'keys', 'master.key'),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  }
  const own = { PATH: process.env['PATH'] ?? '', HOME: folder, TZ: 'UTC', NODE_COMPILE_CACHE: CACHE }
  const allocator = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' }
  let token: string | undefined
  return {
    folder,
    environment,
    async start(upstreamUrl) {
      const env = { ...own, ...allocator, ...environment }
      const options = { core: GATEWAY_CORE, args: [upstreamUrl], nodeFlags: NODE_FLAGS, env }
      const { program, greeting } = await startPinned<GatewayGreeting>(PROGRAM, options)
      token ??= greeting.token
      if (token === undefined) throw new Error('the server has no virtual key')
      return { program, origin: greeting.origin, token }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const QUESTION = 'Tell me something about work and play. '.repeat(20)

/** A chat of about a thousand bytes. `model`: how the mock is to answer. */
export const chatBody = (model: string): string => JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }] })

export const latchkeyTarget = ({ origin, token }: { origin: string; token: string }, model: string): Target => ({
  url: `${origin}/v1/chat/completions`,
  headers: { authorization: `Bearer ${token}` },
  body: chatBody(`up/${model}`),
})
