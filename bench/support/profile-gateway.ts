import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Installation, latchkeyTarget } from '../../test/support/load/installation.ts'
import { closedLoop } from '../../test/support/load/lanes.ts'
import { sampleThreads } from '../../test/support/load/process-meter.ts'
import { printProfiles } from './profile-table.ts'
import type { ThreadProfile } from '../../test/support/load/profiler.ts'
import { printTable } from './table.ts'

const FOLDER = fileURLToPath(new URL('../../.cache/profiles', import.meta.url))
const WARM_UP_SECONDS = 5

/**
 * Where a gateway's processor time goes: by thread in a round that nobody watches, then by function in one that is sampled. Writes
 * a .cpuprofile for each thread that runs JavaScript.
 */
export async function profileGateway({
  installation,
  upstream,
  connections,
  seconds,
}: {
  installation: Installation
  upstream: string
  connections: number
  seconds: number
}): Promise<void> {
  const server = await installation.start(upstream)
  const { program } = server
  const target = latchkeyTarget(server, 'json')
  await closedLoop(target, { connections, seconds: WARM_UP_SECONDS })
  const before = sampleThreads(program.pid)
  const unwatched = await closedLoop(target, { connections, seconds })
  const after = sampleThreads(program.pid)
  await program.ask('profile')
  const watched = await closedLoop(target, { connections, seconds })
  const profiles = await program.ask<ThreadProfile[]>('profiled')
  await program.stop()
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  say(
    `${Math.round(unwatched.perSecond)} requests a second over ${connections} connections, ${Math.round(watched.perSecond)} while sampled`,
  )
  say('\nProcessor time, nothing sampled (V8Worker: garbage collection and compiling)')
  const threads = Array.from(after, ([thread, ms]) => [thread, ((ms - (before.get(thread) ?? 0)) * 1_000) / unwatched.answered] as const)
  const shown = [...threads, ['all', threads.reduce((all, [, us]) => all + us, 0)] as const]
  printTable([['thread', 'us a request'], ...shown.map(([thread, us]) => [thread, us.toFixed(1)])])
  printProfiles(profiles, { requests: watched.answered })
  mkdirSync(FOLDER, { recursive: true })
  for (const { thread, profile } of profiles) writeFileSync(join(FOLDER, `gateway-${thread}.cpuprofile`), JSON.stringify(profile))
  say(`\nWritten to ${FOLDER}: gateway-${profiles.map(({ thread }) => thread).join('.cpuprofile, gateway-')}.cpuprofile`)
}
