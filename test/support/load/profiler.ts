import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'

/** What one thread did, as `node --cpu-prof` would write it. */
export interface ThreadProfile {
  readonly thread: string
  readonly profile: Profiler.Profile
}

/**
 * Samples this process from now on: its own thread, and each worker through the inspector's protocol, so that the start of the
 * program, which is nobody's question, is not in it. @returns what ends it.
 */
export async function startProfiling({ everyUs = 200 }: { everyUs?: number } = {}): Promise<() => Promise<ThreadProfile[]>> {
  const session = new Session()
  session.connect()
  const workers = await attachWorkers(session)
  const main: Thread = { thread: 'main', post: (method, params) => session.post(method as 'Profiler.setSamplingInterval', params as never) }
  const threads = [main, ...workers]
  for (const { post } of threads) {
    await post('Profiler.enable')
    await post('Profiler.setSamplingInterval', { interval: everyUs })
    await post('Profiler.start')
  }
  return async () => {
    const profiles = await Promise.all(
      threads.map(async ({ thread, post }) => ({
        thread,
        profile: ((await post('Profiler.stop')) as { profile: Profiler.Profile }).profile,
      })),
    )
    session.disconnect()
    return profiles
  }
}

interface Thread {
  readonly thread: string
  readonly post: (method: string, params?: object) => Promise<unknown>
}

/** Workers are spoken to in messages that the main thread's session carries. */
async function attachWorkers(session: Session): Promise<Thread[]> {
  const found: { readonly sessionId: string; readonly title: string }[] = []
  const asked = new Map<string, (answer: unknown) => void>()
  session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => found.push({ sessionId, title: workerInfo.title }))
  session.on('NodeWorker.receivedMessageFromWorker', ({ params: { sessionId, message } }) => {
    const { id, result } = JSON.parse(message) as { id?: number; result?: unknown }
    if (id !== undefined) asked.get(`${sessionId} ${id}`)?.(result)
  })
  await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  let lastId = 0
  return found.map(({ sessionId, title }) => ({
    thread: title.replace(/^\[worker \d+\] /, ''),
    async post(method, params = {}) {
      const id = ++lastId
      const answer = new Promise((resolve) => asked.set(`${sessionId} ${id}`, resolve))
      await session.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params }) })
      return answer
    },
  }))
}
