import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillDataFolder } from '../databases.ts'
import { ENVIRONMENT, SERVER_FLAGS } from './as-started.ts'
import type { ServerGreeting } from './server-program.ts'
import type { Target } from './lanes.ts'
import { type Program, startPinned } from './pinned.ts'

const PROGRAM = fileURLToPath(new URL('./server-program.ts', import.meta.url))

/** An installation whose server can be killed and started again. */
export interface Installation {
  /** Where its database is, for who reads it when the server has stopped. */
  readonly database: { readonly dataDir: string; readonly databaseUrl: string | undefined }
  start(upstreamUrl: string): Promise<{ program: Program; origin: string; token: string }>
  remove(): void
}

/** `databaseUrl`: an empty PostgreSQL database; without: PGlite. `core`: on which its server is kept. */
export async function makeInstallation({
  databaseUrl,
  core,
}: { databaseUrl?: string | undefined; core?: number | undefined } = {}): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const environment = {
    LATCHKEY_DATA: join(folder, 'data'),
    LATCHKEY_MASTER_KEY_FILE: join(folder, 'keys', 'master.key'),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
  }
  mkdirSync(environment.LATCHKEY_DATA, { mode: 0o700 })
  if (databaseUrl === undefined) await fillDataFolder(environment.LATCHKEY_DATA)
  let token: string | undefined
  return {
    database: { dataDir: environment.LATCHKEY_DATA, databaseUrl },
    async start(upstreamUrl) {
      const env = { ...ENVIRONMENT, HOME: folder, ...environment }
      const options = { core, args: [upstreamUrl], nodeFlags: SERVER_FLAGS, env }
      const { program, greeting } = await startPinned<ServerGreeting>(PROGRAM, options)
      token ??= greeting.token
      if (token === undefined) throw new Error('the server has no virtual key')
      return { program, origin: greeting.origin, token }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const QUESTION = 'Tell me something about work and play. '.repeat(20)

/** A chat of about a thousand bytes. `model`: how the upstream is to answer (upstream-program.ts). */
export const chatBody = (model: string): string =>
  JSON.stringify({ model, messages: [{ role: 'user', content: QUESTION }], ...(/stream/.test(model) && { stream: true }) })

/** `slug`: of a connection of server-program.ts. */
export const latchkeyTarget = ({ origin, token }: { origin: string; token: string }, model: string, slug = 'up'): Target => ({
  url: `${origin}/v1/chat/completions`,
  headers: { authorization: `Bearer ${token}` },
  body: chatBody(`${slug}/${model}`),
})
