import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import setUpCluster, { FSYNC_VARIABLE, postgresAbsence } from '../../test/support/postgres-cluster.ts'
import { openEmptyPostgres } from '../../test/support/databases.ts'
import { chatBody, type Installation, latchkeyTarget, makeInstallation } from '../../test/support/load/installation.ts'
import { dial, type Target } from '../../test/support/load/lanes.ts'
import { canPin, GATEWAY_CORE, LOAD_CORE, pinSelf, type Program, startPinned } from '../../test/support/load/pinned.ts'

const BARE_PROXY = fileURLToPath(new URL('./bare-proxy-program.ts', import.meta.url))
const PEER = fileURLToPath(import.meta.resolve('@portkey-ai/gateway/build/start-server.js'))

/** One way from the load to the upstream. */
export interface Contender {
  readonly name: string
  /** Of its process; undefined: there is none between. */
  readonly pid: number | undefined
  /** `model`: how the upstream is to answer. `bill`: whether the work stops when its caller leaves. */
  targetOf(model: string, options?: { readonly bill: 'stops' }): Target
  stop(): Promise<void>
}

/** Latchkey, with what it leaves on the disk. */
export interface LatchkeyContender extends Contender {
  readonly installation: Installation
  readonly program: Program
}

export async function startLatchkey(
  name: string,
  { upstream, databaseUrl }: { upstream: string; databaseUrl?: string | undefined },
): Promise<LatchkeyContender> {
  const installation = await makeInstallation({ databaseUrl, core: GATEWAY_CORE })
  const server = await installation.start(upstream)
  const { program } = server
  return {
    name,
    pid: program.pid,
    installation,
    program,
    targetOf: (model, options) => latchkeyTarget(server, model, options?.bill === 'stops' ? 'open' : 'up'),
    stop: () => program.stop(),
  }
}

export const direct = (upstream: string): Contender => ({
  name: 'direct',
  pid: undefined,
  targetOf: (model) => ({ url: `${upstream}/chat/completions`, headers: {}, body: chatBody(model) }),
  stop: () => Promise.resolve(),
})

export async function startBareProxy(upstream: string): Promise<Contender> {
  const { program, greeting } = await startPinned<{ origin: string }>(BARE_PROXY, { core: GATEWAY_CORE, args: [new URL(upstream).origin] })
  const { origin } = greeting
  return {
    name: 'bare undici proxy',
    pid: program.pid,
    targetOf: (model) => ({ url: `${origin}/v1/chat/completions`, headers: {}, body: chatBody(model) }),
    stop: () => program.stop(),
  }
}

/** The published gateway as its package starts it; it is told the port, and says nothing when it listens. */
export async function startPeer(upstream: string): Promise<Contender> {
  const port = await freePort()
  const own = [process.execPath, PEER, `--port=${port}`, '--headless']
  const [command, ...args] = canPin ? ['taskset', '-c', String(GATEWAY_CORE), ...own] : own
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', TRUSTED_CUSTOM_HOSTS: '127.0.0.1' }
  const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'ignore'], env })
  process.once('exit', () => child.kill()) // it does not end with its parent
  await listening(port)
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': upstream, authorization: 'Bearer sk-bench' }
  const { version } = createRequire(import.meta.url)('@portkey-ai/gateway/package.json') as { version: string }
  return {
    name: `@portkey-ai/gateway ${version}`,
    pid: child.pid,
    targetOf: (model) => ({ url: `http://127.0.0.1:${port}/v1/chat/completions`, headers, body: chatBody(model) }),
    async stop() {
      const gone = once(child, 'exit')
      child.kill()
      await gone
    },
  }
}

/** A PostgreSQL cluster of this benchmark alone, on the gateways' core: what a gateway waits for counts as its own. */
export function startPostgres(): { readonly absence: string | undefined; newDatabase(): Promise<string>; remove(): void } {
  process.env[FSYNC_VARIABLE] = 'on'
  const remove = setUpCluster()
  const absence = postgresAbsence()
  return {
    absence,
    async newDatabase() {
      pinSelf(GATEWAY_CORE) // whatever the cluster starts stays where it was started
      const { url } = await openEmptyPostgres()
      pinSelf(LOAD_CORE)
      return url
    },
    remove,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const socket = await dial('127.0.0.1', port).catch(() => undefined)
    if (socket) return void socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`nothing listens on port ${port}`)
}
